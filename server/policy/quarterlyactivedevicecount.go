package policy

import "github.com/openlts/openlts/core/protocol"

// Devices active within 90 days, but not beyond the item's end. Those beyond the quota are
// exceptions in each slot.
var _ = register(protocol.ChargeWayQuarterlyActiveDeviceCount, way{
	stay: active{bounded: true}, window: 90 * day, limit: exceptions{},
})
