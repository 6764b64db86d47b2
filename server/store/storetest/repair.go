package storetest

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// Groups see what an administrator changed about seats, and an administrator sees what groups
// changed. A change that failed leaves nothing.
func seatsAreRepaired(t *testing.T, open Open) {
	w := begin(t, open)
	device, other := w.device(), w.device()
	seat := store.Seat{From: 60, Until: 600, Weight: 2, Brief: true}
	keys := w.counted(device, "")
	keys.Now = 100
	w.apply(keys, func(state *store.State) *store.Change {
		return &store.Change{
			Seats: map[store.SeatKey]store.Seat{{Item: w.item.Key, Device: device.UUID, From: 60}: seat},
			Steps: map[store.StepKey]int64{{Item: w.item.Key, At: 60}: 2, {Item: w.item.Key, At: 600}: -2},
			Sums:  map[store.ID]store.SeatSum{w.item.Key: {At: 100, Active: 2}}, Known: state.Devices,
		}
	})
	elsewhere := open(t) // it knows nothing yet
	freed, failed := store.Seat{From: 60, Until: 200, Weight: 2, Brief: true, Freed: true}, errors.New("failed")
	change := func(s store.Store, fail error) error {
		return s.Update(t.Context(), func(tx store.Tx) error {
			err := tx.ChangeSeats(200, w.item, []store.Reporter{device, other}, func(state *store.State) *store.Change {
				if got := state.Devices[device.UUID].Seats[w.item.Key]; !slices.Equal(got, []store.Seat{seat}) {
					t.Errorf("%+v, not %+v", got, seat)
				}
				if use := state.Uses[w.item.Key]; use.SeatSum != (store.SeatSum{At: 100, Active: 2}) ||
					len(state.Devices[other.UUID].Seats[w.item.Key]) != 0 {
					t.Errorf("%+v", use)
				}
				return &store.Change{
					Seats: map[store.SeatKey]store.Seat{
						{Item: w.item.Key, Device: device.UUID, From: 60}: freed,
						{Item: w.item.Key, Device: other.UUID, From: 200}: {From: 200, Until: 600, Weight: 1},
					},
					Steps: map[store.StepKey]int64{{Item: w.item.Key, At: 200}: -1, {Item: w.item.Key, At: 600}: 1},
					Sums:  map[store.ID]store.SeatSum{w.item.Key: {At: 200, Active: 1}}, Known: state.Devices,
				}
			})
			return errors.Join(err, fail)
		})
	}
	if err := change(elsewhere, failed); !errors.Is(err, failed) {
		t.Fatal(err)
	}
	if err := change(elsewhere, nil); err != nil {
		t.Fatal(err)
	}
	for _, s := range []store.Store{w.Store, elsewhere} {
		as := *w
		as.Store = s
		keys := as.counted(device, "")
		keys.Now = 300
		state := as.look(keys)
		if got := state.Devices[device.UUID].Seats[w.item.Key]; !slices.Equal(got, []store.Seat{freed}) {
			t.Errorf("%+v, not %+v", got, freed)
		}
		if use := state.Uses[w.item.Key]; use.SeatSum != (store.SeatSum{At: 200, Active: 1}) {
			t.Errorf("%+v", use.SeatSum)
		}
	}
}

// Marks of devices are stored, are returned for the devices of a query alone, and are in the
// state of groups.
func devicesAreRepaired(t *testing.T, open Open) {
	w := begin(t, open)
	a, b, c := w.device(), w.device(), w.device()
	ctx := t.Context()
	w.update(func(tx store.Tx) error {
		return errors.Join(
			tx.Alone(ctx), records.Block(ctx, tx, c.Device, 5), records.Merge(ctx, tx, a.Device, b.Device),
			records.Merge(ctx, tx, b.Device, c.Device))
	})
	found, err := records.Repairs(ctx, w.Store, a.UUID, c.UUID, "nobody")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]*records.Repair{
		a.UUID: {Key: a.Device, UUID: a.UUID, MergedInto: c.UUID},
		c.UUID: {Key: c.Device, UUID: c.UUID, BlockedAt: 5, Merged: []string{a.UUID, b.UUID}},
	}
	if !reflect.DeepEqual(found, want) {
		t.Errorf("%+v, not %+v", found, want)
	}
	if none, err := records.Repairs(ctx, w.Store); err != nil || len(none) != 0 {
		t.Error(none, err)
	}
	w.update(func(tx store.Tx) error {
		known, err := records.Erase(ctx, tx, a.UUID, 7)
		stranger, err2 := records.Erase(ctx, tx, "nobody", 7)
		if !known || stranger {
			t.Error(known, stranger)
		}
		return errors.Join(err, err2, records.Separate(ctx, tx, a.Device))
	})
	state := w.look(store.Keys{Askers: []store.Asker{{Device: a.UUID, KeyID: "k"}, {Device: c.UUID, KeyID: "k"}}})
	if d := state.Devices[a.UUID]; d.ErasedAt != 7 || d.BlockedAt != 0 {
		t.Errorf("%+v", d)
	}
	if d := state.Devices[c.UUID]; d.ErasedAt != 0 || d.BlockedAt != 5 {
		t.Errorf("%+v", d)
	}
	page, _, err := records.Devices(ctx, w.Store, records.Selection{})
	if err != nil || !slices.Equal(page, []store.ID{a.Device, c.Device}) {
		t.Error(page, err)
	}
}
