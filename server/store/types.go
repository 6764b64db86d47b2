// Package store defines what the License Tracking Server stores: the domain types, and the
// interface of a store. Packages sqlite and postgres implement it.
package store

import "github.com/openlts/openlts/core/protocol"

// ID is the internal key of a row: small, ordered, and never shown to anyone.
// What people and clients use are the text ids beside it. (Random text keys cost
// up to twelve times as much in an index.)
type ID int64

// Unlimited is the quota of an item that has none.
const Unlimited = -1

// Organization is the licensee of items and the owner of handshake codes.
type Organization struct {
	Key         ID
	ID          string // digits, such as "100001"
	Name        string
	DefaultCode string // "" if it has no handshake code yet
	ArchivedAt  int64  // 0: in use
	CreatedAt   int64
}

// HandshakeCode connects applications and license items: many to many.
type HandshakeCode struct {
	Key             ID
	Code            string // "<organization id>-<custom part>"
	Organization    string // its id
	SessionPassword string // its hash, see package password; "": none is asked for
	// PreviousPassword is the hash of the password before this one, which also works until
	// PreviousUntil; "": none.
	PreviousPassword string
	PreviousUntil    int64
	// ValidationFields are the domains, application ids or process names that
	// may use the code; none: any.
	ValidationFields []string
	Default          bool // the organization's default code
	PublicTrial      bool // its trials are for who names neither a code nor an organization
	// ArchivedAt is from when on it authorizes nobody, perhaps in the future; 0: in use.
	ArchivedAt int64
	// OrganizationArchivedAt is when its organization was archived; 0: in use.
	OrganizationArchivedAt int64
	CreatedAt              int64
}

// Archived tells whether the code is archived at a moment.
func (c HandshakeCode) Archived(at int64) bool { return c.ArchivedAt != 0 && c.ArchivedAt <= at }

// Item is a license item: a permit to use products. Use is counted on it.
type Item struct {
	Key            ID
	ID             string
	Organization   string // the id of the licensee
	Name           string
	Products       protocol.Product
	Version        string                  // major version; "": any
	Edition        string                  // "": any
	DeploymentType protocol.DeploymentType // 0: any
	ChargeWay      protocol.ChargeWay
	Modules        []protocol.LicenseModule // none: all
	Quota          int64                    // in what the charge way counts; Unlimited
	StartsAt       int64
	ExpiresAt      int64
	// MaxBufferDays caps how long a client may work without the server.
	MaxBufferDays   int64
	ValidationField string // "": any
	Trial           bool
	// TrialBy tells whose trial lasts TrialDays from the first authorization on: that of each
	// device, of each network address, or of both, whichever ends first; TrialByNobody: the item's
	// own dates decide.
	TrialBy   TrialBy
	TrialDays int64
	// Requires are the ids of items that this item is an add-on to: one of them must be valid and
	// belong to the same code. None: it is not an add-on.
	Requires []string
	// RequestLimit is the number of authorizations that may be granted on it in total; 0: any
	// number.
	RequestLimit int64
	// RefuseClones refuses devices which look like copies of one another.
	RefuseClones bool
	RevokedAt    int64 // 0: in force
	ArchivedAt   int64 // 0: in use
	// LicenseFile is the id of the license file that it came from; "": none.
	LicenseFile string
	CreatedAt   int64
	// Charging tells where charging differs from the charge way.
	Charging Charging
}

// TrialBy tells whose trial counts.
type TrialBy string

// What trials go by.
const (
	TrialByNobody  TrialBy = ""
	TrialByDevice  TrialBy = "device"
	TrialByAddress TrialBy = "address"
	TrialByBoth    TrialBy = "both"
)

// Product is one of the vendor's own products, in addition to the built-in ones.
type Product struct {
	Bit  protocol.Product // one bit
	Name string
	// CreatedAt is in seconds since 1970.
	CreatedAt int64
}

// LicenseFile is a license file that was imported; see package licensefile.
type LicenseFile struct {
	ID           string
	Vendor       string // the id of the vendor's key
	Revision     int64  // the highest imported
	Organization string // the id of whom it licenses here
	Alias        string
	Revoked      bool
	ImportedAt   int64
	Content      []byte // as imported, with its signature
}

