package policy

import (
	"errors"
	"fmt"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// Replay computes what usage would have meant with an item's terms: which devices would have been
// refused, and how much would be used. It decides like Apply, on events in the order of their time.
type Replay struct {
	item     store.Item
	way      *way
	decision decision
}

// ErrNoReplay is the error of charge ways whose usage can't be replayed.
var ErrNoReplay = errors.New("this usage can't be replayed")

// NewReplay begins without any seats. The usage of domains can't be replayed, because the server
// does not record which domain asked.
func NewReplay(item store.Item) (*Replay, error) {
	way, known := ways[item.ChargeWay]
	if !known {
		return nil, fmt.Errorf("%w: there is no charge way %d", ErrNoReplay, item.ChargeWay)
	}
	if way.domains {
		return nil, fmt.Errorf("%w: of what is charged by %s it is not recorded which domain reported what",
			ErrNoReplay, item.ChargeWay.Short())
	}
	item.Key = 1
	return &Replay{item: item, way: way, decision: decision{
		State: &store.State{Devices: map[string]*store.DeviceState{}, Uses: map[store.ID]*store.Use{item.Key: {}}},
		change: &store.Change{
			Seats: map[store.SeatKey]store.Seat{}, Steps: map[store.StepKey]int64{}, Sums: map[store.ID]store.SeatSum{},
		},
	}}, nil
}

// at moves on to a time. It stores no changes.
func (r *Replay) at(moment int64) {
	r.decision.now = time.Unix(moment, 0)
	clear(r.decision.change.Seats)
	clear(r.decision.change.Steps)
}

// Ask tells whether a device that asks for one instance would be authorized, and whether that is
// beyond the quota. If it is authorized, it takes a seat.
func (r *Replay) Ask(device string, moment int64) (granted, beyond bool) {
	r.at(moment)
	t, usage := termsOf(&r.item), r.decision.usage(&r.item)
	state := r.decision.device(device)
	if r.way.stay != nil {
		usage.Held, _ = held(state.Seats[r.item.Key], moment)
		usage.Wanted = 1
	}
	if !r.way.limit.admits(t, usage) {
		return false, true
	}
	beyond = r.way.limit.inTolerance(t, usage)
	if r.way.stay != nil {
		r.decision.seat(&r.item, device, state, visit{at: moment, slotSeconds: protocol.DefaultSlotSeconds}, 1)
	}
	return true, beyond
}

// keptSeats is how long past seats are remembered in seconds. That suffices, because events don't
// come late.
const keptSeats = 2 * 24 * 60 * 60

// Work processes a slot in which an authorized device counted so many units on the item.
func (r *Replay) Work(device string, slot, units int64) {
	r.at(slot + protocol.DefaultSlotSeconds)
	use := r.decision.Uses[r.item.Key]
	use.Units = store.SaturatingSum(use.Units, units)
	if r.way.stay == nil {
		return
	}
	state := r.decision.device(device)
	seats := state.Seats[r.item.Key]
	for len(seats) > 0 && seats[0].Until < slot-keptSeats {
		seats = seats[1:]
	}
	state.Seats[r.item.Key] = seats
	v := visit{at: slot + protocol.DefaultSlotSeconds, slotSeconds: protocol.DefaultSlotSeconds}
	r.decision.visited(&r.item, device, state, v, []worked{{slot, slot + protocol.DefaultSlotSeconds}}, false)
}

// Quota is the state of the item's quota at a time.
func (r *Replay) Quota(moment int64) protocol.Quota {
	r.at(moment)
	return Quota(r.item, r.decision.usage(&r.item))
}

// Charges is how many of these operations use the item's quota.
func (r *Replay) Charges(operations store.Counts) int64 { return Charged(r.item.ChargeWay, operations) }
