package store

import (
	"fmt"
	"time"
)

// Record is a kind of record that is kept for a time.
type Record string

// Records with a time of their own.
const (
	// RecordReceived are the reports as they came. What goes by their time is the
	// slot: whole months go, once a checkpoint stands for them.
	RecordReceived Record = "reports"
	// RecordSlots is what is stored of the slots of runs. They go with the reports.
	RecordSlots     Record = "slots"
	RecordDenials   Record = "denials"
	RecordAnomalies Record = "anomalies"
	RecordAudit     Record = "audit"
	// RecordSeats are past seats. What goes by their time is the end. Those of the last
	// 365 days of an item are always kept, and the newest of each device: exceptions and
	// who had a seat stay what they are.
	RecordSeats Record = "seats"
	// RecordTokens are tokens of the API that expired; their time is when.
	RecordTokens Record = "tokens"
)

// Closing says how far slots are closed: before which one nothing is counted any
// more, before which one reports may be gone, and before which all are. 0: none.
type Closing struct{ Before, Pruned, Swept int64 }

// Records are all records with a time of their own that can be set. Slots go with
// the reports.
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

// Checkpoint stands for the reports of the slots before a moment: what they sum up
// to, signed by the server. Reports of these slots are not counted any more.
type Checkpoint struct {
	ClosedBefore int64 // the slot
	MadeAt       int64
	// Document is the statement and its signature: a JWS.
	Document string
}

// Adjustment changes how much of an item is used, for a reason. Reports are never
// changed.
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

// Statement is what an organization used in a month, as it was billed.
type Statement struct {
	Organization string // its id
	Month        string // such as "2026-11"
	MadeAt       int64
	Document     string // a JWS
}
