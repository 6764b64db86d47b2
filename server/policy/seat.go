package policy

import (
	"cmp"
	"math"
	"slices"

	"github.com/openlts/openlts/server/store"
)

// forever is the end of what never ends.
const forever = math.MaxInt64

// piece is a change of a device's seats by so much, from one time until before another one.
type piece struct{ from, until, by int64 }

// timeline builds a list of seats: in order, and with adjacent seats of the same weight joined.
type timeline []store.Seat

func (l *timeline) put(from, until, weight int64, brief bool) {
	if from >= until {
		return
	}
	if n := len(*l) - 1; n >= 0 && (*l)[n].Until == from && (*l)[n].Weight == weight {
		(*l)[n].Until, (*l)[n].Brief = until, brief
		return
	}
	*l = append(*l, store.Seat{From: from, Until: until, Weight: weight, Brief: brief})
}

// seated adds a seat to a device's seats. At any time only the heaviest seat counts, because a
// machine counts once, with its highest number. seats are in order and are not changed; added is
// how much they grow.
func seated(seats []store.Seat, more store.Seat) (after timeline, added []piece) {
	open := more.From // the part that is not covered yet begins here
	fill := func(until int64) {
		if until = min(until, more.Until); open < until {
			after.put(open, until, more.Weight, more.Brief)
			added = append(added, piece{open, until, more.Weight})
			open = until
		}
	}
	for _, s := range seats {
		fill(s.From)
		if s.Until <= more.From || s.From >= more.Until || s.Weight >= more.Weight {
			after.put(s.From, s.Until, s.Weight, s.Brief)
			open = max(open, min(s.Until, more.Until))
			continue
		}
		from, until := max(s.From, more.From), min(s.Until, more.Until)
		after.put(s.From, from, s.Weight, s.Brief)
		after.put(from, until, more.Weight, more.Brief)
		after.put(until, s.Until, s.Weight, s.Brief)
		added = append(added, piece{from, until, more.Weight - s.Weight})
		open = max(open, until)
	}
	fill(more.Until)
	return after, added
}

// seatedAll adds several seats, which are in order and not adjacent, to a device's seats. weigh
// says how heavy each is, given what the device has when it begins. It goes through all of them
// once.
func seatedAll(seats []store.Seat, more []worked, weigh func(now int64) int64,
	brief bool) (after timeline, added []piece) {
	near := []store.Seat{} // the seats that the next one may meet
	settle := func(s store.Seat) { after.put(s.From, s.Until, s.Weight, s.Brief) }
	for _, m := range more {
		for len(near) > 0 && near[0].Until < m.from {
			settle(near[0])
			near = near[1:]
		}
		for len(seats) > 0 && seats[0].From <= m.until {
			if len(near) == 0 && seats[0].Until < m.from {
				settle(seats[0])
			} else {
				near = append(near, seats[0])
			}
			seats = seats[1:]
		}
		now, _ := held(near, m.from)
		with, pieces := seated(near, store.Seat{From: m.from, Until: m.until, Weight: weigh(now), Brief: brief})
		added = append(added, pieces...)
		for _, s := range with[:len(with)-1] {
			settle(s)
		}
		near = with[len(with)-1:]
	}
	for _, s := range append(near, seats...) {
		settle(s)
	}
	return after, added
}

// unseated removes a device's seats from a time on; added is how much they shrink.
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

// held is the weight that a device has at a time, and the one that it had last.
func held(seats []store.Seat, at int64) (now, last int64) {
	for _, s := range seats {
		if s.From <= at && at < s.Until {
			now = s.Weight
		}
		last = s.Weight
	}
	return now, last
}

// changeSeats applies a change of a device's seats.
func (d *decision) changeSeats(item *store.Item, uuid string, device *store.DeviceState, after []store.Seat,
	added ...[]piece) {
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
	d.changeSum(item, added...)
}

// changeSum adds to the sum of an item's seats. The pieces of a list don't overlap.
func (d *decision) changeSum(item *store.Item, added ...[]piece) {
	use := d.Uses[item.Key]
	s := sumOf(item, use)
	s.settle(d.now.Unix())
	for _, pieces := range added {
		s.add(pieces, func(at, by int64) { d.change.Steps[store.StepKey{Item: item.Key, At: at}] += by })
	}
	d.change.Sums[item.Key] = use.SeatSum
}

// seat gives an authorized device its seat on an item.
func (d *decision) seat(item *store.Item, uuid string, device *store.DeviceState, v visit, weight int64) {
	from, until := wayOf(item).stay.authorized(termsOf(item), v)
	after, added := seated(device.Seats[item.Key], store.Seat{From: from, Until: until, Weight: weight, Brief: v.brief})
	d.changeSeats(item, uuid, device, after, added)
}

// visited gives a device that sent reports its seats on an item: for the reported slots, even late
// ones, and from now on. closed means that it has closed its license.
func (d *decision) visited(item *store.Item, uuid string, device *store.DeviceState, v visit, work []worked,
	closed bool) {
	w, t := wayOf(item), termsOf(item)
	seats := device.Seats[item.Key]
	if n := len(seats); n > 0 && seats[n-1].Freed {
		d.visitedFreed(item, uuid, device, merged(work, t, w.stay), v)
		return
	}
	_, last := held(seats, v.at)
	weigh := func(now int64) int64 { return max(1, w.stay.weight(now, last)) }
	var late, recent, kept []piece
	if w.stay.reopens() {
		seats, late = seatedAll(seats, merged(work, t, w.stay), weigh, v.brief)
	}
	if until, ends := w.stay.ended(t, v); closed && ends {
		seats, recent = unseated(seats, until)
		if len(seats) == 0 && v.brief {
			// It began in this very second. What remains shows the device's weight.
			seats, kept = seated(nil, store.Seat{From: until - 1, Until: until, Weight: max(1, last), Brief: true})
		}
	} else if !closed {
		from, until := w.stay.authorized(t, v)
		if now, _ := held(seats, v.at); now == 0 || w.stay.worth(seats[len(seats)-1].Until, until) {
			seats, recent = seated(seats, store.Seat{From: from, Until: until, Weight: weigh(now), Brief: v.brief})
		}
	}
	d.changeSeats(item, uuid, device, seats, late, recent, kept)
}

// visitedFreed is visited for a device whose seat an administrator ended: late reports take seats
// before that time, and nothing takes one after it.
func (d *decision) visitedFreed(item *store.Item, uuid string, device *store.DeviceState, work []worked, v visit) {
	stay := wayOf(item).stay
	if !stay.reopens() {
		return
	}
	before := device.Seats[item.Key]
	last := before[len(before)-1]
	var earlier []worked
	for _, w := range work {
		if w.until = min(w.until, last.Until); w.from < w.until {
			earlier = append(earlier, w)
		}
	}
	seats, late := seatedAll(before, earlier, func(now int64) int64 {
		return max(1, stay.weight(now, last.Weight))
	}, v.brief)
	seats[len(seats)-1].Freed = true
	d.changeSeats(item, uuid, device, seats, late)
}

// worked is a period for which a device reports usage, in seconds since 1970.
type worked struct{ from, until int64 }

// merged are the seats of these periods, in order, with adjacent ones joined.
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
