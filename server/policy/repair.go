package policy

import (
	"slices"
	"time"

	"github.com/openlts/openlts/server/store"
)

// FreeSeat ends the seat that a device has of an item; ended is false if it has none.
// What was counted stays. What the device reports takes no other seat until it is
// authorized again. One that was moved and has yet to begin keeps its first slot, or
// nothing would tell that it was freed. The state holds the use of the item and the
// device.
func FreeSeat(state *store.State, item store.Item, device string, now time.Time) (change *store.Change, ended bool) {
	d := decide(state, now)
	_, ended = d.free(&item, device)
	return d.change, ended
}

// MoveSeat has another device take over the seat that a device has of an item, with its
// weight and its end; moved is false if it has none. Of two seats at the same time the
// heavier one is left, so that there are never more than before.
func MoveSeat(state *store.State, item store.Item, from, to string, now time.Time) (change *store.Change, moved bool) {
	d := decide(state, now)
	rest, moved := d.free(&item, from)
	device := d.device(to)
	seats := device.Seats[item.Key]
	for _, seat := range rest {
		after, added := seated(seats, seat)
		d.changeSeats(&item, to, device, after, added)
		seats = after
	}
	return d.change, moved
}

// free ends the seat of a device and gives what is left of it.
func (d *decision) free(item *store.Item, uuid string) (rest []store.Seat, ended bool) {
	w, now, device := wayOf(item), d.now.Unix(), d.device(uuid)
	seats := device.Seats[item.Key]
	if n := len(seats); w.stay == nil || n == 0 || seats[n-1].Freed || seats[n-1].Until <= now {
		return nil, false
	}
	first := slices.IndexFunc(seats, func(s store.Seat) bool { return s.Until > now })
	// One without a length would not tell that it was freed.
	until := w.stay.freed(termsOf(item), max(now, seats[first].From+1))
	for _, seat := range seats {
		if seat.Until > until {
			seat.From = max(seat.From, until)
			rest = append(rest, seat)
		}
	}
	after, added := unseated(seats, until)
	after[len(after)-1].Freed = true
	d.changeSeats(item, uuid, device, after, added)
	return rest, true
}
