package policy

import "github.com/openlts/openlts/core/protocol"

// Devices active within 365 days, but not beyond the item's end. Those beyond the quota are
// exceptions in each slot.
var _ = register(protocol.ChargeWayYearlyActiveDeviceCount, way{
	stay: active{bounded: true}, window: 365 * day, limit: exceptions{},
})
