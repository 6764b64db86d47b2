package policy

import "github.com/openlts/openlts/core/protocol"

// Pages processed; beyond 105 % everybody is refused.
var _ = register(protocol.ChargeWayPageCount, way{limit: everybody{}, tolerance: 5})
