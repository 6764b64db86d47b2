package policy

import "github.com/openlts/openlts/core/protocol"

// Instances on a list, like devices: each machine counts with as many as it asks for.
var _ = register(protocol.ChargeWayInstanceCount, way{
	stay: listed{}, instances: true, window: 90 * day, least: 7 * day, limit: newcomers{}, tolerance: 10,
})
