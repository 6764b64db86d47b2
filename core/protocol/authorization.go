package protocol

// AuthorizationRequest is the body of POST /v1/authorizations. Every call of InitLicenseFromLTS that reaches a
// server sends one.
type AuthorizationRequest struct {
	Protocol int `json:"protocol"`
	// Nonce is 16 random bytes or more in base64url; the answer repeats it,
	// so that an old answer can't be played back.
	Nonce string `json:"nonce"`
	// ClientTime is the client's clock, in seconds since 1970; the server notes
	// a large difference and refuses nothing because of it.
	ClientTime int64  `json:"clientTime"`
	Device     Device `json:"device"`

	HandshakeCode   string `json:"handshakeCode,omitempty"`
	OrganizationID  string `json:"organizationID,omitempty"`
	SessionPassword string `json:"sessionPassword,omitempty"`
	// Item is the id of the only item that will do; empty: any of the code's.
	Item string `json:"item,omitempty"`

	Products       Product         `json:"products"`
	ProductVersion string          `json:"productVersion,omitempty"`
	Edition        string          `json:"edition,omitempty"`
	DeploymentType DeploymentType  `json:"deploymentType"`
	ChargeWay      ChargeWay       `json:"chargeWay"`
	Modules        []LicenseModule `json:"modules,omitempty"` // empty: all
	MaxBufferDays  int             `json:"maxBufferDays"`
	InstanceCount  int             `json:"instanceCount"`
	// SlotSeconds is how often the client reports, if it does: the length of its
	// slots. 0: as usual.
	SlotSeconds int `json:"slotSeconds,omitempty"`
	// ValidationField is the domain, application id or process name.
	ValidationField string `json:"validationField,omitempty"`
	// Anomalies the client noticed, such as "clock-turned-back" or
	// "ledger-replaced". The server shows them; they refuse nothing.
	Anomalies []string `json:"anomalies,omitempty"`
}

// Device says which device asks.
type Device struct {
	UUID string `json:"uuid"` // the client UUID, lower case 8-4-4-4-12
	// PublicKey is the device's X25519 key, 32 bytes in base64url; the report
	// key is derived from it.
	PublicKey string `json:"publicKey"`
	// UUIDSource is "random", "hardware", "host" (injected by the host) or "memory": a
	// random one that could not be kept and ends with the process.
	UUIDSource   string `json:"uuidSource"`
	FriendlyName string `json:"friendlyName,omitempty"`
	Platform     string `json:"platform,omitempty"` // such as "linux/amd64"
	Library      string `json:"library,omitempty"`  // such as "openlts/0.1.0"
}

// AuthorizationResponse is the answer to an AuthorizationRequest that was granted.
type AuthorizationResponse struct {
	// Authorization is a JWS in compact form (RFC 7515, EdDSA) over an
	// Authorization.
	Authorization string `json:"authorization"`
	// PublicKey is the server's Ed25519 key, 32 bytes in base64url, for clients
	// that have neither pinned nor seen one.
	PublicKey string `json:"publicKey"`
}

// Authorization is what a server grants and signs. A client keeps it as
// received and uses it until BufferUntil when no server can be reached.
type Authorization struct {
	Protocol  int    `json:"protocol"`
	Device    string `json:"device"`    // as in the request
	DeviceKey string `json:"deviceKey"` // as in the request
	Nonce     string `json:"nonce"`     // as in the request
	// Request is the digest of the request's body as the server got it, so that what
	// was asked for can't be changed on its way.
	Request string `json:"request"`

	HandshakeCode  string `json:"handshakeCode"` // the one in use, also if only an organization was given
	OrganizationID string `json:"organizationID"`
	Item           Item   `json:"item"`
	Quota          Quota  `json:"quota"`
	Trial          bool   `json:"trial,omitempty"`

	// Times in seconds since 1970, by the server's clock.
	IssuedAt    int64 `json:"issuedAt"`
	ValidUntil  int64 `json:"validUntil"`  // end of the license, its 7 days of tolerance included
	BufferUntil int64 `json:"bufferUntil"` // end of use without the server; not after ValidUntil

	ReportKey ReportKey `json:"reportKey"`
}

// Item is the license item that an authorization uses.
type Item struct {
	ID             string          `json:"id"`
	Name           string          `json:"name,omitempty"`
	Products       Product         `json:"products"`
	Version        string          `json:"version,omitempty"`
	Edition        string          `json:"edition,omitempty"`
	DeploymentType DeploymentType  `json:"deploymentType,omitempty"` // 0: any
	ChargeWay      ChargeWay       `json:"chargeWay"`
	Modules        []LicenseModule `json:"modules,omitempty"` // empty: all
	StartsAt       int64           `json:"startsAt"`
	ExpiresAt      int64           `json:"expiresAt"`
}

// QuotaState says how an item's quota stands.
type QuotaState string

// Quota states.
const (
	QuotaOK        QuotaState = "ok"
	QuotaTolerance QuotaState = "tolerance" // used up; the tolerance is not
	QuotaExhausted QuotaState = "exhausted" // tolerance used up too
)

// Quota is how much of an item is used, in what its charge way counts.
type Quota struct {
	Limit     int64      `json:"limit"` // -1: not limited
	Tolerance int64      `json:"tolerance"`
	Used      int64      `json:"used"`
	State     QuotaState `json:"state"`
	// Exceptions are what was active beyond the limit, slot by slot, since they were
	// cleared last, and how many are allowed: of charge ways that count them. They
	// take the place of a tolerance.
	Exceptions        int64 `json:"exceptions,omitempty"`
	ExceptionsAllowed int64 `json:"exceptionsAllowed,omitempty"`
}

// ReportKey tells the client what to derive its report key from.
type ReportKey struct {
	// ServerPublicKey is the server's X25519 key, 32 bytes in base64url.
	ServerPublicKey string `json:"serverPublicKey"`
	// ID names the derived key; see DeriveReportKey.
	ID string `json:"id"`
}

// KeysResponse is the answer to GET /v1/keys.
type KeysResponse struct {
	// SigningKeys are the server's Ed25519 keys, the one in use first.
	SigningKeys []SigningKey `json:"signingKeys"`
}

// SigningKey is one Ed25519 key.
type SigningKey struct {
	ID        string `json:"id"`
	PublicKey string `json:"publicKey"`
}
