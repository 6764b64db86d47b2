package policy

import (
	"time"

	"github.com/openlts/openlts/core/protocol"
)

// Instances active in a slot, like concurrent devices: each machine counts with as many as it asks
// for, however many are in use.
var _ = register(protocol.ChargeWayConcurrentInstanceCount, way{
	stay: concurrent{}, instances: true, window: 4 * time.Minute, limit: exceptions{},
})
