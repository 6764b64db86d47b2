package store

import (
	"context"
	"errors"
)

// Errors of a store.
var (
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("exists already")
)

// Store keeps everything a server knows. Its methods may be called from any
// goroutine and, where the implementation says so, from several processes.
type Store interface {
	// Apply answers a group of requests: it loads what keys name, has apply decide,
	// and saves the change, in isolation from everybody else's. When it returns nil,
	// the change is durable, and otherwise none of it happened. It may run all of
	// that again after a conflict: apply works on the State it is given and nothing
	// else, and what it gave last holds.
	Apply(ctx context.Context, keys *Keys, apply func(*State) *Change) error

	// Update runs f in one transaction and commits it: when Update returns nil,
	// all that f did is durable, and otherwise none of it happened. f must not keep
	// its Tx.
	Update(ctx context.Context, f func(Tx) error) error

	// ReportKey finds the key with this id, and its devices: if there is one with
	// this UUID, that is among them; ErrNotFound.
	ReportKey(ctx context.Context, keyID, device string) (ReportKey, error)
	// Ping tells whether the database answers.
	Ping(ctx context.Context) error

	Organizations(ctx context.Context) ([]Organization, error)
	HandshakeCodes(ctx context.Context) ([]HandshakeCodeUse, error)
	// Items gives how items are used now, in seconds since 1970.
	Items(ctx context.Context, now int64) ([]ItemUse, error)
	Devices(ctx context.Context) ([]DeviceUse, error)
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
	// NextOrganizationID is a free organization id.
	NextOrganizationID() (string, error)
	AddOrganization(Organization) error   // ErrExists
	AddHandshakeCode(HandshakeCode) error // ErrExists; ErrNotFound: the organization
	AddItem(Item) error                   // ErrExists; ErrNotFound: the organization
	// AttachItem makes an item one of a code's, or changes its position there.
	AttachItem(code, item ID, position int64) error
	RevokeItem(item ID, at int64) error
	AddAudit(Audit) error
	// ServerKeys gives the server's keys; ErrNotFound.
	ServerKeys() (ServerKeys, error)
	AddServerKeys(ServerKeys) error
	// SetRetention sets for how many days a record is kept; 0: for ever.
	SetRetention(record Record, days int64) error
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
