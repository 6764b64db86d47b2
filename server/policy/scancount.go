package policy

import "github.com/openlts/openlts/core/protocol"

// Barcodes scanned; beyond 105 % everybody is refused.
var _ = register(protocol.ChargeWayScanCount, way{limit: everybody{}, tolerance: 5})
