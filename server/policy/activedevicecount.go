package policy

import "github.com/openlts/openlts/core/protocol"

// Devices active within 24 hours. Those beyond the quota are exceptions in each slot.
var _ = register(protocol.ChargeWayActiveDeviceCount, way{stay: active{}, window: day, limit: exceptions{}})
