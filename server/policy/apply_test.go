package policy_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

var moment = time.Unix(1_800_000_000, 0)

const (
	run   = "c0ffee00-0000-4000-8000-000000000001"
	early = int64(1_800_000_000 - 1_800_000_000%180 - 360)
)

// world is a state with an organization, a code and two items: what a store
// would load, without one.
func world() *store.State {
	scans := store.Item{
		Key: 11, ID: "scans", Organization: "100001", ChargeWay: protocol.ChargeWayScanCount,
		Products: protocol.ProductAll, Quota: 100, StartsAt: 1, ExpiresAt: moment.Unix() + 1000, MaxBufferDays: 30,
	}
	seats := scans
	seats.Key, seats.ID, seats.ChargeWay, seats.Quota = 12, "seats", protocol.ChargeWayDeviceCount, 2
	return &store.State{
		Organizations: map[string]store.Organization{"100001": {Key: 1, ID: "100001", DefaultCode: "100001-reader"}},
		Codes: map[string]store.HandshakeCode{
			"100001-reader": {Key: 21, Code: "100001-reader", Organization: "100001"},
			"100001-seats":  {Key: 22, Code: "100001-seats", Organization: "100001"},
		},
		CodeItems: map[store.ID][]store.CodeItem{21: {{Item: scans}}, 22: {{Item: seats}}},
		Items:     map[string]store.Item{"scans": scans, "seats": seats},
		Uses:      map[store.ID]*store.Use{11: {Units: 90}, 12: {SeatSum: store.SeatSum{At: moment.Unix(), Active: 1}}},
		Devices:   map[string]*store.DeviceState{},
		Runs:      map[store.RunKey]*store.Run{},
		Grants:    map[store.Grant]bool{},
		Domains:   map[store.DomainKey]bool{},
	}
}

func asking(device, key, code string) *policy.Asking {
	return &policy.Asking{
		Request: &protocol.AuthorizationRequest{
			HandshakeCode: code, ClientTime: moment.Unix(), Device: protocol.Device{UUID: device},
		},
		Key: store.DeviceKey{KeyID: key},
	}
}

func batch(device, code, item string, reports ...protocol.Report) *policy.Batch {
	return policy.NewBatch(&protocol.ReportBatch{Groups: []protocol.ReportGroup{{
		Run: run, HandshakeCode: code, Item: item, SlotSeconds: 180, Reports: reports,
	}}}, store.Reporter{UUID: device}, moment)
}

// Requests of one group see what those before them did: a device, its grant and
// its report; the last seats; and the last units.
func TestRequestsSeeEachOther(t *testing.T) {
	scanned := func(revision, n int64) protocol.Report {
		return protocol.Report{Slot: early, Revision: revision, Counts: map[string]int64{"QR_CODE": n}}
	}
	change, answers := policy.Apply(world(), []policy.Request{
		asking("a", "key a", "100001-reader"),
		batch("a", "100001-reader", "scans", scanned(1, 5)),
		batch("a", "100001-reader", "scans", scanned(2, 20), scanned(1, 5)),
		asking("b", "key b", "100001-reader"), // 110 of 100
		asking("b", "key b", "100001-seats"),
		asking("c", "key c", "100001-seats"), // the third of two
		asking("b", "key b", "100001-seats"),
		asking("a", "other", "100001-nobody"),
	}, moment)
	var got []protocol.Status
	for _, answer := range answers {
		got = append(got, protocol.StatusOf(answer.Refusal))
	}
	want := []protocol.Status{0, 0, 0, protocol.StatusLimitExceeded, 0, protocol.StatusLimitExceeded, 0,
		protocol.StatusHandshakeCodeNotFound}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	if r := answers[2].Receipt; r.Accepted != 2 || r.Items[0].Quota.Used != 110 ||
		r.Items[0].Quota.State != protocol.QuotaExhausted {
		t.Errorf("%+v", r)
	}
	if q := answers[6].Authorization.Quota; q.Used != 2 {
		t.Errorf("%+v", q)
	}
	if change.Used[11] != 20 || len(change.Totals) != 1 ||
		change.Totals[store.TotalKey{Code: 21, Item: 11, Slot: early, Type: "QR_CODE"}].All != 20 {
		t.Errorf("%+v, %+v", change.Used, change.Totals)
	}
	if len(change.Received) != 2 || len(change.Reports) != 1 || len(change.Runs) != 1 || len(change.Denials) != 3 {
		t.Errorf("%+v", change)
	}
	if len(change.Keys) != 2 || len(change.Grants) != 2 || len(change.Seats) != 1 {
		t.Errorf("%+v, %+v, %+v", change.Keys, change.Grants, change.Seats)
	}
}

