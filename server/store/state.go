package store

import "github.com/openlts/openlts/core/protocol"

// Keys name everything that a group of requests needs to know, and may change.
type Keys struct {
	// Now is the moment for which seats are counted, in seconds since 1970.
	Now int64
	// Reopens tells whether reports may change the seats of an item in slots that are
	// over.
	Reopens func(*Item) bool
	// Domains are the domains that use items of the requested codes.
	Domains []string
	// Organizations are the ids of organizations whose default codes are needed.
	Organizations []string
	// Codes are the names of the requested codes. They are loaded with all their items.
	Codes []string
	// Askers are the devices that request an authorization.
	Askers []Asker
	// Reporters are the devices that report. They are all known.
	Reporters []Reporter
	// Counted are the runs and slots on which they report.
	Counted []Counted
}

// Asker is a device that requests an authorization.
type Asker struct {
	Device  string // its UUID
	KeyID   string // of its public key
	Address string // the network it asks from; "": not known
	// Code is the code that it requests; "": the default code of Organization.
	Code, Organization string
}

// Reporter is the sender that authenticated a batch of reports: a device with one of its keys.
type Reporter struct {
	Device ID
	UUID   string
	// Number is 0 for the key with which a device was first authorized. Other keys have their own
	// numbers and report separately: somebody who invents another key for the UUID of another
	// device can't change what that device reported.
	Number int64
	// Account tells that its account will be needed.
	Account bool
}

// Counted is what reports change: slots of a run.
type Counted struct {
	Reporter   Reporter
	Code, Item string // names
	Run        string // a UUID; "" if there are no reports
	Slots      []int64
	// Since is the earliest moment at which the device's seats may change; see
	// SeatsSince.
	Since int64
}

// SeatsSince returns the moment from which on seats of an item are needed if some of them may
// change from since on: never after now, and the start of a slot if past slots may change.
func (k *Keys) SeatsSince(item *Item, since int64) int64 {
	if k.Reopens == nil || !k.Reopens(item) {
		return k.Now
	}
	return item.Slot().Start(min(since, k.Now))
}

// State is what a store knows about what Keys name. Anything that is not in it does not exist. The
// code that decides on a group may change the State meanwhile, so that each request sees what the
// previous ones did; the store learns of changes only by a Change.
type State struct {
	// Latest is the latest moment at which something was stored; 0: never.
	Latest int64
	// ClosedBefore is the slot before which nothing is counted any more, because a checkpoint has
	// replaced the earlier reports; 0: none.
	ClosedBefore  int64
	Organizations map[string]Organization // by id
	Codes         map[string]HandshakeCode
	CodeItems     map[ID][]CodeItem // of the codes that are asked for; not to be changed
	Items         map[string]Item   // by id
	Uses          map[ID]*Use       // of all these items
	Domains       map[DomainKey]bool
	// Types are the names of operation types that organizations use, without those
	// that are built in, by the organization's id; not to be changed.
	Types   map[string]map[string]bool
	Devices map[string]*DeviceState
	Runs    map[RunKey]*Run
	// Grants are the grants of the devices that request authorizations, and of those that report
	// runs which are not known yet. A known run was granted.
	Grants map[Grant]bool
	// Trials are the trials that the requesting devices and addresses have begun.
	Trials map[Trial]int64 // when
}

// Trial identifies a trial of an item by a device or an address.
type Trial struct {
	Item    ID
	Subject string // see TrialSubjects
}

// TrialSubjects returns whose trials count: the device's, the address's, or both.
func TrialSubjects(by TrialBy, device, address string) (subjects []string) {
	if by == TrialByDevice || by == TrialByBoth {
		subjects = append(subjects, "device "+device)
	}
	if by == TrialByAddress || by == TrialByBoth {
		subjects = append(subjects, "address "+address)
	}
	return subjects
}

// PublicTrial is the id of an organization that does not exist: a request that names neither a code
// nor an organization means it. Its default code is that of the public trial, if there is one.
const PublicTrial = ""

// Grant allows a reporter to report on an item under a code.
type Grant struct {
	Device     string // a UUID
	Reporter   int64
	Code, Item ID
}

// Use is how much of an item is used.
type Use struct {
	Units int64 // counted by reports
	// Requests is the number of authorizations granted, if the item limits them.
	Requests int64
	SeatSum
	// Steps are the steps of its seats, in order: those after At, and those after the earliest
	// moment from which on its seats are needed (see Keys.SeatsSince), up to Now or At, whichever
	// is later.
	Steps []Step
}

