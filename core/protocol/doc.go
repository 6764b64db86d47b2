// Package protocol is the contract between clients and the License Tracking Server: wire types,
// status codes, and how authorizations are signed and reports and receipts authenticated.
// docs/protocol.md explains it, and docs/openapi.yaml specifies it for other languages; both sides
// import it.
package protocol

// Version is the version of the protocol. It rises only if an older client would misunderstand an
// answer; adding fields does not raise it.
const Version = 1

// Paths, relative to the base URL of a server.
const (
	PathAuthorizations = "/v1/authorizations"
	PathReports        = "/v1/reports"
	PathKeys           = "/v1/keys"
)

// Header fields that authenticate reports and receipts.
const (
	HeaderKey = "OpenLTS-Key" // which report key the MAC was made with
	HeaderMAC = "OpenLTS-MAC" // base64url of the MAC, without padding
)

// Content types.
const (
	ContentTypeJSON    = "application/json"
	ContentTypeText    = "text/plain" // the framing for browsers
	ContentTypeProblem = "application/problem+json"
)

// Limits in bytes or elements. A server answers 413 to anything larger; a client splits its batches
// to stay below.
const (
	MaxAuthorizationBody = 64 << 10
	MaxReportBody        = 1 << 20
	MaxReportsInBatch    = 2000
)

// DefaultSlotSeconds is the length of a time slot: 3 minutes (docs/compatibility.md, "Time").
const DefaultSlotSeconds = 180

// MaxClosedInBatch is how many closed licenses a batch may list.
const MaxClosedInBatch = 64

// MaxInstances is how many instances a request may ask for.
const MaxInstances = 1_000_000

// RetentionDays is how long an unsubmitted report is kept
// (docs/compatibility.md, "Report submission").
const RetentionDays = 30
