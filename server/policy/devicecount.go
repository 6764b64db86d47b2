package policy

import "github.com/openlts/openlts/core/protocol"

// Devices on a list: for 90 days after their last request, or until the license expires, but at
// least for 7 days. Beyond 110 % new devices are refused.
var _ = register(protocol.ChargeWayDeviceCount, way{
	stay: listed{}, window: 90 * day, least: 7 * day, limit: newcomers{}, tolerance: 10,
})