// DeviceState is a device as it is before a group of requests.
type DeviceState struct {
	Key ID // 0: not known yet
	// Reporters are the numbers of the keys with which it requests, by their ids, if they are
	// known. NextReporter is the number for a new key.
	Reporters    map[string]int64
	NextReporter int64
	// Confirmed are the further reporters that an administrator confirmed to be the same device.
	Confirmed map[int64]bool
	ClonedAt  int64 // of a device that asks; see Device
	// BlockedAt and ErasedAt are likewise.
	BlockedAt, ErasedAt int64
	// Seats are the device's seats by item, in order, for the items that it requests and reports
	// on. They begin with the last seat that begins no later than the moment from which on seats
	// are needed (see Keys.SeatsSince; an asker needs them from now on).
	Seats    map[ID][]Seat
	Accounts map[int64]AccountState // that it told, by reporter
}

// RunsOf returns the number under which the runs and grants of a reporter are stored: a confirmed
// reporter reports like the first one.
func (d *DeviceState) RunsOf(reporter int64) int64 {
	if d != nil && d.Confirmed[reporter] {
		return 0
	}
	return reporter
}

// AccountState is what a device said last about its usage over all time.
type AccountState struct {
	protocol.DeviceAccount
	SentAt int64
	// Accepted are the units that were counted from batches with an account. Change.Accepted adds
	// to it; the value in Change.Accounts is ignored.
	Accepted int64
}

// RunKey identifies a run: one tally of a device under one code and item.
type RunKey struct {
	Device     string // a UUID
	Reporter   int64
	Code, Item ID
	Run        string // a UUID
}

// Run is a run with the stored reports of the slots in question.
type Run struct {
	Key     ID               // 0: not known yet
	Reports map[int64]Report // by slot
}

// Change is what a group of requests changes. The store writes all of it or nothing. It adds sums
// to the stored ones, no matter who else added to them; everything else replaces what is stored.
type Change struct {
	Devices []Device // that were authorized, by UUID; FirstSeenAt holds for new ones
	Keys    []DeviceKeyOf
	Grants  map[Grant]int64 // when they were granted
	// Seats are the new seats; a seat without a weight is deleted.
	Seats map[SeatKey]Seat
	// Steps are to be added. A step of 0 need not be kept.
	Steps map[StepKey]int64
	// Sums replace the stored sums: nobody else can change seats of the item between the loading of
	// its Use and this change.
	Sums      map[ID]SeatSum
	Domains   map[DomainKey]int64 // since when they use an item
	Accounts  map[AccountKey]AccountState
	Accepted  map[AccountKey]int64 // units to add, of keys in Accounts
	Cloned    map[string]int64     // when devices, by UUID, were found to be cloned
	Trials    map[Trial]int64      // when they began
	Requests  map[ID]int64         // authorizations to add, by item
	Anomalies []Anomaly            // each adds to what is noted of its kind
	Denials   []Denial
	// Runs are the runs in Reports, including new ones.
	Runs     map[RunKey]*Run
	Received []ReceivedReport
	Reports  map[SlotKey]Report // as they are now
	Totals   map[TotalKey]Units // of slots, to add; the store adds them to all other totals as well
	// ByDevice are the same totals by device and quarter of a day, to add; see DeviceTotals.
	ByDevice map[DeviceTotalKey]int64
	// Types are operation types that organizations have not used before; they are in
	// Totals, too.
	Types map[OrganizationType]bool
	Used  map[ID]int64 // units to add, by item
	// Known are the devices of the State by UUID, with their keys.
	Known map[string]*DeviceState
}

// DeviceKeyOf is a device with one of its public keys.
type DeviceKeyOf struct {
	Device string // a UUID
	DeviceKey
	Reporter  int64
	CreatedAt int64
}

// AccountKey names an account.
type AccountKey struct {
	Device   string // a UUID
	Reporter int64
}

// SlotKey names a slot of a run.
type SlotKey struct {
	Run  *Run
	Slot int64
}

// OrganizationType is an operation type that an organization uses.
type OrganizationType struct {
	Organization string // its id
	Type         string
}

// TotalKey names a total.
type TotalKey struct {
	Code, Item ID
	Slot       int64
	Type       string
}

// DeviceTotalKey names a total of a device.
type DeviceTotalKey struct {
	Device     string // a UUID
	Code, Item ID
	Start      int64 // of the time that it sums up, in UTC
	Type       string
}
