package store

import (
	"github.com/openlts/openlts/core/protocol"
)

// HandshakeCodeUse is a handshake code with its items.
type HandshakeCodeUse struct {
	HandshakeCode
	Items []string // ids, in the order of use as far as positions are set
}

// ItemUse is an item with its use.
type ItemUse struct {
	Item
	// Use is how much of it is used, with the steps of its seats up to the moment that
	// was asked for.
	Use Use
	// Live is the number of seats at that moment, or of domains.
	Live  int64
	Codes []string // the handshake codes it is attached to
}

// DeviceUse is a device with its seats.
type DeviceUse struct {
	Device
	Keys  int64 // public keys seen; more than one is an anomaly
	Seats []DeviceSeat
	// Account is what the device said last of its usage over all times; nil if it
	// never did.
	Account *protocol.DeviceAccount
}

// DeviceKeyUse is a key that a device was authorized with.
type DeviceKeyUse struct {
	KeyID     string `json:"id"`
	PublicKey []byte `json:"-"`
	Reporter  int64  `json:"reporter"` // 0: its first
	CreatedAt int64  `json:"createdAt"`
	// ConfirmedAt is when an administrator confirmed it; 0: its reports are kept
	// apart from those of the first.
	ConfirmedAt int64                   `json:"confirmedAt,omitempty"`
	Account     *protocol.DeviceAccount `json:"account,omitempty"`
	Accepted    int64                   `json:"accepted"`
}

// DeviceSeat is a device's place on the list of an item.
type DeviceSeat struct {
	Item      string `json:"item"`
	From      int64  `json:"from"`
	ExpiresAt int64  `json:"expiresAt"`
	Weight    int64  `json:"weight"`
}

// Column is something statistics can be grouped by.
type Column string

// Columns of statistics.
const (
	ByHandshake Column = "handshake"
	ByItem      Column = "item"
	ByType      Column = "type"
	BySlot      Column = "slot" // its start, in seconds since 1970
	ByHour      Column = "hour" // its start, likewise
	ByDay       Column = "day"  // its start in UTC, likewise
	ByDevice    Column = "device"
	// ByRun is by the UUID of a run: with the slot, that is a single report.
	ByRun Column = "run"
	// ByOrganization is by its id.
	ByOrganization Column = "organization"
	// ByStatus is by the reason of a refusal, a number.
	ByStatus Column = "status"
)

// Columns are all columns of statistics.
var Columns = []Column{ByHandshake, ByItem, ByType, BySlot, ByHour, ByDay, ByDevice}

// Time tells whether the column's values are moments, in seconds since 1970.
func (c Column) Time() bool { return c == BySlot || c == ByHour || c == ByDay }

// Number tells whether the column's values are numbers.
func (c Column) Number() bool { return c.Time() || c == ByStatus }

// Measure is what statistics count.
type Measure string

// Measures.
const (
	MeasureOperations Measure = "operations"
	MeasureDevices    Measure = "devices"    // different devices for which something was counted
	MeasureConcurrent Measure = "concurrent" // the most devices at work in one slot
	MeasureDenials    Measure = "denials"    // refused authorizations
)

// StatisticsQuery says what to count, and by what.
type StatisticsQuery struct {
	Measure Measure  // "": operations
	By      []Column // what else rows are grouped by, beside the windows
	// Windows are spans of time, which rise and don't overlap; rows tell theirs.
	// None: one, from Since on and before Until; 0: no bound.
	Windows      []Window
	Since, Until int64
	// Spans are further windows, which may overlap, of measures of devices: nothing can be
	// summed up for them from others. The places of their rows follow those of the windows.
	Spans []Window
	// Filters: only what is of one of these; none: all.
	Organizations, HandshakeCodes, Items, Types, Devices []string
}

// Window is a span of time: from Start on and before End, in seconds since 1970.
type Window struct {
	Start int64 `json:"start"`
	End   int64 `json:"end"`
}

// Statistics are counts of groups.
type Statistics struct {
	Total int64 // of operations or denials: the sum of the rows
	Late  int64 // of operations: the sum of the rows'
	// Lost is what devices declared as never to come, by cause; of operations.
	Lost map[string]int64
	Rows []StatisticsRow
}

// StatisticsRow is the count of one group. There are no rows of nothing.
type StatisticsRow struct {
	Window int   // its place among the query's
	Values []any // string or int64, in the order of the query's columns
	Count  int64
	Late   int64 // of operations: those that came late; see Units
}
