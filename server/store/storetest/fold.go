package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/verification"
)

// Past seats and their steps are folded, and no answer about them changes.
func pastSeatsAreFolded(t *testing.T, open Open) {
	w := begin(t, open)
	const day, slots = 86400, 180
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	now := int64((3*365 + 100) * day)
	var item store.Item
	must(w.Update(t.Context(), func(tx store.Tx) error {
		err := tx.AddItem(store.Item{ID: "seats", Organization: "100001", Name: "Seats",
			ChargeWay: protocol.ChargeWayConcurrentDeviceCount, Quota: 1, ExpiresAt: 1 << 40})
		added, findErr := tx.Item("seats")
		item = added
		return errors.Join(err, findErr)
	}))
	returning, gone := w.device(), w.device()
	seats := map[string][]store.Seat{
		gone.UUID: {{From: 180, Until: 360}, {From: 100 * day, Until: 100*day + slots}},
		// Two at once, of which one is an exception; and one that goes on.
		returning.UUID: {{From: 100 * day, Until: 100*day + slots}, {From: 200 * day, Until: 500 * day},
			{From: now - 10*day, Until: now - 10*day + 2*slots}, {From: now - day, Until: now + day}},
	}
	seats[gone.UUID] = append(seats[gone.UUID], store.Seat{From: now - 10*day, Until: now - 10*day + slots})
	w.apply(store.Keys{Reporters: []store.Reporter{returning, gone}}, func(state *store.State) *store.Change {
		change := &store.Change{Seats: map[store.SeatKey]store.Seat{}, Steps: map[store.StepKey]int64{},
			Known: state.Devices,
			Sums:  map[store.ID]store.SeatSum{item.Key: {At: now, Active: 1, Exceptions: 1}}}
		for device, list := range seats {
			for _, s := range list {
				s.Weight = 1
				change.Seats[store.SeatKey{Item: item.Key, Device: device, From: s.From}] = s
				for at, by := range map[int64]int64{s.From: 1, s.Until: -1} {
					change.Steps[store.StepKey{Item: item.Key, At: at}] += by
				}
			}
		}
		return change
	})
	examined := func() (left []int64, sum int64) {
		t.Helper()
		must(w.Examine(t.Context(), func(e store.Examination) error {
			for s, err := range e.Seats() {
				if err != nil {
					return err
				}
				if s.Item == item.Key {
					left = append(left, s.Until)
				}
			}
			for s, err := range e.Steps() {
				if err != nil {
					return err
				}
				if s.Item == item.Key && s.At <= 450*day {
					sum += s.Change
				}
			}
			return nil
		}))
		slices.Sort(left)
		return left, sum
	}
	proven := func() {
		t.Helper()
		result, err := verification.Run(t.Context(), w.Store, verification.Options{})
		for _, d := range result.Differences {
			if d.What == "seats" || d.What == "exceptions" {
				t.Errorf("%+v", d)
			}
		}
		must(err)
	}
	prune := func(before int64) (removed int64) {
		t.Helper()
		for position := int64(0); ; {
			n, next, err := w.Prune(t.Context(), store.RecordSeats, before, position)
			must(err)
			if removed += n; next == 0 {
				return removed
			}
			position = next
		}
	}
	proven()
	if n := prune(300 * day); n != 3 {
		t.Errorf("%d seats that ended before day 300 went, not 3", n)
	}
	if left, sum := examined(); len(left) != 4 || left[0] != 500*day || sum != 1 {
		t.Errorf("seats that end at %v are left, and there was %d at day 450", left, sum)
	}
	proven()
	// The last 365 days of the item stay, whatever time was asked for.
	if n := prune(now + 1000*day); n != 1 {
		t.Errorf("%d seats went, not 1", n)
	}
	if left, _ := examined(); len(left) != 3 || left[0] < now-10*day {
		t.Errorf("seats that end at %v are left", left)
	}
	proven()
	if n := prune(now + 1000*day); n != 0 {
		t.Errorf("%d more went", n)
	}
	// An administrator decides on what is left as if nothing had been folded: a seat that
	// goes on is moved, to a device whose older seats are folded, and freed there.
	decide := func(at int64, decision func(*store.State, time.Time) (*store.Change, bool)) {
		t.Helper()
		must(w.Update(t.Context(), func(tx store.Tx) error {
			return tx.ChangeSeats(at, item, []store.Reporter{returning, gone}, func(state *store.State) *store.Change {
				change, done := decision(state, time.Unix(at, 0))
				if !done {
					t.Error("there is no seat")
				}
				return change
			})
		}))
		proven()
	}
	decide(now+slots, func(state *store.State, at time.Time) (*store.Change, bool) {
		return policy.MoveSeat(state, item, returning.UUID, gone.UUID, at)
	})
	ends := func() (returned, taken int64) {
		t.Helper()
		devices, err := w.Devices(t.Context(), returning.Device, gone.Device)
		must(err)
		if len(devices) != 2 || len(devices[0].Seats) != 1 || len(devices[1].Seats) != 1 {
			t.Fatalf("%+v", devices)
		}
		return devices[0].Seats[0].ExpiresAt, devices[1].Seats[0].ExpiresAt
	}
	if returned, taken := ends(); returned > now+2*slots || taken != now+day {
		t.Errorf("moved at %d, the seats end at %d and %d", now+slots, returned, taken)
	}
	decide(now+2*slots, func(state *store.State, at time.Time) (*store.Change, bool) {
		return policy.FreeSeat(state, item, gone.UUID, at)
	})
	if _, taken := ends(); taken > now+3*slots {
		t.Errorf("freed at %d, the seat ends at %d", now+2*slots, taken)
	}
}
