package policy

import (
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// Request is a request to a server: an Asking or a Batch. It knows what has to be loaded for it,
// and decides with what was loaded.
type Request interface {
	// Require adds what the decision needs to keys.
	Require(keys *store.Keys)
	// Weight is roughly how much work it makes; the smallest request has 1.
	Weight() int
	// Sender identifies the sender, for example by a device's UUID.
	Sender() string
	apply(d *decision) Answer
}

// Answer is the answer to a request, once the decision is stored.
type Answer struct {
	Authorization *protocol.Authorization // granted
	Refusal       error                   // why not; ErrClock applies to batches, too
	Receipt       *protocol.Receipt       // of a batch; without its digest
	// New means that the device was never seen before. If there is no authorization either, it was
	// not granted only because known devices alone get one (see Asking).
	New bool
	// Untried are hashes on which the answer depends: the caller has to find out which of them the
	// password fits (see Proof), and to ask again. Nothing was changed.
	Untried []string
}

// Apply decides on requests, one after the other: each sees the changes of those before it. It
// changes state, so don't use state again. The answers are in the order of the requests.
func Apply(state *store.State, requests []Request, now time.Time) (*store.Change, []Answer) {
	d := decide(state, now)
	answers := make([]Answer, len(requests))
	if now.Add(clockSlack).Unix() < state.Latest {
		for i := range answers {
			answers[i].Refusal = clockError(now, state.Latest)
		}
		return d.change, answers
	}
	for i, request := range requests {
		answers[i] = request.apply(d)
	}
	return d.change, answers
}

// decide begins the decision on a group.
func decide(state *store.State, now time.Time) *decision {
	return &decision{State: state, now: now, types: map[string]int{}, change: &store.Change{
		Grants: map[store.Grant]int64{}, Seats: map[store.SeatKey]store.Seat{}, Steps: map[store.StepKey]int64{},
		Sums: map[store.ID]store.SeatSum{}, Domains: map[store.DomainKey]int64{},
		Accounts: map[store.AccountKey]store.AccountState{}, Runs: map[store.RunKey]*store.Run{},
		Reports: map[store.SlotKey]store.Report{}, Totals: map[store.TotalKey]store.Units{},
		ByDevice: map[store.DeviceTotalKey]int64{}, Types: map[store.OrganizationType]bool{},
		Used: map[store.ID]int64{}, Accepted: map[store.AccountKey]int64{}, Cloned: map[string]int64{},
		Trials: map[store.Trial]int64{}, Requests: map[store.ID]int64{}, Known: state.Devices,
	}}
}

// decision is the state of deciding on a group of requests.
type decision struct {
	*store.State
	now    time.Time
	change *store.Change
	types  map[string]int // how many types were added, by organization
}

// device finds a device, or makes a new one.
func (d *decision) device(uuid string) *store.DeviceState {
	device, known := d.Devices[uuid]
	if !known {
		device = &store.DeviceState{}
		d.Devices[uuid] = device
	}
	if device.Seats == nil {
		device.Seats = map[store.ID][]store.Seat{}
	}
	if device.Reporters == nil {
		device.Reporters = map[string]int64{}
	}
	if device.Confirmed == nil {
		device.Confirmed = map[int64]bool{}
	}
	if device.Accounts == nil {
		device.Accounts = map[int64]store.AccountState{}
	}
	return device
}

// usage is how much of an item is used, in what its charge way counts.
func (d *decision) usage(item *store.Item) Usage {
	use := d.Uses[item.Key]
	if use == nil {
		return Usage{}
	}
	return usageOf(item, use, d.now.Unix())
}

// note notes an anomaly of a device.
func (d *decision) note(device, kind, detail string) {
	now := d.now.Unix()
	d.change.Anomalies = append(d.change.Anomalies, store.Anomaly{
		Device: device, Kind: kind, Detail: detail, Count: 1, FirstAt: now, LastAt: now,
	})
}
