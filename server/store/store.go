package store

import (
	"context"
	"errors"

	"github.com/openlts/openlts/core/protocol"
)

// Errors of a store.
var (
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("exists already")
)

// Store keeps everything a server knows. Its methods may be called from any
// goroutine and, where the implementation says so, from several processes.
type Store interface {
	// Update runs f in one transaction and commits it: when Update returns nil,
	// all that f did is durable, and otherwise none of it happened. Updates run
	// one after the other. f must not keep its Tx.
	Update(ctx context.Context, f func(Tx) error) error

	// ReportKey finds the key with this id, for a device with this UUID among
	// others; ErrNotFound.
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
	// Verify recomputes all totals, the usage of items and the losses from the
	// reports as they came, in one consistent view.
	Verify(ctx context.Context) (Verification, error)
	// Backup writes a consistent copy to a new file while others go on writing.
	Backup(ctx context.Context, path string) error

	Close() error
}

// Tx is an open transaction of a store.
type Tx interface {
	Administration
	Authorization
	Reporting
}

// Administration is how organizations, codes and items are changed.
type Administration interface {
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
}

// Authorization is what authorizing a device needs.
type Authorization interface {
	Organization(id string) (Organization, error)     // ErrNotFound
	HandshakeCode(code string) (HandshakeCode, error) // ErrNotFound
	Item(id string) (Item, error)                     // ErrNotFound
	// ItemsOf gives the items of a code, in no particular order.
	ItemsOf(code ID) ([]CodeItem, error)
	// Attached tells whether the item is one of the code's.
	Attached(code, item ID) (bool, error)

	// PutDevice notes that a device was seen, and gives its key.
	PutDevice(Device) (ID, error)
	// FindDevice gives the key of a device by its UUID; ErrNotFound.
	FindDevice(uuid string) (ID, error)
	// PutDeviceKey notes a key of a device; other tells that the device had
	// another one before.
	PutDeviceKey(device ID, key DeviceKey, at int64) (other bool, err error)

	// Used is how much of an item is used, in units.
	Used(item ID) (int64, error)
	// Seat is the device's place on the item's list; ErrNotFound.
	Seat(item, device ID) (Seat, error)
	// Seats counts the item's places that have not expired.
	Seats(item ID, now int64) (int64, error)
	// PutSeat puts a device on an item's list, or keeps it there; fresh tells
	// that it had no seat that has not expired.
	PutSeat(item, device ID, seat Seat, fresh bool) error

	AddDenial(Denial) error
	NoteAnomaly(device ID, kind, detail string, at int64) error
}

// Reporting is what counting a report needs.
type Reporting interface {
	// Run gives the key of a run, and makes one if it is new.
	Run(RunKey) (ID, error)
	// Report gives what is stored for a slot of a run; ErrNotFound.
	Report(run ID, slot int64) (Report, error)
	// PutReport stores the merged report and appends the received one.
	PutReport(received ReceivedReport, merged Report) error
	// AddTotals adds to the totals of a code and an item in a slot, by type.
	AddTotals(code, item ID, slot int64, added map[string]int64) error
	// AddUsed adds to what is used of an item.
	AddUsed(item ID, units int64) error
	// LostByStorage is what the device declared lost with its ledger so far.
	LostByStorage(device ID) (int64, error)
	// PutDeviceAccount keeps what a device says of its usage over all times,
	// unless what is stored is newer: sent later, and with more recorded.
	PutDeviceAccount(device ID, account protocol.DeviceAccount, sentAt int64) error
}