// The same on the same is the same: a store may run it again.
func TestApplyIsPure(t *testing.T) {
	requests := []policy.Request{
		asking("a", "key a", "100001-reader"), asking("a", "key a", ""), asking("b", "key b", "100001-seats"),
		batch("a", "100001-reader", "scans",
			protocol.Report{Slot: early, Revision: 1, Counts: map[string]int64{"QR_CODE": 3, "EAN_13": 4}},
			protocol.Report{
				Slot: early, Revision: 2, Counts: map[string]int64{"QR_CODE": 9}, Lost: protocol.LostExpired,
			},
			protocol.Report{Slot: 1}),
		batch("b", "100001-reader", "scans", protocol.Report{
			Slot: early, Revision: 1, Counts: map[string]int64{"QR_CODE": 3},
		}),
	}
	_, first := policy.Apply(world(), requests, moment)
	for range 3 {
		if _, again := policy.Apply(world(), requests, moment); !reflect.DeepEqual(first, again) {
			t.Errorf("%+v, then %+v", first, again)
		}
	}
}

// A device with another key is another reporter on the same seat.
func TestAnotherKey(t *testing.T) {
	state := world()
	state.Devices["a"] = &store.DeviceState{
		Key: 5, Reporters: map[string]int64{"first": 0}, NextReporter: 1,
		Seats: map[store.ID][]store.Seat{12: {{From: moment.Unix() - 10, Until: moment.Unix() + 10, Weight: 1}}},
	}
	change, answers := policy.Apply(state,
		[]policy.Request{asking("a", "first", "100001-seats"), asking("a", "second", "100001-seats")}, moment)
	for _, answer := range answers {
		if answer.Refusal != nil || answer.Authorization.Quota.Used != 1 {
			t.Errorf("%+v", answer)
		}
	}
	if len(change.Keys) != 1 || change.Keys[0].Reporter != 1 || len(change.Anomalies) != 1 ||
		change.Anomalies[0].Kind != policy.AnomalyDeviceKeyChanged {
		t.Errorf("%+v, %+v", change.Keys, change.Anomalies)
	}
}

// An organization has so many operation types of its own, and no more; those that
// are known, and those that are built in, count on.
func TestTypesAreBounded(t *testing.T) {
	state := world()
	state.Types = map[string]map[string]bool{"100001": {}}
	for i := range policy.MaxTypes - 1 {
		state.Types["100001"][fmt.Sprintf("KNOWN_%d", i)] = true
	}
	state.Grants[store.Grant{Device: "a", Code: 21, Item: 11}] = true
	report := func(revision int64, names ...string) protocol.Report {
		counts := map[string]int64{}
		for _, name := range names {
			counts[name] = 1
		}
		return protocol.Report{Slot: early - revision*180, Revision: revision, Counts: counts}
	}
	change, answers := policy.Apply(state, []policy.Request{
		batch("a", "100001-reader", "scans", report(1, "NEW_A", "NEW_B"), report(2, "NEW_A", "QR_CODE")),
		batch("a", "100001-reader", "scans", report(3, "NEW_B"), report(4, "NEW_A", "KNOWN_1", "EAN_13")),
	}, moment)
	for i, want := range []int{0, 0} {
		r := answers[i].Receipt
		if r.Accepted != 1 || len(r.Exceptions) != 1 || r.Exceptions[0].Report != want || r.Exceptions[0].Retry ||
			r.Exceptions[0].Code != protocol.StatusRequestMalformed {
			t.Errorf("%d: %+v", i, r)
		}
	}
	if len(change.Types) != 1 || !change.Types[store.OrganizationType{Organization: "100001", Type: "NEW_A"}] ||
		len(change.Totals) != 5 {
		t.Errorf("%+v, %+v", change.Types, change.Totals)
	}
}
