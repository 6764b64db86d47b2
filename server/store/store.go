package store

import (
	"context"
	"errors"
)

// Errors of a store.
var (
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("exists already")
	ErrInUse    = errors.New("in use") // something else refers to it
	// ErrUnavailable: the database does not answer, or takes no changes, for now.
	ErrUnavailable = errors.New("the database is not available")
)

// Reader runs queries that mean the same in the dialect of every store, with a
// question mark for each argument. Package records holds them.
type Reader interface {
	// Query calls row for each row, which it can scan.
	Query(ctx context.Context, query string, arguments []any, row func(scan func(...any) error) error) error
}

// Store keeps everything a server knows. Its methods may be called from any
// goroutine and, where the implementation says so, from several processes.
type Store interface {
	// Apply answers a group of requests: it loads what keys name, has apply decide,
	// and saves the change, in isolation from everybody else's, of which there may be
	// several at once. When it returns nil, the change is durable. Otherwise none of it
	// happened; after ErrDisk or ErrUnavailable it may have, all or nothing, so who asked
	// asks again. It may run all of that again after a conflict: apply works on the State
	// it is given and nothing else, and what it gave last holds.
	Apply(ctx context.Context, keys *Keys, apply func(*State) *Change) error

	// Update runs f in one transaction and commits it: when Update returns nil, all
	// that f did is durable. Errors mean what they mean of Apply. f must not keep its
	// Tx.
	Update(ctx context.Context, f func(Tx) error) error

	// ReportKey finds the key with this id, and its devices: if there is one with
	// this UUID, that is among them; ErrNotFound.
	ReportKey(ctx context.Context, keyID, device string) (ReportKey, error)
	// Ping tells whether the database answers.
	Ping(ctx context.Context) error

	// Reader reads what is committed.
	Reader

	// Organizations, HandshakeCodes, Items and Devices give those with the keys, or
	// all if none is named, in the order of the keys.
	Organizations(ctx context.Context, keys ...ID) ([]Organization, error)
	HandshakeCodes(ctx context.Context, keys ...ID) ([]HandshakeCodeUse, error)
	// Items gives how items are used now, in seconds since 1970.
	Items(ctx context.Context, now int64, keys ...ID) ([]ItemUse, error)
	Devices(ctx context.Context, keys ...ID) ([]DeviceUse, error)
	// DeviceKeys lists the keys of a device, the first one first.
	DeviceKeys(ctx context.Context, device string) ([]DeviceKeyUse, error)
	// Products lists the vendor's own products.
	Products(ctx context.Context) ([]Product, error)
	LicenseFiles(ctx context.Context) ([]LicenseFile, error)
	// Denials, Anomalies and Audits give the newest first, at most limit.
	Denials(ctx context.Context, limit int) ([]Denial, error)
	Anomalies(ctx context.Context, limit int) ([]Anomaly, error)
	Audits(ctx context.Context, limit int) ([]Audit, error)
	// Statistics sums up counted operations.
	Statistics(ctx context.Context, query StatisticsQuery) (Statistics, error)
	// Examine gives f a consistent view of everything, for verification.
	Examine(ctx context.Context, f func(Examination) error) error
	// Retention tells for how many days records are kept; those that are not in it,
	// for ever.
	Retention(ctx context.Context) (map[Record]int64, error)
	// Prune deletes records from before a moment, in one small transaction: those at
	// a position (at first 0) and after it. It gives how many went, and the position
	// to go on from; 0: there are no more. Reports go by their slots, which must be
	// closed.
	Prune(ctx context.Context, record Record, before, position int64) (removed, next int64, err error)
	// Statements are those of an organization, the oldest first.
	Statements(ctx context.Context, organization string) ([]Statement, error)
	// Backup writes a consistent copy to a new file while others go on writing.
	Backup(ctx context.Context, path string) error

	Close() error
}

// Tx is an open transaction, by which organizations, codes and items are changed.
type Tx interface {
	// Reader sees what the transaction changed.
	Reader
	// Exec runs a statement like a query of Reader's, and gives how many rows it
	// changed; ErrExists, ErrInUse.
	Exec(ctx context.Context, statement string, arguments ...any) (int64, error)
	// NextOrganizationID is a free organization id.
	NextOrganizationID() (string, error)
	AddOrganization(Organization) error   // ErrExists
	AddHandshakeCode(HandshakeCode) error // ErrExists; ErrNotFound: the organization
	AddItem(Item) error                   // ErrExists; ErrNotFound: the organization
	// AttachItem makes an item one of a code's, or changes its position there.
	AttachItem(code, item ID, position int64) error
	// UpdateItem gives an item other fields. What it is known by, its organization,
	// its charge way and when it was created stay.
	UpdateItem(Item) error
	RevokeItem(item ID, at int64) error
	// ArchiveItem and ArchiveHandshakeCode put something away; 0 takes it back.
	ArchiveItem(item ID, at int64) error
	ArchiveHandshakeCode(code ID, at int64) error
	// SetSessionPassword gives a code another session password, as hashes.
	SetSessionPassword(code ID, hash, previous string, previousUntil int64) error
	AddProduct(Product) error // ErrExists
	Products() ([]Product, error)

	// ConfirmKey lets a further key of a device report as its first does; ErrNotFound.
	// left is the number of its runs that both keys reported: they stay apart.
	ConfirmKey(device, keyID string, at int64) (left int64, err error)
	// ClearClone forgets that a device was found to be cloned; ErrNotFound.
	ClearClone(device string) error
	// Alone has nobody else save a group until the transaction ends. Groups that were
	// loaded are saved before.
	Alone(ctx context.Context) error
	// ChangeSeats has f decide on the seats of an item, alone, and saves the seats, steps
	// and sums that it gives. The state holds the use of the item at now, in seconds since
	// 1970, and the devices, if any, with what they have of it from then on.
	ChangeSeats(now int64, item Item, devices []Reporter, f func(*State) *Change) error

	// VendorKey gives the seed of the vendor's key that signs license files; ErrNotFound.
	VendorKey() ([]byte, error)
	AddVendorKey(seed []byte) error
	Vendors() ([]Vendor, error)
	TrustVendor(Vendor) error
	// LicenseFile gives what was imported last of a license file; ErrNotFound.
	LicenseFile(id string) (LicenseFile, error)
	PutLicenseFile(LicenseFile) error

	AddAudit(Audit) error
	AddServerKeys(ServerKeys) error
	// SetRetention sets for how many days a record is kept; 0: for ever.
	SetRetention(record Record, days int64) error
	Closing() (Closing, error)
	// CloseSlots has nothing counted any more in slots before a moment. It never goes
	// back.
	CloseSlots(before int64) error
	AddCheckpoint(Checkpoint) error // ErrExists
	Used(item ID) (int64, error)    // units of it that are used; ErrNotFound
	// Adjust adds an adjustment, and its units to what is used of the item.
	Adjust(Adjustment) error
	AddStatement(Statement) error // ErrExists: the month is closed

	Organization(id string) (Organization, error)     // ErrNotFound
	HandshakeCode(code string) (HandshakeCode, error) // ErrNotFound
	Item(id string) (Item, error)                     // ErrNotFound
}
