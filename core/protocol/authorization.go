package protocol

// AuthorizationRequest is the body of POST /v1/authorizations. Every call of InitLicenseFromLTS that reaches a
// server sends one.
type AuthorizationRequest struct {
	Protocol int `json:"protocol"`
	// Nonce is at least 16 random bytes in base64url. The answer repeats it, so that nobody can
	// replay an old answer.
	Nonce string `json:"nonce"`
	// ClientTime is the time by the client's clock, in seconds since 1970. The server notes a large
	// difference, but refuses nothing because of it.
	ClientTime int64  `json:"clientTime"`
	Device     Device `json:"device"`

	HandshakeCode   string `json:"handshakeCode,omitempty"`
	OrganizationID  string `json:"organizationID,omitempty"`
	SessionPassword string `json:"sessionPassword,omitempty"`
	// Item is the id of the only acceptable item; empty: any item of the code.
	Item string `json:"item,omitempty"`

	Products       Product         `json:"products"`
	ProductVersion string          `json:"productVersion,omitempty"`
	Edition        string          `json:"edition,omitempty"`
	DeploymentType DeploymentType  `json:"deploymentType"`
	ChargeWay      ChargeWay       `json:"chargeWay"`
	Modules        []LicenseModule `json:"modules,omitempty"` // empty: all
	MaxBufferDays  int             `json:"maxBufferDays"`
	InstanceCount  int             `json:"instanceCount"`
	// SlotSeconds is how often the client reports: the length of its slots. 0: the default.
	SlotSeconds int `json:"slotSeconds,omitempty"`
	// ValidationField is the domain, application id or process name.
	ValidationField string `json:"validationField,omitempty"`
	// Anomalies that the client noticed, such as "clock-turned-back" or "ledger-replaced". The
	// server shows them, but refuses nothing because of them.
	Anomalies []string `json:"anomalies,omitempty"`
}

// Device says which device asks.
type Device struct {
	UUID string `json:"uuid"` // the client UUID, lower case 8-4-4-4-12
	// PublicKey is the device's X25519 key, 32 bytes in base64url; the report
	// key is derived from it.
	PublicKey string `json:"publicKey"`
	// UUIDSource is "random", "hardware", "host" (chosen by the host), "memory" (random, but it
	// could not be stored and ends with the process) or "weak" (from a browser without a secure
	// random number generator).
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

// Authorization is what a server grants and signs. A client stores it as received and uses it until
// BufferUntil if no server can be reached.
type Authorization struct {
	Protocol  int    `json:"protocol"`
	Device    string `json:"device"`    // as in the request
	DeviceKey string `json:"deviceKey"` // as in the request
	Nonce     string `json:"nonce"`     // as in the request
	// Request is the digest of the request's body as the server received it, so that nobody can
	// change the request on its way.
	Request string `json:"request"`

	HandshakeCode  string `json:"handshakeCode"` // the one in use, also if only an organization was given
	OrganizationID string `json:"organizationID"`
	Item           Item   `json:"item"`
	Quota          Quota  `json:"quota"`
	Trial          bool   `json:"trial,omitempty"`

	// Times in seconds since 1970, by the server's clock.
	IssuedAt    int64 `json:"issuedAt"`
	ValidUntil  int64 `json:"validUntil"`  // end of the license, including its 7 days of tolerance
	BufferUntil int64 `json:"bufferUntil"` // end of use without the server; not after ValidUntil

	ReportKey ReportKey `json:"reportKey"`
}

// Item is the license item of an authorization.
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

// QuotaState is the state of an item's quota.
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
	// Exceptions are the seats beyond the limit, added up over all slots since they were last
	// reset, and how many are allowed, for charge ways that count them. Such charge ways have no
	// tolerance.
	Exceptions        int64 `json:"exceptions,omitempty"`
	ExceptionsAllowed int64 `json:"exceptionsAllowed,omitempty"`
}

// ReportKey is what the client needs to derive its report key.
type ReportKey struct {
	// ServerPublicKey is the server's X25519 key, 32 bytes in base64url.
	ServerPublicKey string `json:"serverPublicKey"`
	// ID identifies the derived key; see DeriveReportKey.
	ID string `json:"id"`
}

// KeysResponse is the answer to GET /v1/keys.
type KeysResponse struct {
	// SigningKeys are the server's Ed25519 keys, beginning with the one in use.
	SigningKeys []SigningKey `json:"signingKeys"`
}

// SigningKey is one Ed25519 key.
type SigningKey struct {
	ID        string `json:"id"`
	PublicKey string `json:"publicKey"`
}
