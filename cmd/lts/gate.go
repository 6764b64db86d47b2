package main

import (
	"sync"

	"github.com/openlts/openlts/core/protocol"
)

// gate decides whether a server refuses clients: during maintenance, or as a standby server whose
// main server works. Both can change while it runs.
type gate struct {
	refuse func(protocol.Reason)

	mu                   sync.Mutex
	maintenance, standby bool
}

// setMaintenance begins or ends the maintenance.
func (g *gate) setMaintenance(on bool) { g.set(&g.maintenance, on) }

// setStandby makes the server wait, or take over.
func (g *gate) setStandby(waits bool) { g.set(&g.standby, waits) }

func (g *gate) set(which *bool, on bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	*which = on
	switch {
	case g.maintenance:
		g.refuse(protocol.ReasonMaintenance)
	case g.standby:
		g.refuse(protocol.ReasonStandby)
	default:
		g.refuse("")
	}
}
