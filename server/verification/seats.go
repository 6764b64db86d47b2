package verification

import (
	"fmt"
	"slices"

	"github.com/openlts/openlts/server/store"
)

// seats verifies what is stored about seats: the steps of each item, the sum of its seats at the
// moment of the sum, and the exceptions before. A device has one seat of an item at a moment.
func (v *verifier) seats() error {
	if v.options.Until != store.EndOfTime {
		return nil // seats are of now
	}
	if err := v.edges(); err != nil {
		return err
	}
	for step, err := range v.Steps() {
		if err != nil {
			return err
		}
		if err := v.steps.add(v.stepAt(step.Item, step.At), sides{stored: units{all: step.Change}}); err != nil {
			return err
		}
	}
	counted := map[store.ID]*seatCount{}
	for e, err := range v.steps.all() {
		if err != nil {
			return err
		}
		v.compare("seats", e.stored.all, e.computed.all, func() string {
			return fmt.Sprintf("item %s: how many begin less how many end at %s", v.itemName(store.ID(e.item)),
				moment(e.start))
		})
		count := counted[store.ID(e.item)]
		if count == nil {
			count = &seatCount{item: v.items[store.ID(e.item)]}
			counted[store.ID(e.item)] = count
		}
		count.pass(e.start)
		if count.active += e.computed.all; e.start <= count.item.SeatsAt {
			count.sum = count.active
		}
	}
	for _, id := range v.itemIDs() {
		count := counted[id]
		if count == nil {
			count = &seatCount{item: v.items[id]}
		}
		count.finish(v)
	}
	return nil
}

// edges adds the moments at which seats begin and end.
func (v *verifier) edges() error {
	var before store.ExaminedSeat
	for seat, err := range v.Seats() {
		if err != nil {
			return err
		}
		if seat.Device == before.Device && seat.Item == before.Item && before.Until > seat.Since {
			v.differ(Difference{What: "seats",
				Where: fmt.Sprintf("item %s, device %s: a seat begins before the one before it ends",
					v.itemName(seat.Item), v.DeviceName(seat.Device)), Stored: seat.Since, Recomputed: before.Until})
		}
		before = seat
		of := v.stepAt(seat.Item, seat.Since)
		if err := v.steps.add(of, sides{computed: units{all: seat.Weight}}); err != nil {
			return err
		}
		of = v.stepAt(seat.Item, seat.Until)
		if err := v.steps.add(of, sides{computed: units{all: -seat.Weight}}); err != nil {
			return err
		}
	}
	for domain, err := range v.Domains() {
		if err != nil {
			return err
		}
		if err := v.steps.add(v.stepAt(domain.Item, domain.At),
			sides{computed: units{all: domain.Change}}); err != nil {
			return err
		}
	}
	return nil
}

// stepAt returns the account of a step. Those from before the moment to which an item was folded
// count there: seats that ended by then add nothing, whether they are gone or not.
func (v *verifier) stepAt(item store.ID, at int64) account {
	return account{item: int64(item), start: max(at, v.items[item].SeatsFolded)}
}

func (v *verifier) itemIDs() []store.ID {
	ids := make([]store.ID, 0, len(v.items))
	for id := range v.items {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// seatCount counts the seats of an item, and its exceptions in the slots since they
// were cleared the last time, from one step to the next.
type seatCount struct {
	item                   store.ExaminedItem
	at, active, exceptions int64
	sum                    int64 // at the moment that is remembered
}

// yearSeconds is the time of an item after which its exceptions are cleared.
const yearSeconds = 365 * 86400

func (c *seatCount) pass(to int64) {
	to = min(to, c.item.SeatsAt)
	length := int64(c.item.Slot())
	begin := c.item.StartsAt - c.item.StartsAt%length
	if begin <= c.item.SeatsAt-yearSeconds {
		begin = c.item.SeatsAt - (c.item.SeatsAt-begin)%yearSeconds
	}
	if slots := (to - max(c.at, begin)) / length; slots > 0 && c.active > c.item.Quota {
		if more := c.active - c.item.Quota; more > most/slots {
			c.exceptions = most
		} else {
			c.exceptions = plus(c.exceptions, slots*more)
		}
	}
	c.at = max(c.at, to)
}

func (c *seatCount) finish(v *verifier) {
	c.pass(c.item.SeatsAt)
	if !c.item.ChargeWay.CountsExceptions() || c.item.Quota < 0 || c.item.SeatsAt == 0 {
		c.exceptions = 0
	}
	v.compare("seats", c.item.Seats, c.sum, func() string {
		return fmt.Sprintf("item %s: how many there are at %s", c.item.ID, moment(c.item.SeatsAt))
	})
	v.compare("exceptions", c.item.Exceptions, c.exceptions, func() string {
		return fmt.Sprintf("item %s, before %s", c.item.ID, moment(c.item.SeatsAt))
	})
}
