package store

import (
	"fmt"
	"time"
)

// Record is a kind of record that is kept for a limited time.
type Record string

// Records with a time of their own.
const (
	// RecordReceived are the reports as they came. The time of their slots decides: whole months
	// are deleted once a checkpoint has replaced them.
	RecordReceived Record = "reports"
	// RecordSlots are the stored slots of runs. They are deleted with the reports.
	RecordSlots     Record = "slots"
	RecordDenials   Record = "denials"
	RecordAnomalies Record = "anomalies"
	RecordAudit     Record = "audit"
	// RecordSeats are past seats. The time at which they ended decides. The seats of the last 365
	// days of an item and the newest seat of each device are always kept, so that exceptions and
	// the list of devices that had a seat do not change.
	RecordSeats Record = "seats"
	// RecordTokens are tokens of the API that expired; their time is the expiry.
	RecordTokens Record = "tokens"
)

// Closing tells how far slots are closed: the slot before which nothing is counted any more, the
// slot before which reports may have been deleted, and the slot before which all have been deleted.
// 0: none.
type Closing struct{ Before, Pruned, Swept int64 }

// Records are all kinds of records whose time can be set. Slots are deleted with the reports.
var Records = []Record{RecordReceived, RecordDenials, RecordAnomalies, RecordAudit, RecordSeats, RecordTokens}

// PrunedError is the error of statistics that need reports which were deleted.
type PrunedError struct {
	Before int64 // the slot
}

func (e *PrunedError) Error() string {
	return fmt.Sprintf("the single reports from before %s were deleted; what is left by device are whole days in UTC, "+
		"and of all devices together the slots",
		time.Unix(e.Before, 0).UTC().Format(time.DateOnly))
}

// Checkpoint replaces the reports of the slots before a moment: it contains their sums, signed by
// the server. Reports of these slots are not counted any more.
type Checkpoint struct {
	ClosedBefore int64 // the slot
	MadeAt       int64
	// Document is the statement and its signature: a JWS.
	Document string
}

// Adjustment changes how much of an item is used, with a reason. Reports never change.
type Adjustment struct {
	Key    ID
	Item   ID
	At     int64
	Units  int64 // added to what is used; negative: taken off
	Reason string
	Actor  string
	// Signature is a JWS over all of this by the server.
	Signature string
}

// Statement tells what an organization used in a month, as it was billed.
type Statement struct {
	Organization string // its id
	Month        string // such as "2026-11"
	MadeAt       int64
	Document     string // a JWS
}
