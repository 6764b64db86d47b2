package store

import "iter"

// Examination is a consistent view of everything in a store, for verification. Each sequence can be
// read once, one at a time or several at once, and ends at the first error.
type Examination interface {
	// Size returns about how many reports came and are stored, to show progress.
	Size() (int64, error)
	// Received returns the reports as they came: run by run in the order of the runs' keys, and
	// within a run in the order in which they came.
	Received() iter.Seq2[ExaminedReport, error]
	// Runs are all runs in the order of their keys.
	Runs() iter.Seq2[ExaminedRun, error]
	// Reports are the stored slots of runs, in the order of run and slot.
	Reports() iter.Seq2[ExaminedSlot, error]
	// Losses are everything that was ever declared lost.
	Losses() iter.Seq2[ExaminedLoss, error]
	// Totals are the totals of a level.
	Totals(level Level) iter.Seq2[ExaminedTotal, error]
	// OrganizationTotals are the totals of organizations, and of all together, of a level.
	OrganizationTotals(level Level) iter.Seq2[ExaminedOrganizationTotal, error]
	// Folded returns the moment before which those of slots have all slots; they have no later ones.
	Folded() (int64, error)
	// DeviceTotals are the totals of devices of a level, without units that came late.
	DeviceTotals(level Level) iter.Seq2[ExaminedTotal, error]
	// QuartersSince returns the moment from which on those by quarters of a day are complete.
	QuartersSince() (int64, error)
	// Activity tells which runs counted something on each day, once for each code, item and type.
	Activity() iter.Seq2[ExaminedActivity, error]
	// Items are all items.
	Items() iter.Seq2[ExaminedItem, error]
	// Seats are in the order of device, item and time.
	Seats() iter.Seq2[ExaminedSeat, error]
	// Domains are the domains of items, as steps by one.
	Domains() iter.Seq2[ExaminedStep, error]
	// Steps are the stored steps of the sums of seats and domains.
	Steps() iter.Seq2[ExaminedStep, error]
	// Names of codes and devices, for people; a number if they are missing.
	CodeName(ID) string
	DeviceName(ID) string
	// Keys returns the server's keys, or ErrNotFound.
	Keys() (ServerKeys, error)
	Closing() (Closing, error)
	// Checkpoints are all checkpoints, the oldest first.
	Checkpoints() ([]Checkpoint, error)
	// Adjustments are all adjustments, the oldest first.
	Adjustments() iter.Seq2[Adjustment, error]
}

// ExaminedReport is a report as it came.
type ExaminedReport struct {
	Run ID
	ReceivedReport
}

// ExaminedRun tells to which device a run belongs, and on which code and item it counts.
type ExaminedRun struct {
	Key, Device, Code, Item ID
	UUID                    string
}

// ExaminedLoss is the part of a slot that was lost for one cause.
type ExaminedLoss struct {
	Run, Code, Item ID
	Slot            int64
	Cause           string
	Units           int64
}

// ExaminedSlot is what is stored of a slot of a run.
type ExaminedSlot struct {
	Run  ID
	Slot int64
	Report
}

// ExaminedItem is an item with its use.
type ExaminedItem struct {
	Item
	Used int64 // units
	// Seats are those at SeatsAt, and Exceptions are from before it.
	SeatsAt, Seats, Exceptions int64
	// SeatsFolded is the moment before which all steps of its seats are folded into one; see
	// RecordSeats.
	SeatsFolded int64
}

// ExaminedTotal is a total.
type ExaminedTotal struct {
	Device     ID // 0, but for totals of devices
	Code, Item ID
	Start      int64 // of the slot, hour, day or month
	Type       string
	Units
}

// ExaminedOrganizationTotal is a total of an organization.
type ExaminedOrganizationTotal struct {
	Organization string // its id; "": of all together
	Start        int64  // of the slot, hour or day
	Type         string
	Units
}

// ExaminedActivity is the activity of a code and an item on a day.
type ExaminedActivity struct {
	Day        int64 // its start in UTC
	Code, Item ID
	Type       string // "": any
	Runs       Activity
}

// ExaminedSeat is a time during which a device takes part of an item's quota.
type ExaminedSeat struct {
	Device, Item         ID
	Since, Until, Weight int64
}

// ExaminedStep is the amount by which the sum of an item's seats grows at a moment.
type ExaminedStep struct {
	Item       ID
	At, Change int64
}
