package policy_test

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

func TestQuota(t *testing.T) {
	const scan, page, device = protocol.ChargeWayScanCount, protocol.ChargeWayPageCount, protocol.ChargeWayDeviceCount
	for _, test := range []struct {
		way       protocol.ChargeWay
		quota     int64
		used      int64
		tolerance int64
		state     protocol.QuotaState
	}{
		{scan, 100, 0, 5, protocol.QuotaOK},
		{scan, 100, 99, 5, protocol.QuotaOK},
		{scan, 100, 100, 5, protocol.QuotaTolerance},
		{scan, 100, 104, 5, protocol.QuotaTolerance},
		{scan, 100, 105, 5, protocol.QuotaExhausted},
		{scan, 9, 9, 0, protocol.QuotaExhausted}, // 0.45 rounds to none
		{scan, 10, 10, 1, protocol.QuotaTolerance},
		{page, 30, 30, 2, protocol.QuotaTolerance}, // 1.5 rounds up
		{scan, store.Unlimited, math.MaxInt64, 0, protocol.QuotaOK},
		{scan, math.MaxInt64, 5, 461168601842738790, protocol.QuotaOK}, // nothing overflows
		{device, 30, 30, 3, protocol.QuotaOK},                          // full: nobody is over the limit
		{device, 30, 31, 3, protocol.QuotaTolerance},
		{device, 30, 33, 3, protocol.QuotaTolerance},
		{device, 30, 34, 3, protocol.QuotaExhausted},
		{device, 4, 4, 0, protocol.QuotaOK},
		{device, 5, 6, 1, protocol.QuotaTolerance},
		{device, store.Unlimited, 1000, 0, protocol.QuotaOK},
	} {
		got := policy.Quota(store.Item{ChargeWay: test.way, Quota: test.quota}, policy.Usage{Used: test.used})
		if want := (protocol.Quota{Limit: test.quota, Tolerance: test.tolerance, Used: test.used,
			State: test.state}); got != want {
			t.Errorf("way %d: got %+v, want %+v", test.way, got, want)
		}
	}
}

func TestCharged(t *testing.T) {
	// MRZ: a host's own
	counts := map[string]int64{"QR_CODE": 1, "EAN_13": 2, "PAGE_SCANNED": 4, "OPERATION": 8, "MRZ": 16}
	for way, want := range map[protocol.ChargeWay]int64{
		protocol.ChargeWayScanCount:   1 + 2 + 8 + 16,
		protocol.ChargeWayPageCount:   4 + 8 + 16,
		protocol.ChargeWayDeviceCount: 0,
	} {
		if got := policy.Charged(way, store.CountsOf(counts)); got != want {
			t.Errorf("way %d: got %d, want %d", way, got, want)
		}
	}
}

// The tolerance is the share rounded, as the arithmetic of decimal numbers has it.
func TestToleranceIsRounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		quota := rapid.Int64Range(1, 1<<40).Draw(t, "quota")
		for way, percent := range map[protocol.ChargeWay]int64{protocol.ChargeWayScanCount: 5,
			protocol.ChargeWayDeviceCount: 10} {
			got := policy.Quota(store.Item{ChargeWay: way, Quota: quota}, policy.Usage{}).Tolerance
			// got is the nearest whole number: 100 got is within 50 of percent quota.
			if off := 100*got - percent*quota; off <= -50 || off > 50 {
				t.Fatalf("way %d, quota %d: tolerance %d", way, quota, got)
			}
		}
	})
}

