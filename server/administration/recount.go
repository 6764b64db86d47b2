package administration

import (
	"context"
	"time"

	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// update changes the fields of an item, and counts its exceptions again if its new terms change
// them, because the stored exceptions must follow from its seats. field names the input that is
// wrong if that is impossible.
func update(ctx context.Context, tx store.Tx, before, after store.Item, now time.Time, field string) error {
	if policy.SameExceptions(before, after) {
		return tx.UpdateItem(after)
	}
	if err := tx.Alone(ctx); err != nil { // before reading the steps
		return err
	}
	steps, err := records.SeatSteps(ctx, tx, after.Key)
	if err != nil {
		return err
	}
	if len(steps) > 0 && before.Slot() != after.Slot() {
		return invalid(field, "item %s counts slots of %s since devices took seats of it, which can't be cut in "+
			"another way; add another item",
			after.ID, FormatLasting(int64(before.Slot())))
	}
	if err := tx.UpdateItem(after); err != nil {
		return err
	}
	return tx.ChangeSeats(now.Unix(), after, nil, func(state *store.State) *store.Change {
		change := &store.Change{Sums: map[store.ID]store.SeatSum{}, Known: state.Devices}
		if use := state.Uses[after.Key]; use != nil && use.At > 0 {
			change.Sums[after.Key] = policy.Recount(after, use.SeatSum, steps)
		}
		return change
	})
}
