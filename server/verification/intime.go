package verification

import (
	"context"
	"errors"

	"github.com/openlts/openlts/server/store"
)

// Work is a slot in which a run counted operations.
type Work struct {
	Slot        int64
	Device, Run store.ID
	Units       [2]int64 // as two ways to charge count them
}

// InTime calls f with the slots of the runs on an item, from a moment on and before another, in the
// order of time. charges tells how many units counts are.
func InTime(ctx context.Context, s store.Store, item store.ID, from, until int64, charges [2]func(store.Counts) int64,
	f func(Work) error) error {
	return s.Examine(ctx, func(e store.Examination) (err error) {
		closing, err := e.Closing()
		if err != nil {
			return err
		}
		if from < closing.Pruned {
			return &store.PrunedError{Before: closing.Pruned}
		}
		runs := map[store.ID]store.ID{} // their devices
		for run, err := range e.Runs() {
			if err != nil {
				return err
			}
			if run.Item == item {
				runs[run.Key] = run.Device
			}
		}
		sorted := newBalance("", 1<<19)
		defer func() { err = errors.Join(err, sorted.close()) }()
		for slot, err := range e.Reports() {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return err
			}
			device, own := runs[slot.Run]
			if !own || slot.Slot < from || slot.Slot >= until || len(slot.Counts) == 0 {
				continue
			}
			// The slot comes first, so that accounts are sorted by slot first.
			key := account{level: slot.Slot, device: int64(device), item: int64(slot.Run)}
			err = sorted.add(key, sides{units{all: charges[0](slot.Counts)}, units{all: charges[1](slot.Counts)}})
			if err != nil {
				return err
			}
		}
		for entry, err := range sorted.all() {
			if err != nil {
				return err
			}
			if err := f(Work{entry.level, store.ID(entry.device), store.ID(entry.item),
				[2]int64{entry.stored.all, entry.computed.all}}); err != nil {
				return err
			}
		}
		return nil
	})
}
