package protocol

// ReportBatch is the body of POST /v1/reports. It states once what many reports have in common: the
// device for the batch; run, code and item for the group.
type ReportBatch struct {
	Protocol int           `json:"protocol"`
	Batch    string        `json:"batch"`  // a UUID, new for each attempt
	Device   string        `json:"device"` // the client UUID
	SentAt   int64         `json:"sentAt"` // the client's clock, seconds since 1970
	Groups   []ReportGroup `json:"groups"`
	// Account is the device's account since the beginning; optional.
	Account *DeviceAccount `json:"account,omitempty"`
	// Closed are the licenses that the device has closed. Seats that last only as long as a license
	// is in use then end.
	Closed []ClosedLicense `json:"closed,omitempty"`
}

// ClosedLicense is a license that a device was using under a handshake code.
type ClosedLicense struct {
	HandshakeCode string `json:"handshakeCode"`
	Item          string `json:"item"`
}

// DeviceAccount is a device's account with one server since the beginning, in units (operations):
// recorded = accepted by the server + pending on the device + lost by cause. It does not include
// what is still in the counters of running processes.
type DeviceAccount struct {
	Recorded int64 `json:"recorded"`
	Expired  int64 `json:"expired"` // not submitted within 30 days
	Refused  int64 `json:"refused"` // refused by the server
	Storage  int64 `json:"storage"` // lost with a damaged or deleted ledger
}

// ReportGroup has the reports of one run on one code and item. A run is one tally, identified by a
// UUID that is made when a license is opened. Its counts only grow.
type ReportGroup struct {
	Run           string   `json:"run"`
	HandshakeCode string   `json:"handshakeCode"`
	Item          string   `json:"item"`
	SlotSeconds   int      `json:"slotSeconds"`
	Reports       []Report `json:"reports"`
}

// Report is the usage of one time slot. Its key is (device, run, handshake
// code, item, slot); its counts are cumulative. A server keeps the highest
// revision of a key and adds only what is new, so a report may be sent any
// number of times.
type Report struct {
	// Slot is the start of the slot in seconds since 1970, a multiple of SlotSeconds.
	Slot     int64 `json:"slot"`
	Revision int64 `json:"revision"` // 1 or more; rises whenever the counts grew
	// Counts are the operations by type, cumulative; no zeros.
	Counts map[string]int64 `json:"counts"`
	// Lost, if set, declares that the part of these counts that the server does not have will never
	// come, and why: "expired", "refused" or "storage". The server adds nothing to its totals and
	// notes the difference as lost.
	Lost string `json:"lost,omitempty"`
	// Found means that an older copy of the device's ledger brought some of these counts back, and
	// that the device does not know whether the server has them: the receipt says how many were
	// new.
	Found bool `json:"found,omitempty"`
}

// Causes of loss.
const (
	LostExpired = "expired" // not submitted within 30 days
	LostRefused = "refused" // refused by the server
	LostStorage = "storage" // lost with a damaged or deleted ledger
)

// Receipt is the answer to a ReportBatch. It proves, by its MAC, that the
// server has the reports: only then may a client delete them.
type Receipt struct {
	Batch      string `json:"batch"`
	ReceivedAt int64  `json:"receivedAt"`
	// Digest is the SHA-256 of the request's body in base64url.
	Digest string `json:"digest"`
	// Accepted is the number of reports accepted. Each report that Exceptions
	// does not name was accepted: stored durably, now or earlier.
	Accepted   int         `json:"accepted"`
	Exceptions []Exception `json:"exceptions,omitempty"`
	// New says how much was new, for each accepted report with Found that had anything new.
	New []ReportUnits `json:"new,omitempty"`
	// Lost says how much the server does not have, for each accepted report with Lost: the report
	// may have arrived before, and its receipt not.
	Lost []ReportUnits `json:"lost,omitempty"`
	// Items has the state of the quota of each item in the batch, so that a process that never
	// restarts learns about it.
	Items []ItemState `json:"items,omitempty"`
}

// Exception says why one report was not accepted. It does not affect the other reports of the
// batch.
type Exception struct {
	Group   int    `json:"group"`  // index into ReportBatch.Groups
	Report  int    `json:"report"` // index into its Reports
	Code    Status `json:"code"`
	Message string `json:"message"`
	// Retry means that the report may be sent again unchanged. Otherwise the refusal is final and
	// the units are lost.
	Retry bool `json:"retry,omitempty"`
}

// ReportUnits is a number of units of a report of the batch.
type ReportUnits struct {
	Group  int   `json:"group"`  // index into ReportBatch.Groups
	Report int   `json:"report"` // index into its Reports
	Units  int64 `json:"units"`
}

// ItemState is the state of an item's quota.
type ItemState struct {
	ID    string `json:"id"`
	Quota Quota  `json:"quota"`
}

// Problem is an error answer: application/problem+json (RFC 9457) with the
// code of the LTS.
type Problem struct {
	Type   string `json:"type"`   // "about:blank"
	Title  string `json:"title"`  // the code's name, such as "LIMIT_EXCEEDED"
	Status int    `json:"status"` // the HTTP status
	Detail string `json:"detail"` // one line for people: the code's message, or more precise
	Code   Status `json:"code"`   // such as -20120
	// Reason says which meaning of the code applies, if it has several.
	Reason Reason `json:"reason,omitempty"`
	// Refusal is a JWS in compact form over a Refusal; set if the code is a decision about an
	// authorization; see Status.Decision.
	Refusal string `json:"refusal,omitempty"`
	// PublicKey is the server's Ed25519 key, as in AuthorizationResponse; set if Refusal is.
	PublicKey string `json:"publicKey,omitempty"`
}
