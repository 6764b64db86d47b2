package store

import "github.com/openlts/openlts/core/protocol"

// Keys name what a group of requests has to know, and may change.
type Keys struct {
	// Now is the moment at which seats are counted, in seconds since 1970.
	Now int64
	// Reopens tells whether reports may change the seats of an item in slots that are
	// over.
	Reopens func(*Item) bool
	// Domains use items, if they are among those of the codes that are asked for.
	Domains []string
	// Organizations are asked for, by id, for their default codes.
	Organizations []string
	// Codes are asked for, by name, with all their items.
	Codes []string
	// Askers are the devices that ask for an authorization.
	Askers []Asker
	// Reporters are the devices that report, which are known.
	Reporters []Reporter
	// Counted are what they report on.
	Counted []Counted
}

// Asker is a device that asks for an authorization.
type Asker struct {
	Device  string // its UUID
	KeyID   string // of its public key
	Address string // the network it asks from; "": not known
	// Code is what it asks for; "": the default code of Organization.
	Code, Organization string
}

// Reporter is who authenticated a batch of reports: a device with one of its keys.
type Reporter struct {
	Device ID
	UUID   string
	// Number is 0 for the key a device was first authorized with. Others have
	// numbers of their own, and report apart: who made up another key for a UUID
	// that somebody else has, can't touch what that one reported.
	Number int64
	// Account tells that its account will be needed.
	Account bool
}

// Counted is what the reports of one group count on: the slots of a run.
type Counted struct {
	Reporter   Reporter
	Code, Item string // names
	Run        string // a UUID; "" if there are no reports
	Slots      []int64
	// Since is the earliest moment at which the device's seats may change; see
	// SeatsSince.
	Since int64
}

// SeatsSince is the moment from which on seats of an item are needed, if some may
// change at since: not after now, and if slots that are over may change, the start of
// one.
func (k *Keys) SeatsSince(item *Item, since int64) int64 {
	if k.Reopens == nil || !k.Reopens(item) {
		return k.Now
	}
	return item.Slot().Start(min(since, k.Now))
}

// State is what a store knows of what Keys name. What is not in it does not
// exist. Whoever decides on a group may change it as it goes on, so that each
// request sees what those before it did; the store learns of changes by a Change
// alone.
type State struct {
	// Latest is the latest moment at which something was stored; 0: never.
	Latest int64
	// ClosedBefore is the slot before which nothing is counted any more, because a
	// checkpoint stands for what was; 0: none.
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
	// Grants are those of the devices that ask, and of those that report runs which
	// are not known. A run that is known was granted.
	Grants map[Grant]bool
	// Trials are those that the devices and addresses that ask have begun.
	Trials map[Trial]int64 // when
}

// Trial names a trial: an item's, of a device or an address.
type Trial struct {
	Item    ID
	Subject string // see TrialSubjects
}

// TrialSubjects are those whose trials count: a device, an address, or both.
func TrialSubjects(by TrialBy, device, address string) (subjects []string) {
	if by == TrialByDevice || by == TrialByBoth {
		subjects = append(subjects, "device "+device)
	}
	if by == TrialByAddress || by == TrialByBoth {
		subjects = append(subjects, "address "+address)
	}
	return subjects
}

// PublicTrial is the id of an organization that there is not: who names neither a code
// nor an organization means it. Its default code is the one of the public trial, if
// there is one.
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
	// Requests are the authorizations granted, of an item that limits them.
	Requests int64
	SeatSum
	// Steps are those of its seats, in order, up to Now or At, whichever is later: after
	// At, and after the earliest moment from which on its seats are needed (see
	// Keys.SeatsSince).
	Steps []Step
}

// DeviceState is a device as a group of requests finds it.
type DeviceState struct {
	Key ID // 0: not known yet
	// Reporters are the numbers of the keys it asks with, by their ids; of those
	// that are known. NextReporter is the number of a new one.
	Reporters    map[string]int64
	NextReporter int64
	// Confirmed are the reporters after the first that an administrator confirmed to
	// be the device itself.
	Confirmed map[int64]bool
	ClonedAt  int64 // of a device that asks; see Device
	// BlockedAt and ErasedAt are likewise.
	BlockedAt, ErasedAt int64
	// Seats are those it has, in order, by item: of the items it asks for and reports
	// on, from the last one that begins no later than the moment from which on they
	// are needed (see Keys.SeatsSince; an asker needs them from now on).
	Seats    map[ID][]Seat
	Accounts map[int64]AccountState // that it told, by reporter
}

// RunsOf is the reporter under whose number the runs and grants of a reporter are
// kept: a confirmed one reports as the first does.
func (d *DeviceState) RunsOf(reporter int64) int64 {
	if d != nil && d.Confirmed[reporter] {
		return 0
	}
	return reporter
}

// AccountState is what a device said last of its usage over all times.
type AccountState struct {
	protocol.DeviceAccount
	SentAt int64
	// Accepted are the units that were counted of batches that brought an account. It
	// is added to by Change.Accepted, and not taken from Change.Accounts.
	Accepted int64
}

// RunKey names a run: one tally of a device under one code and item.
type RunKey struct {
	Device     string // a UUID
	Reporter   int64
	Code, Item ID
	Run        string // a UUID
}

// Run is a run with what is stored of the slots that are concerned.
type Run struct {
	Key     ID               // 0: not known yet
	Reports map[int64]Report // by slot
}

// Change is what is to be stored of a group of requests. The store writes it
// as a whole or not at all. Sums are added to what is there, whoever else added
// to them; everything else takes the place of what is there.
type Change struct {
	Devices []Device // that were authorized, by UUID; FirstSeenAt holds for new ones
	Keys    []DeviceKeyOf
	Grants  map[Grant]int64 // when they were granted
	// Seats are as they are now; one without a weight goes.
	Seats map[SeatKey]Seat
	// Steps are to be added. A step of 0 need not be kept.
	Steps map[StepKey]int64
	// Sums take the place of those that are there: whoever changes seats of an item
	// was alone with it since its Use was loaded.
	Sums      map[ID]SeatSum
	Domains   map[DomainKey]int64 // since when they use an item
	Accounts  map[AccountKey]AccountState
	Accepted  map[AccountKey]int64 // units to add, of keys in Accounts
	Cloned    map[string]int64     // when devices, by UUID, were found to be cloned
	Trials    map[Trial]int64      // when they began
	Requests  map[ID]int64         // authorizations to add, by item
	Anomalies []Anomaly            // each adds to what is noted of its kind
	Denials   []Denial
	// Runs are the runs of which Reports tell, also the new ones.
	Runs     map[RunKey]*Run
	Received []ReceivedReport
	Reports  map[SlotKey]Report // as they are now
	Totals   map[TotalKey]Units // of slots, to add; the store adds them to all other totals as well
	// ByDevice is the same by device and day, to add.
	ByDevice map[DeviceTotalKey]int64
	// Types are operation types that organizations have not used before; they are in
	// Totals, too.
	Types map[OrganizationType]bool
	Used  map[ID]int64 // units to add, by item
	// Known gives the keys of devices by UUID, as the State had them.
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
	Day        int64 // its start in UTC, or that of its month; see ByMonth
	Type       string
}
