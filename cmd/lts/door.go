package main

import (
	"sync"

	"github.com/openlts/openlts/core/protocol"
)

// door has clients turned away as long as there is one reason to: maintenance, or
// that a standby server's main server works. One that ends does not end the other.
type door struct {
	refuse               func(protocol.Reason)
	mu                   sync.Mutex
	maintenance, standby bool
}

// setMaintenance turns clients away for maintenance, or ends that.
func (d *door) setMaintenance(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.maintenance = on
	d.turn()
}

// setServes tells whether a standby server is to serve.
func (d *door) setServes(serves bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.standby = !serves
	d.turn()
}

func (d *door) turn() {
	switch {
	case d.maintenance:
		d.refuse(protocol.ReasonMaintenance)
	case d.standby:
		d.refuse(protocol.ReasonStandby)
	default:
		d.refuse("")
	}
}