// Use only ever makes a quota's state worse, and a charge way refuses exactly
// when it says so.
func TestQuotaIsMonotone(t *testing.T) {
	order := map[protocol.QuotaState]int{protocol.QuotaOK: 0, protocol.QuotaTolerance: 1, protocol.QuotaExhausted: 2}
	rapid.Check(t, func(t *rapid.T) {
		c := candidate(func(c *policy.Candidate) {
			c.ChargeWay = rapid.SampledFrom(policy.ChargeWays()).Draw(t, "way")
			c.Quota = rapid.Int64Range(1, 100).Draw(t, "quota")
			c.Used = rapid.Int64Range(0, 120).Draw(t, "used")
			c.Exceptions = rapid.Int64Range(0, 120_000).Draw(t, "exceptions")
		})
		more := c.Usage
		more.Used += rapid.Int64Range(0, 100).Draw(t, "more used")
		more.Exceptions += rapid.Int64Range(0, 10_000).Draw(t, "more exceptions")
		if order[policy.Quota(c.Item, c.Usage).State] > order[policy.Quota(c.Item, more).State] {
			t.Fatalf("%+v is worse than with %+v", policy.Quota(c.Item, c.Usage), more)
		}
		_, err := policy.CheckItem(&c, request(func(r *protocol.AuthorizationRequest) {
			r.ValidationField = "example.com"
		}), now)
		after := c.Usage
		if _, units := c.ChargeWay.Unit(); !units {
			after.Used++ // who asks takes a seat
		}
		if refused := err != nil; refused != (policy.Quota(c.Item, after).State == protocol.QuotaExhausted) {
			t.Fatalf("refused %t with %+v", refused, policy.Quota(c.Item, after))
		}
	})
}

// Every charge way of the definitions has a rule, and there is no other.
func TestEveryChargeWayHasARule(t *testing.T) {
	text, err := os.ReadFile("../../conformance/definitions.json")
	if err != nil {
		t.Fatal(err)
	}
	var definitions struct {
		Enumerations []struct {
			Name   string
			Values []struct {
				Value protocol.ChargeWay
				Short string // what an item is charged by
			}
		}
	}
	if err := json.Unmarshal(text, &definitions); err != nil {
		t.Fatal(err)
	}
	var defined []protocol.ChargeWay
	for _, each := range definitions.Enumerations {
		for _, value := range each.Values {
			if each.Name == "ChargeWay" && value.Short != "" {
				defined = append(defined, value.Value)
			}
		}
	}
	slices.Sort(defined)
	if !slices.Equal(policy.ChargeWays(), defined) {
		t.Errorf("the rules are those of %v, not of %v", policy.ChargeWays(), defined)
	}
	for _, way := range policy.ChargeWays() {
		counts := policy.Quota(store.Item{ChargeWay: way, Quota: 1}, policy.Usage{}).ExceptionsAllowed > 0
		if way.CountsExceptions() != counts {
			t.Errorf("%s counts exceptions: %t", way.Short(), counts)
		}
		b := newBook(way, 10, nil)
		b.ask("a", midnight, func(r *protocol.AuthorizationRequest) { r.ValidationField = "example.com" })
		before := b.seatsOf("a")
		b.report("a", midnight+1, true, midnight)
		if ends := !slices.Equal(b.seatsOf("a"), before); ends != way.Concurrent() {
			t.Errorf("%s gives seats back: %t", way.Short(), ends)
		}
	}
}

// An item of a charge way that this server does not know is granted to nobody, and
// harms nothing.
func TestUnknownChargeWay(t *testing.T) {
	for _, way := range []protocol.ChargeWay{protocol.ChargeWayAuto, 5, 255, -1} {
		c := candidate(func(c *policy.Candidate) { c.ChargeWay = way })
		if _, err := policy.CheckItem(&c, request(nil), now); protocol.StatusOf(err) != protocol.StatusItemInvalid {
			t.Errorf("way %d: %v", way, err)
		}
		if got := policy.Quota(c.Item, policy.Usage{}).State; got != protocol.QuotaExhausted {
			t.Errorf("way %d: %v", way, got)
		}
		if policy.Seats(c.Item) || policy.Charged(way, store.Counts{{Type: "QR_CODE", Units: 1}}) != 0 {
			t.Errorf("way %d has seats or counts", way)
		}
		state := world()
		odd := state.CodeItems[22][0]
		odd.ChargeWay = way
		state.CodeItems[22], state.Items["seats"] = []store.CodeItem{odd, state.CodeItems[21][0]}, odd.Item
		state.Grants[store.Grant{Device: "a", Code: 22, Item: 12}] = true
		_, answers := policy.Apply(state, []policy.Request{
			asking("a", "key", "100001-seats"),
			batch("a", "100001-seats", "seats", protocol.Report{
				Slot: early, Revision: 1, Counts: map[string]int64{"QR_CODE": 3},
			}),
		}, moment)
		if answers[0].Refusal != nil || answers[0].Authorization.Item.ID != "scans" ||
			answers[1].Receipt.Accepted != 1 {
			t.Errorf("way %d: %+v", way, answers)
		}
	}
}
