package protocol

type chargeWayDefinition struct {
	value      ChargeWay
	name       string
	short      string // "" if no item can have it
	unit       Unit   // -1 if it counts no operations
	exceptions bool
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

// Unit tells as what operations are charged by a charge way, if it counts them.
func (w ChargeWay) Unit() (unit Unit, counts bool) {
	d, known := w.definition()
	return d.unit, known && d.unit >= 0
}

// CountsExceptions tells whether a charge way counts what is active beyond a quota, slot
// by slot, as exceptions.
func (w ChargeWay) CountsExceptions() bool {
	d, _ := w.definition()
	return d.exceptions
}

// ItemChargeWays are the charge ways that license items can have.
func ItemChargeWays() []ChargeWay {
	var ways []ChargeWay
	for _, d := range chargeWays {
		if d.short != "" {
			ways = append(ways, d.value)
		}
	}
	return ways
}
