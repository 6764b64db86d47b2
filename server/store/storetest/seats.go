package storetest

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/openlts/openlts/server/store"
)

// book is a plain model of an item's steps and their sum, to compare a store with, whatever
// that caches.
type book struct {
	steps map[int64]int64
	sum   store.SeatSum
}

// between are the steps after a moment and up to another one.
func (b *book) between(from, to int64) (steps []store.Step) {
	for _, at := range slices.Sorted(maps.Keys(b.steps)) {
		if at > from && at <= to && b.steps[at] != 0 {
			steps = append(steps, store.Step{At: at, Change: b.steps[at]})
		}
	}
	return steps
}

// A store returns the steps and sums that were saved, at any moment and by any process.
func seatsAndStepsAreKept(t *testing.T, open Open) {
	w := begin(t, open)
	other := *w
	other.Store = open(t)
	device := w.device()
	b := book{steps: map[int64]int64{}}
	rapid.Check(t, func(t *rapid.T) {
		as := rapid.SampledFrom([]*world{w, &other}).Draw(t, "store")
		now, since := rapid.Int64Range(1, 1000).Draw(t, "now"), rapid.Int64Range(1, 1000).Draw(t, "since")
		reopens := rapid.Bool().Draw(t, "reopens")
		keys := w.counted(device, "", since)
		keys.Now, keys.Reopens, keys.Counted[0].Since = now, func(*store.Item) bool { return reopens }, since
		change := &store.Change{Steps: map[store.StepKey]int64{}}
		if rapid.Bool().Draw(t, "changes") {
			for range rapid.IntRange(0, 3).Draw(t, "steps") {
				at, by := rapid.Int64Range(1, 1100).Draw(t, "at"), rapid.Int64Range(-2, 2).Draw(t, "by")
				change.Steps[store.StepKey{Item: w.item.Key, At: at}] += by
			}
			change.Sums = map[store.ID]store.SeatSum{w.item.Key: {
				At: max(b.sum.At, now), Active: rapid.Int64Range(0, 9).Draw(t, "active"),
				Exceptions: rapid.Int64Range(0, 9).Draw(t, "exceptions"),
			}}
		}
		use := as.apply(keys, func(*store.State) *store.Change { return change }).Uses[w.item.Key]
		if use.SeatSum != b.sum {
			t.Fatalf("the sum is %+v, not %+v", use.SeatSum, b.sum)
		}
		from, to := min(use.At, keys.SeatsSince(&w.item, since)), max(now, use.At)
		// it may hold more
		got := slices.DeleteFunc(slices.Clone(use.Steps), func(s store.Step) bool { return s.At <= from || s.At > to })
		if want := b.between(from, to); use.At > 0 && !slices.Equal(got, want) {
			t.Fatalf("at %d, from %d to %d, with %+v: steps %v, not %v", now, from, to, use.SeatSum, got, want)
		}
		for key, by := range change.Steps {
			b.steps[key.At] += by
		}
		if sum, ok := change.Sums[w.item.Key]; ok {
			b.sum = sum
		}
	})
}

