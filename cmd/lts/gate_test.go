package main

import (
	"testing"

	"github.com/openlts/openlts/core/protocol"
)

// Maintenance comes before waiting for the main server, and neither forgets the other.
func TestGate(t *testing.T) {
	var said protocol.Reason
	g := &gate{refuse: func(reason protocol.Reason) { said = reason }}
	for i, step := range []struct {
		do   func()
		want protocol.Reason
	}{
		{func() { g.setStandby(true) }, protocol.ReasonStandby},
		{func() { g.setMaintenance(true) }, protocol.ReasonMaintenance},
		{func() { g.setStandby(false) }, protocol.ReasonMaintenance},
		{func() { g.setMaintenance(false) }, ""},
		{func() { g.setMaintenance(true) }, protocol.ReasonMaintenance},
		{func() { g.setStandby(true) }, protocol.ReasonMaintenance},
		{func() { g.setMaintenance(false) }, protocol.ReasonStandby},
		{func() { g.setStandby(false) }, ""},
	} {
		if step.do(); said != step.want {
			t.Errorf("step %d: %q, want %q", i, said, step.want)
		}
	}
}