// Vendor is a vendor whose license files the server trusts.
type Vendor struct {
	PublicKey []byte // Ed25519
	Name      string
	TrustedAt int64
}

// CodeItem is an item of a handshake code.
type CodeItem struct {
	Item
	// Position is its place among the code's items, from 1, as an administrator set it; 0 if the
	// default rules decide.
	Position int64
}

// Device is a device that was authorized at least once.
type Device struct {
	Key          ID
	UUID         string
	UUIDSource   string
	FriendlyName string
	Platform     string
	Library      string
	FirstSeenAt  int64
	LastSeenAt   int64
	// ClonedAt is when the server last had more from the device than the device says it recorded;
	// 0: never, or an administrator looked into it.
	ClonedAt int64
}

// DeviceKey is a public key a device was authorized with, and what is derived from it.
type DeviceKey struct {
	KeyID     string // see protocol.DeriveReportKey
	PublicKey []byte
	ReportKey []byte // authenticates reports and receipts: secret
}

// ReportKey is what a key id in a request leads to.
type ReportKey struct {
	Secret []byte
	// Devices are the devices authorized with this key by their UUID: one, if
	// nobody copied a device key.
	Devices map[string]Reporter
}

// Report is the usage of one slot of one run as the server holds it.
type Report struct {
	// Revision is the highest accepted one; 0 if only losses were declared.
	Revision int64
	// Counts are the units counted by operation type: cumulative.
	Counts Counts
	// Losses are the declarations of units that will never come, by cause.
	Losses map[string]Loss
}

// Loss is the declaration that units of a slot will never come.
type Loss struct {
	Revision int64  // of the declaration
	Counts   Counts // as declared: cumulative, what was accepted included
	Units    int64  // lost for this cause: what was neither accepted nor declared before
}

// ReceivedReport is a report as it came, for the append-only record.
type ReceivedReport struct {
	Run         *Run
	Slot        int64
	SlotSeconds int
	Revision    int64
	Counts      Counts
	Lost        string
	ReceivedAt  int64
}

// Denial is the record of refused authorizations: those of a device under a code
// with a status are counted, so that they can't fill the disk. It holds no secret.
type Denial struct {
	At            int64           `json:"at"` // the last time
	Status        protocol.Status `json:"code"`
	Device        string          `json:"device"` // UUID
	DeviceName    string          `json:"deviceName,omitempty"`
	HandshakeCode string          `json:"handshake,omitempty"`
	Organization  string          `json:"organization,omitempty"` // of the code, if it is known
	// OrganizationName and ItemName are as they are now; a store fills them in when
	// it lists denials.
	OrganizationName string `json:"organizationName,omitempty"`
	Item             string `json:"item,omitempty"` // the id of the item that came closest
	ItemName         string `json:"itemName,omitempty"`
	// Limit and Used are those of the item, in what it counts; Limit 0: no item came
	// into question.
	Limit   int64  `json:"limit,omitempty"`
	Used    int64  `json:"used,omitempty"`
	Cause   string `json:"cause,omitempty"` // the reason in the refusal, where a code has several
	Reason  string `json:"reason"`          // in words, of the last one
	Count   int64  `json:"count"`
	FirstAt int64  `json:"firstAt"`
}

// Anomaly is something strange about a device that refuses nothing. Anomalies of
// one kind are counted, so that they can't fill the disk.
type Anomaly struct {
	Device  string `json:"device"` // UUID
	Kind    string `json:"kind"`   // such as "clock-turned-back"
	Detail  string `json:"detail"` // of the last one
	Count   int64  `json:"count"`
	FirstAt int64  `json:"firstAt"`
	LastAt  int64  `json:"lastAt"`
}

// Audit is the record of an administrative change.
type Audit struct {
	At     int64  `json:"at"`
	Actor  string `json:"actor"`  // who: the name of the operating system's account
	Action string `json:"action"` // such as "item.revoke"
	Object string `json:"object"` // the id of what was changed
	Detail string `json:"detail"` // without secrets
}

// ServerKeys are the keys of a server. A database has one set, made at first start.
type ServerKeys struct {
	Signing []byte // Ed25519 seed: secret
	Report  []byte // X25519 private key: secret
}
