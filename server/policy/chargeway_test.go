package policy_test

import (
	"math"
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
		got := policy.Quota(store.Item{ChargeWay: test.way, Quota: test.quota}, test.used)
		if want := (protocol.Quota{Limit: test.quota, Tolerance: test.tolerance, Used: test.used, State: test.state}); got != want {
			t.Errorf("way %d: got %+v, want %+v", test.way, got, want)
		}
	}
}

func TestCharged(t *testing.T) {
	counts := map[string]int64{"QR_CODE": 1, "EAN_13": 2, "PAGE_SCANNED": 4, "OPERATION": 8, "MRZ": 16} // MRZ: a host's own
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
		for way, percent := range map[protocol.ChargeWay]int64{protocol.ChargeWayScanCount: 5, protocol.ChargeWayDeviceCount: 10} {
			got := policy.Quota(store.Item{ChargeWay: way, Quota: quota}, 0).Tolerance
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
			c.Quota = rapid.Int64Range(1, 1000).Draw(t, "quota")
			c.Used = rapid.Int64Range(0, 1200).Draw(t, "used")
		})
		more := rapid.Int64Range(c.Used, 1300).Draw(t, "more")
		if order[policy.Quota(c.Item, c.Used).State] > order[policy.Quota(c.Item, more).State] {
			t.Fatalf("%+v is worse than with %d", policy.Quota(c.Item, c.Used), more)
		}
		_, err := policy.CheckItem(&c, request(nil), now)
		after := c.Used
		if policy.Seats(c.Item) {
			after++ // the device takes a seat
		}
		if refused := err != nil; refused != (policy.Quota(c.Item, after).State == protocol.QuotaExhausted) {
			t.Fatalf("refused %t with %+v", refused, policy.Quota(c.Item, after))
		}
	})
}
