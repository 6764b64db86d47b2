package store

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
	Window int // its place among the query's
	Group
	Count int64
	Late  int64 // of operations: those that came late; see Units
}

// Group is what a row counts: the values of the query's columns. Of other columns it has
// none, so groups are equal if they look the same.
type Group struct {
	Handshake, Item, Type, Device, Run, Organization string
	// Slot, Hour and Day are starts, in seconds since 1970.
	Slot, Hour, Day int64
	Status          int64
}

// Text is the place of a column's values, if these are texts; nil: they are numbers.
func (g *Group) Text(c Column) *string {
	switch c {
	case ByHandshake:
		return &g.Handshake
	case ByItem:
		return &g.Item
	case ByType:
		return &g.Type
	case ByDevice:
		return &g.Device
	case ByRun:
		return &g.Run
	case ByOrganization:
		return &g.Organization
	}
	return nil
}

// Number is the place of a column's values, if these are numbers; nil: they are texts.
func (g *Group) Number(c Column) *int64 {
	switch c {
	case BySlot:
		return &g.Slot
	case ByHour:
		return &g.Hour
	case ByDay:
		return &g.Day
	case ByStatus:
		return &g.Status
	}
	return nil
}
