package policy

import (
	"cmp"
	"math"
	"slices"

	"github.com/openlts/openlts/server/store"
)

// forever is the end of what never ends.
const forever = math.MaxInt64

// piece is a change of a device's seats: by so much, from a moment until before
// another one.
type piece struct{ from, until, by int64 }

// seated gives a device's seats with a further one. At no moment a device has more
// than its heaviest: a machine counts once, with its highest. seats are in order and
// not changed; added is by how much they grow.
func seated(seats []store.Seat, more store.Seat) (after []store.Seat, added []piece) {
	put := func(from, until, weight int64, brief bool) {
		if from >= until {
			return
		}
		if n := len(after) - 1; n >= 0 && after[n].Until == from && after[n].Weight == weight {
			after[n].Until, after[n].Brief = until, brief
			return
		}
		after = append(after, store.Seat{From: from, Until: until, Weight: weight, Brief: brief})
	}
	open := more.From // what is not covered yet begins here
	fill := func(until int64) {
		if until = min(until, more.Until); open < until {
			put(open, until, more.Weight, more.Brief)
			added = append(added, piece{open, until, more.Weight})
			open = until
		}
	}
	for _, s := range seats {
		fill(s.From)
		if s.Until <= more.From || s.From >= more.Until || s.Weight >= more.Weight {
			put(s.From, s.Until, s.Weight, s.Brief)
			open = max(open, min(s.Until, more.Until))
			continue
		}
		from, until := max(s.From, more.From), min(s.Until, more.Until)
		put(s.From, from, s.Weight, s.Brief)
		put(from, until, more.Weight, more.Brief)
		put(until, s.Until, s.Weight, s.Brief)
		added = append(added, piece{from, until, more.Weight - s.Weight})
		open = max(open, until)
	}
	fill(more.Until)
	return after, added
}

// unseated gives a device's seats without what comes from a moment on; added is by how
// much they shrink.
func unseated(seats []store.Seat, at int64) (after []store.Seat, added []piece) {
	for _, s := range seats {
		if s.Until > at {
			added = append(added, piece{max(s.From, at), s.Until, -s.Weight})
			s.Until = at
		}
		if s.From < s.Until {
			after = append(after, s)
		}
	}
	return after, added
}

// held is what a device has at a moment, and what it had last.
func held(seats []store.Seat, at int64) (now, last int64) {
	for _, s := range seats {
		if s.From <= at && at < s.Until {
			now = s.Weight
		}
		last = s.Weight
	}
	return now, last
}

// changeSeats takes over how the seats of a device changed.
func (d *decision) changeSeats(item *store.Item, uuid string, device *store.DeviceState, after []store.Seat, added []piece) {
	before := device.Seats[item.Key]
	if slices.Equal(before, after) {
		return
	}
	key := func(s store.Seat) store.SeatKey {
		return store.SeatKey{Item: item.Key, Device: uuid, From: s.From}
	}
	for i, j := 0, 0; i < len(before) || j < len(after); {
		switch {
		case j == len(after) || i < len(before) && before[i].From < after[j].From:
			d.change.Seats[key(before[i])] = store.Seat{From: before[i].From}
			i++
		case i == len(before) || after[j].From < before[i].From:
			d.change.Seats[key(after[j])] = after[j]
			j++
		default:
			if before[i] != after[j] {
				d.change.Seats[key(after[j])] = after[j]
			}
			i++
			j++
		}
	}
	device.Seats[item.Key] = after
	d.changeSum(item, added)
}

// changeSum adds to the sum of an item's seats.
func (d *decision) changeSum(item *store.Item, added []piece) {
	use := d.Uses[item.Key]
	s := sumOf(item, use)
	s.settle(d.now.Unix())
	for _, p := range added {
		s.add(p.from, p.until, p.by, func(at, by int64) { d.change.Steps[store.StepKey{Item: item.Key, At: at}] += by })
	}
	d.change.Sums[item.Key] = use.SeatSum
}

// seat gives a device that was authorized its seat of an item.
func (d *decision) seat(item *store.Item, uuid string, device *store.DeviceState, v visit, weight int64) {
	from, until := wayOf(item).stay.authorized(termsOf(item), v)
	after, added := seated(device.Seats[item.Key], store.Seat{From: from, Until: until, Weight: weight, Brief: v.brief})
	d.changeSeats(item, uuid, device, after, added)
}

// visited gives a device that sent reports its seats of an item: of the slots it
// reports, also late, and from now on. With closed it gave its seat back.
func (d *decision) visited(item *store.Item, uuid string, device *store.DeviceState, v visit, work []worked, closed bool) {
	w, t := wayOf(item), termsOf(item)
	seats := device.Seats[item.Key]
	var added []piece
	more := func(from, until, at int64) {
		now, last := held(seats, at)
		s := store.Seat{From: from, Until: until, Weight: max(1, w.stay.weight(now, last)), Brief: v.brief}
		var pieces []piece
		seats, pieces = seated(seats, s)
		added = append(added, pieces...)
	}
	if w.stay.reopens() {
		for _, w := range merged(work, t, w.stay) {
			more(w.from, w.until, w.from)
		}
	}
	if until, ends := w.stay.ended(t, v.at); closed && ends {
		var pieces []piece
		seats, pieces = unseated(seats, until)
		added = append(added, pieces...)
	} else if !closed {
		from, until := w.stay.authorized(t, v)
		if now, _ := held(seats, v.at); now == 0 || w.stay.worth(seats[len(seats)-1].Until, until) {
			more(from, until, v.at)
		}
	}
	d.changeSeats(item, uuid, device, seats, added)
}

// worked is a time for which a device reports work, in seconds since 1970.
type worked struct{ from, until int64 }

// merged are the seats of these times, in order, those that touch as one.
func merged(work []worked, t terms, stay stay) (seats []worked) {
	all := make([]worked, 0, len(work))
	for _, w := range work {
		from, until := stay.reported(t, w.from, w.until-w.from)
		all = append(all, worked{from, until})
	}
	slices.SortFunc(all, func(a, b worked) int { return cmp.Compare(a.from, b.from) })
	for _, w := range all {
		if n := len(seats) - 1; n >= 0 && w.from <= seats[n].until {
			seats[n].until = max(seats[n].until, w.until)
		} else {
			seats = append(seats, w)
		}
	}
	return seats
}
