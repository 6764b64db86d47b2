package policy

import (
	"time"

	"github.com/openlts/openlts/core/protocol"
)

// Devices active in a slot, for 4 to 7 minutes after their last request. Those beyond the quota are
// exceptions.
var _ = register(protocol.ChargeWayConcurrentDeviceCount, way{
	stay: concurrent{}, window: 4 * time.Minute, limit: exceptions{},
})
