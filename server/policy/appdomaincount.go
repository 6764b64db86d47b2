package policy

import "github.com/openlts/openlts/core/protocol"

// Registrable domains, each with any number of devices and subdomains. New ones beyond the quota
// are refused.
var _ = register(protocol.ChargeWayAppDomainCount, way{domains: true, limit: newcomers{}})
