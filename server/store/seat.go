package store

import (
	"encoding/json"
	"fmt"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
)

// Seat is a time during which a device takes part of an item's quota: [From, Until), in seconds
// since 1970. The seats of a device on an item don't overlap.
type Seat struct {
	From, Until int64
	Weight      int64 // how much of the quota: 1, or the instances asked for
	// Brief tells that the device has no home: its UUID ends with the process.
	Brief bool
	// Freed tells that an administrator ended it: reports of the device take no further seat until
	// the device is authorized again. Only the last seat of a device can be freed.
	Freed bool
}

// SeatKey identifies a seat. At most one seat of a device on an item begins at a moment.
type SeatKey struct {
	Item   ID
	Device string // a UUID
	From   int64
}

// Step is a change of the sum of an item's seats: at At it grows by Change. The steps of an item
// are enough to compute the sum at any moment without its seats.
type Step struct{ At, Change int64 }

// StepKey names a step.
type StepKey struct {
	Item ID
	At   int64
}

// SeatSum is the stored sum of the seats of an item, so that nobody has to count them.
type SeatSum struct {
	At     int64 // the moment it holds for, in seconds since 1970; 0: it never had a seat
	Active int64 // the sum of the weights of all seats at that moment
	// Exceptions are the seats beyond the quota in each slot, summed up over the slots before At
	// since the last time that they were cleared.
	Exceptions int64
}

// DomainKey names a domain that uses an item.
type DomainKey struct {
	Item   ID
	Domain string // registrable, in lower case
}

// DefaultSlot is the length of the slots in which seats are counted, in seconds.
const DefaultSlot slot.Length = protocol.DefaultSlotSeconds

// Charging tells how an item is charged where this differs from its charge way. For nil fields, the
// charge way decides.
type Charging struct {
	// Tolerance is how much is allowed beyond the quota, in percent of it.
	Tolerance *int64 `json:"tolerance,omitempty"`
	// Exceptions are how many exceptions are allowed within 365 days, for each one of
	// the quota.
	Exceptions *int64 `json:"exceptions,omitempty"`
	// Slot is the length of the slots in which seats are counted, in seconds. It
	// divides a day.
	Slot *int64 `json:"slot,omitempty"`
	// Window is how long a seat lasts after the last call of its device, in seconds.
	Window *int64 `json:"window,omitempty"`
	// Least is how long it lasts at least, even beyond the item's end, in seconds.
	Least *int64 `json:"least,omitempty"`
	// Brief is how long a seat lasts at most if its device has no home, in seconds.
	Brief *int64 `json:"brief,omitempty"`
}

// Text returns the charging in the form in which it is stored: JSON.
func (c Charging) Text() string {
	text, err := json.Marshal(c)
	if err != nil { // numbers always marshal
		panic(err)
	}
	return string(text)
}

// ParseCharging is the inverse of Text.
func ParseCharging(text string) (Charging, error) {
	var c Charging
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return c, fmt.Errorf("stored charging %.80q: %w", text, err)
	}
	return c, nil
}

// Slot returns the length of the slots in which the item's seats are counted. A number that is not
// a valid length can only be damage; the default then applies.
func (i *Item) Slot() slot.Length {
	if i.Charging.Slot != nil {
		if length, err := slot.Check(*i.Charging.Slot); err == nil {
			return length
		}
	}
	return DefaultSlot
}
