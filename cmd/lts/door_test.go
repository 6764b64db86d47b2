package main

import (
	"testing"

	"github.com/openlts/openlts/core/protocol"
)

// One reason to turn clients away that ends does not end the other.
func TestDoor(t *testing.T) {
	var reason protocol.Reason
	d := &door{refuse: func(r protocol.Reason) { reason = r }, standby: true}
	d.turn()
	steps := []struct {
		does func()
		want protocol.Reason
	}{
		{func() {}, protocol.ReasonStandby},
		{func() { d.setMaintenance(true) }, protocol.ReasonMaintenance},
		{func() { d.setServes(true) }, protocol.ReasonMaintenance},
		{func() { d.setMaintenance(false) }, ""},
		{func() { d.setMaintenance(true) }, protocol.ReasonMaintenance},
		{func() { d.setServes(false) }, protocol.ReasonMaintenance},
		{func() { d.setMaintenance(false) }, protocol.ReasonStandby},
		{func() { d.setServes(true) }, ""},
	}
	for i, step := range steps {
		if step.does(); reason != step.want {
			t.Errorf("step %d: %q, want %q", i, reason, step.want)
		}
	}
}
