package protocol

type chargeWayDefinition struct {
	value      ChargeWay
	name       string
	short      string // "" if no item can have it
	unit       Unit   // -1 if it counts no operations
	exceptions bool
	concurrent bool
}

func (w ChargeWay) definition() (d chargeWayDefinition, known bool) {
	for _, d := range chargeWays {
		if d.value == w {
			return d, true
		}
	}
	return d, false
}

// Short is the name of a charge way for people, such as "scan"; "" if it is not known
// or no item can have it.
func (w ChargeWay) Short() string {
	d, _ := w.definition()
	return d.short
}

// Unit is the unit in which a charge way counts operations; counts is false if it counts none.
func (w ChargeWay) Unit() (unit Unit, counts bool) {
	d, known := w.definition()
	return d.unit, known && d.unit >= 0
}

// CountsExceptions tells whether a charge way counts the seats beyond the quota in each slot as
// exceptions.
func (w ChargeWay) CountsExceptions() bool {
	d, _ := w.definition()
	return d.exceptions
}

// Concurrent tells whether a seat lasts as long as a license is in use, so that it is worth telling
// the server when the license is closed.
func (w ChargeWay) Concurrent() bool {
	d, _ := w.definition()
	return d.concurrent
}
