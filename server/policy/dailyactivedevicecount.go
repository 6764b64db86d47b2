package policy

import "github.com/openlts/openlts/core/protocol"

// Devices active within a day, but not beyond the item's end. Those beyond the quota are exceptions
// in each slot.
var _ = register(protocol.ChargeWayDailyActiveDeviceCount, way{
	stay: active{bounded: true}, window: day, limit: exceptions{},
})
