package policy

import "github.com/openlts/openlts/core/protocol"

// Devices active within 30 days, but not beyond the item's end. Those beyond the quota are
// exceptions in each slot.
var _ = register(protocol.ChargeWayMonthlyActiveDeviceCount, way{
	stay: active{bounded: true}, window: 30 * day, limit: exceptions{},
})
