package protocol

// Refusal is what a server signs when it refuses an authorization. Without a signature, anybody on
// the way could end a license with one answer. For a client, a refusal is final only if it is
// signed with the server's known key and answers exactly the request that was sent.
type Refusal struct {
	Protocol  int    `json:"protocol"`
	Device    string `json:"device"`    // as in the request
	DeviceKey string `json:"deviceKey"` // as in the request
	Nonce     string `json:"nonce"`     // as in the request
	// Request is the digest of the request's body as the server received it. Otherwise somebody
	// could change a request on its way and get a valid refusal of something that the client did
	// not ask for.
	Request string `json:"request"`
	Code    Status `json:"code"`   // the decision, such as -20120
	Detail  string `json:"detail"` // one line for people
	// Reason tells which meaning of the code this is, if it has several.
	Reason Reason `json:"reason,omitempty"`
	// IssuedAt is the time by the server's clock, in seconds since 1970: a client that knows that
	// this clock is wrong does not believe that a license has expired.
	IssuedAt int64 `json:"issuedAt"`
}

// Decision tells whether the code refuses an authorization for good: such a refusal
// is signed. The other codes of a server say that the request was not understood,
// or not served now, and prove nothing about the license.
func (s Status) Decision() bool { return s <= -20101 && s > -20190 }

// Timely tells whether a decision depends on the time: a server with a wrong clock gets it wrong.
func (s Status) Timely() bool { return s == StatusLicenseExpired || s == StatusLicenseNotYetEffective }

// Reason says which meaning of a code applies, because some published numbers have several. Reasons
// may be added; a client that does not know one relies on the code.
type Reason string

// Reasons.
const (
	// Of -20100.
	ReasonStandby     Reason = "standby"     // the main server works
	ReasonMaintenance Reason = "maintenance" // the server is being worked on
	// Of -20101 and -20113.
	ReasonArchived Reason = "archived" // archived by an administrator
	ReasonRevoked  Reason = "revoked"  // revoked for good
	// Of -20104.
	ReasonNoItems Reason = "no-items" // the code has none
	ReasonModules Reason = "modules"  // the item does not have all modules asked for
	ReasonBlocked Reason = "blocked"  // an administrator blocked the device
	// Of -20111.
	ReasonItemExpired    Reason = "item"    // the item's days of tolerance are over
	ReasonDeviceExpired  Reason = "device"  // the trial of this device is over
	ReasonAddressExpired Reason = "address" // the trial of this network address is over
	// Of -20121.
	ReasonUnknownOrganization Reason = "unknown"
	ReasonNoDefaultCode       Reason = "no-default-code"
	// Of -20130.
	ReasonRequests  Reason = "requests"  // the item was granted as often as is allowed
	ReasonInstances Reason = "instances" // more are asked for than there are altogether
	// Of -20151.
	ReasonAnotherKey  Reason = "another-key"  // the device has a key that nobody confirmed
	ReasonUsageCopied Reason = "usage-copied" // more was counted of the device than it says it recorded
)
