package records

import (
	"context"

	"github.com/openlts/openlts/server/store"
)

// SeatSteps returns all steps of an item's seats, in order.
func SeatSteps(ctx context.Context, r store.Reader, item store.ID) (steps []store.Step, err error) {
	err = r.Query(ctx, "SELECT at, change FROM seat_step WHERE item = ? ORDER BY at", []any{
		int64(item),
	}, func(scan func(...any) error) error {
		var step store.Step
		err := scan(&step.At, &step.Change)
		steps = append(steps, step)
		return err
	})
	return steps, err
}
