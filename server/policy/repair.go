package policy

import (
	"slices"
	"time"

	"github.com/openlts/openlts/server/store"
)

// FreeSeat ends the seat that a device has on an item; ended is false if it has none. What was
// counted stays. The device's reports take no other seat until it is authorized again. A seat that
// was moved and has not begun yet keeps its first slot, because otherwise nothing would show that
// it was freed. The state contains the use of the item and the device.
func FreeSeat(state *store.State, item store.Item, device string, now time.Time) (change *store.Change, ended bool) {
	d := decide(state, now)
	_, ended = d.free(&item, device)
	return d.change, ended
}

// MoveSeat moves the seat that a device has on an item to another device, with its weight and its
// end; moved is false if it has none. If the other device has a seat at the same time, the heavier
// one stays, so that there are never more seats than before.
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

// free ends the seat of a device and returns the rest of it.
func (d *decision) free(item *store.Item, uuid string) (rest []store.Seat, ended bool) {
	w, now, device := wayOf(item), d.now.Unix(), d.device(uuid)
	seats := device.Seats[item.Key]
	if n := len(seats); w.stay == nil || n == 0 || seats[n-1].Freed || seats[n-1].Until <= now {
		return nil, false
	}
	first := slices.IndexFunc(seats, func(s store.Seat) bool { return s.Until > now })
	// A seat of length 0 would not show that it was freed.
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