// A state has the device's seats from the last one that begins before the moment asked for,
// and none of other devices or items.
func seatsAreThoseNeeded(t *testing.T, open Open) {
	w := begin(t, open)
	device, other := w.device(), w.device()
	seat := func(from int64) store.Seat { return store.Seat{From: from, Until: from + 60, Weight: from / 60} }
	save := func(d store.Reporter, seats ...store.Seat) {
		w.apply(store.Keys{Reporters: []store.Reporter{d}}, func(state *store.State) *store.Change {
			change := &store.Change{
				Seats: map[store.SeatKey]store.Seat{}, Sums: map[store.ID]store.SeatSum{w.item.Key: {At: 1}},
				Known: state.Devices,
			}
			for _, s := range seats {
				change.Seats[store.SeatKey{Item: w.item.Key, Device: d.UUID, From: s.From}] = s
			}
			return change
		})
	}
	save(device, seat(60), seat(240), seat(600), seat(900))
	save(other, seat(120))
	save(device, store.Seat{From: 600}) // gone
	save(device, store.Seat{From: 900, Until: 1000, Weight: 2, Brief: true})
	last := store.Seat{From: 900, Until: 1000, Weight: 2, Brief: true}
	for _, test := range []struct {
		since int64
		want  []store.Seat
	}{
		{2000, []store.Seat{last}}, {950, []store.Seat{last}}, {899, []store.Seat{seat(240), last}},
		{240, []store.Seat{seat(240), last}}, {239, []store.Seat{seat(60), seat(240), last}},
		{1, []store.Seat{seat(60), seat(240), last}},
	} {
		keys := w.counted(device, "")
		keys.Now, keys.Reopens, keys.Counted[0].Since = 5000, func(*store.Item) bool { return true }, test.since
		if got := w.look(keys).Devices[device.UUID].Seats[w.item.Key]; !slices.Equal(got, test.want) {
			t.Errorf("since %d: %v, not %v", test.since, got, test.want)
		}
	}
}

func domainsAreKept(t *testing.T, open Open) {
	w := begin(t, open)
	keys := store.Keys{Now: 9, Codes: []string{w.code.Code}, Domains: []string{"a.example", "b.example"}}
	key := func(domain string) store.DomainKey { return store.DomainKey{Item: w.item.Key, Domain: domain} }
	for range 2 { // the same again does nothing
		w.apply(keys, func(*store.State) *store.Change {
			return &store.Change{
				Domains: map[store.DomainKey]int64{key("a.example"): 9, key("c.example"): 9},
				Sums:    map[store.ID]store.SeatSum{w.item.Key: {At: 9, Active: 2}},
			}
		})
	}
	if got := w.look(keys).Domains; !maps.Equal(got, map[store.DomainKey]bool{key("a.example"): true}) {
		t.Errorf("%v", got)
	}
}

// Listings show the use of items and the seats of devices at a moment.
func itemsTellTheirUse(t *testing.T, open Open) {
	w := begin(t, open)
	device := w.device()
	w.apply(store.Keys{Reporters: []store.Reporter{device}}, func(state *store.State) *store.Change {
		seats := map[store.SeatKey]store.Seat{}
		for _, s := range []store.Seat{{From: 60, Until: 120, Weight: 1}, {From: 180, Until: 240, Weight: 4}} {
			seats[store.SeatKey{Item: w.item.Key, Device: device.UUID, From: s.From}] = s
		}
		return &store.Change{
			Seats: seats, Known: state.Devices,
			Steps: map[store.StepKey]int64{
				{Item: w.item.Key, At: 60}: 1, {Item: w.item.Key, At: 120}: -1, {Item: w.item.Key, At: 180}: 4,
				{Item: w.item.Key, At: 240}: -4,
			},
			Sums:    map[store.ID]store.SeatSum{w.item.Key: {At: 100, Active: 1, Exceptions: 5}},
			Domains: map[store.DomainKey]int64{{Item: w.item.Key, Domain: "a.example"}: 9},
			Used:    map[store.ID]int64{w.item.Key: 8},
		}
	})
	items, err := w.Items(t.Context(), 200)
	if err != nil || len(items) != 1 {
		t.Fatalf("%+v, %v", items, err)
	}
	use := items[0].Use
	if use.Units != 8 || use.SeatSum != (store.SeatSum{At: 100, Active: 1, Exceptions: 5}) || items[0].Live != 2 ||
		!slices.Equal(use.Steps, []store.Step{{At: 120, Change: -1}, {At: 180, Change: 4}}) ||
		!slices.Equal(items[0].Codes, []string{w.code.Code}) {
		t.Errorf("%+v", items[0])
	}
	devices, err := w.Devices(t.Context())
	if want := []store.DeviceSeat{{Item: w.item.ID, From: 180, ExpiresAt: 240, Weight: 4}}; err != nil ||
		len(devices) != 1 || !slices.Equal(devices[0].Seats, want) {
		t.Errorf("%+v, %v", devices, err)
	}
}
