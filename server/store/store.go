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
	// ErrUnavailable: at present, the database does not answer or accepts no changes.
	ErrUnavailable = errors.New("the database is not available")
)

// Reader runs queries that have the same meaning in the SQL dialect of every store, with a question
// mark for each argument. They are in package records.
type Reader interface {
	// Query calls row for each row; row can scan it.
	Query(ctx context.Context, query string, arguments []any, row func(scan func(...any) error) error) error
}

// Store keeps everything a server knows. Its methods may be called from any
// goroutine and, where the implementation says so, from several processes.
type Store interface {
	// Apply answers a group of requests: it loads what keys name, lets apply decide, and saves the
	// change. Several calls at once are isolated from each other. When Apply returns nil, the
	// change is durable. After most errors, nothing was changed; after ErrDisk or ErrUnavailable,
	// either all or nothing was, so the devices must repeat their requests. Apply may repeat all of
	// this after a conflict: apply must work only on the State that it receives, and only the last
	// Change that it returns counts.
	Apply(ctx context.Context, keys *Keys, apply func(*State) *Change) error

	// Update runs f in one transaction and commits it: when Update returns nil, all that f did is
	// durable. Errors have the same meaning as those of Apply. f must not keep its Tx.
	Update(ctx context.Context, f func(Tx) error) error

	// ReportKey finds the key with this id and its devices, which include the one with this UUID if
	// it has the key; ErrNotFound.
	ReportKey(ctx context.Context, keyID, device string) (ReportKey, error)
	// Ping tells whether the database answers.
	Ping(ctx context.Context) error

	// Reader reads what is committed.
	Reader

	// Organizations, HandshakeCodes, Items and Devices return the objects with these keys, or all
	// if there are no keys, in the order of the keys.
	Organizations(ctx context.Context, keys ...ID) ([]Organization, error)
	HandshakeCodes(ctx context.Context, keys ...ID) ([]HandshakeCodeUse, error)
	// Items returns items with their use at now, in seconds since 1970.
	Items(ctx context.Context, now int64, keys ...ID) ([]ItemUse, error)
	Devices(ctx context.Context, keys ...ID) ([]DeviceUse, error)
	// DeviceKeys lists the keys of a device, the first one first.
	DeviceKeys(ctx context.Context, device string) ([]DeviceKeyUse, error)
	// Products lists the vendor's own products.
	Products(ctx context.Context) ([]Product, error)
	LicenseFiles(ctx context.Context) ([]LicenseFile, error)
	// Denials, Anomalies and Audits return at most limit records, the newest first.
	Denials(ctx context.Context, limit int) ([]Denial, error)
	Anomalies(ctx context.Context, limit int) ([]Anomaly, error)
	Audits(ctx context.Context, limit int) ([]Audit, error)
	// Statistics sums up counted operations.
	Statistics(ctx context.Context, query StatisticsQuery) (Statistics, error)
	// Examine gives f a consistent view of everything, for verification.
	Examine(ctx context.Context, f func(Examination) error) error
	// Retention returns for how many days records are kept. Records that are not in the map are
	// kept for ever.
	Retention(ctx context.Context) (map[Record]int64, error)
	// Prune deletes some of the records from before a moment, in one small transaction, beginning
	// at a position (at first 0). It returns how many it deleted, and the position at which to
	// continue; 0: there are no more. For reports, the time of their slots counts, which must be
	// closed.
	Prune(ctx context.Context, record Record, before, position int64) (removed, next int64, err error)
	// Statements returns the statements of an organization, the oldest first.
	Statements(ctx context.Context, organization string) ([]Statement, error)
	// Backup writes a consistent copy to a new file while others continue to write.
	Backup(ctx context.Context, path string) error

	Close() error
}

// Tx is an open transaction that can change organizations, codes and items.
type Tx interface {
	// Reader sees what the transaction changed.
	Reader
	// Exec runs a statement, written like a query of Reader, and returns how many rows it changed;
	// ErrExists, ErrInUse.
	Exec(ctx context.Context, statement string, arguments ...any) (int64, error)
	// NextOrganizationID returns an organization id that is not used yet.
	NextOrganizationID() (string, error)
	AddOrganization(Organization) error   // ErrExists
	AddHandshakeCode(HandshakeCode) error // ErrExists; ErrNotFound: the organization
	AddItem(Item) error                   // ErrExists; ErrNotFound: the organization
	// AttachItem attaches an item to a code, or changes its position there.
	AttachItem(code, item ID, position int64) error
	// UpdateItem changes the fields of an item. Its key, id, organization, charge way and creation
	// time stay.
	UpdateItem(Item) error
	RevokeItem(item ID, at int64) error
	// ArchiveItem and ArchiveHandshakeCode archive an object, a code perhaps at a moment in the
	// future; 0 restores it.
	ArchiveItem(item ID, at int64) error
	ArchiveHandshakeCode(code ID, at int64) error
	// SetSessionPassword gives a code another session password, as hashes.
	SetSessionPassword(code ID, hash, previous string, previousUntil int64) error
	AddProduct(Product) error // ErrExists
	Products() ([]Product, error)

	// ConfirmKey lets a further key of a device report like its first key; ErrNotFound. left is the
	// number of runs that both keys reported: they stay separate.
	ConfirmKey(device, keyID string, at int64) (left int64, err error)
	// ClearClone forgets that a device was found to be cloned; ErrNotFound.
	ClearClone(device string) error
	// Alone keeps everybody else from saving a group until the transaction ends. It first waits
	// until the groups that are already loaded are saved.
	Alone(ctx context.Context) error
	// ChangeSeats lets f decide on the seats of an item while nobody else changes them, and saves
	// the seats, steps and sums that f returns. The state contains the use of the item at now, in
	// seconds since 1970, and the devices, if any, with their seats of the item from then on.
	ChangeSeats(now int64, item Item, devices []Reporter, f func(*State) *Change) error

	// VendorKey returns the seed of the vendor's key that signs license files; ErrNotFound.
	VendorKey() ([]byte, error)
	AddVendorKey(seed []byte) error
	Vendors() ([]Vendor, error)
	TrustVendor(Vendor) error
	// LicenseFile returns the last import of a license file; ErrNotFound.
	LicenseFile(id string) (LicenseFile, error)
	PutLicenseFile(LicenseFile) error

	AddAudit(Audit) error
	AddServerKeys(ServerKeys) error
	// SetRetention sets for how many days a record is kept; 0: for ever.
	SetRetention(record Record, days int64) error
	Closing() (Closing, error)
	// CloseSlots closes the slots before a moment: nothing is counted in them any more. It can't be
	// undone.
	CloseSlots(before int64) error
	AddCheckpoint(Checkpoint) error // ErrExists
	Used(item ID) (int64, error)    // units of it that are used; ErrNotFound
	// Adjust adds an adjustment, and adds its units to the use of the item.
	Adjust(Adjustment) error
	AddStatement(Statement) error // ErrExists: the month is closed

	Organization(id string) (Organization, error)     // ErrNotFound
	HandshakeCode(code string) (HandshakeCode, error) // ErrNotFound
	Item(id string) (Item, error)                     // ErrNotFound
}
