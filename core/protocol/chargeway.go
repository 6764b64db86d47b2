package protocol

type chargeWayDefinition struct {
	value ChargeWay
	name  string
	short string // "" if no item can have it
	unit  Unit   // -1 if it counts no operations
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
