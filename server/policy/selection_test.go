package policy_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

func named(id string, change func(*policy.Candidate)) policy.Candidate {
	c := candidate(change)
	c.ID = id
	return c
}

func TestSelect(t *testing.T) {
	for _, test := range []struct {
		name  string
		items []policy.Candidate
		ask   func(*protocol.AuthorizationRequest)
		want  string // the item, if granted
		code  protocol.Status
	}{
		{name: "none", code: protocol.StatusNoItemMatched},
		{name: "closest expiry", want: "b", items: []policy.Candidate{
			named("a", nil), named("b", func(c *policy.Candidate) { c.ExpiresAt -= 10 }),
		}},
		{name: "most specific", want: "b", items: []policy.Candidate{
			named("a", nil), named("b", func(c *policy.Candidate) {
				c.DeploymentType = protocol.DeploymentTypeDesktop
			}),
		}},
		{name: "least restrictive: modules", want: "b", items: []policy.Candidate{
			named("a", func(c *policy.Candidate) { c.Modules = []protocol.LicenseModule{1} }),
			named("b", func(c *policy.Candidate) { c.Modules = []protocol.LicenseModule{1, 2} }),
		}},
		{name: "least restrictive: quota", want: "b", items: []policy.Candidate{
			named("a", nil), named("b", func(c *policy.Candidate) { c.Quota = 200 }),
			named("c", func(c *policy.Candidate) { c.Quota = 150 }),
		}},
		{name: "least restrictive: unlimited", want: "b", items: []policy.Candidate{
			named("a", func(c *policy.Candidate) { c.Quota = 1 << 53 }), named("b", func(c *policy.Candidate) {
				c.Quota = store.Unlimited
			}),
		}},
		{name: "position before all rules", want: "b", items: []policy.Candidate{
			named("a", func(c *policy.Candidate) { c.ExpiresAt -= 10 }), named("b", func(c *policy.Candidate) {
				c.Position = 2
			}),
			named("c", func(c *policy.Candidate) { c.Position = 3 }),
		}},
		{name: "the first that fits", want: "b", items: []policy.Candidate{
			named("a", func(c *policy.Candidate) { c.Position, c.Version = 1, "9" }), named("b", nil),
		}},
		{name: "a new item before one in its expiry tolerance", want: "b", items: []policy.Candidate{
			named("a", func(c *policy.Candidate) { c.ExpiresAt, c.Position = now.Unix()-1, 1 }), named("b", nil),
		}},
		{name: "a new item before one in its quota tolerance", want: "b", items: []policy.Candidate{
			named("a", func(c *policy.Candidate) { c.Used, c.ExpiresAt = 100, c.ExpiresAt-10 }), named("b", nil),
		}},
		{name: "the tolerance if there is nothing else", want: "a", items: []policy.Candidate{
			named("a", func(c *policy.Candidate) { c.Used = 100 }), named("b", func(c *policy.Candidate) {
				c.RevokedAt = 1
			}),
		}},
		{name: "a known device stays on a list that is full", want: "a", items: []policy.Candidate{
			named("a", func(c *policy.Candidate) {
				c.ChargeWay, c.Used, c.Held, c.ExpiresAt = protocol.ChargeWayDeviceCount, 110, 1, c.ExpiresAt-10
			}), named("b", nil),
		}},
		{name: "one item: its own reason", code: protocol.StatusChargeWayMismatch,
			ask:   func(r *protocol.AuthorizationRequest) { r.ChargeWay = protocol.ChargeWayDeviceCount },
			items: []policy.Candidate{named("a", nil)}},
		{name: "several: the reason of the one that got farthest", code: protocol.StatusLimitExceeded,
			items: []policy.Candidate{
				named("a", func(c *policy.Candidate) { c.Version = "9" }), named("b", func(c *policy.Candidate) {
					c.Used = 1000
				}),
				named("c", func(c *policy.Candidate) { c.StartsAt = now.Unix() + 1 }),
			}},
	} {
		t.Run(test.name, func(t *testing.T) {
			chosen, err := policy.Select(test.items, request(test.ask), now)
			if protocol.StatusOf(err) != test.code {
				t.Fatalf("got %v, want code %d", err, test.code)
			}
			if err == nil && chosen.ID != test.want {
				t.Errorf("chose %s, want %s", chosen.ID, test.want)
			}
		})
	}
}

// anyCandidate draws items which differ in whatever the rules look at.
func anyCandidate(t *rapid.T, key store.ID) policy.Candidate {
	return candidate(func(c *policy.Candidate) {
		c.Key = key
		c.Products = rapid.SampledFrom([]protocol.Product{1, 2, 3, protocol.ProductAll}).Draw(t, "products")
		c.Version = rapid.SampledFrom([]string{"", "9", "10"}).Draw(t, "version")
		c.DeploymentType = rapid.SampledFrom([]protocol.DeploymentType{0, 1, 2}).Draw(t, "deployment")
		c.ChargeWay = rapid.SampledFrom(policy.ChargeWays()).Draw(t, "way")
		c.Quota = rapid.Int64Range(-1, 50).Draw(t, "quota")
		c.Used = rapid.Int64Range(0, 60).Draw(t, "used")
		c.Held = rapid.Int64Range(0, min(1, c.Used)).Draw(t, "held")
		c.Exceptions = rapid.Int64Range(0, 60_000).Draw(t, "exceptions")
		c.Position = rapid.Int64Range(0, 3).Draw(t, "position")
		c.ExpiresAt = now.Unix() + rapid.Int64Range(-10, 10).Draw(t, "expires")*86400
		c.StartsAt = now.Unix() + rapid.Int64Range(-10, 1).Draw(t, "starts")*86400
		c.RevokedAt = rapid.Int64Range(0, 1).Draw(t, "revoked")
	})
}

// Whatever the items: one is chosen exactly if one fits, it fits itself, and the
// order in which they come does not matter.
func TestSelectProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := make([]policy.Candidate, rapid.IntRange(0, 6).Draw(t, "items"))
		fits := false
		ask := request(func(r *protocol.AuthorizationRequest) {
			r.Products = rapid.SampledFrom([]protocol.Product{1, 2, protocol.ProductAll}).Draw(t, "asked products")
			r.ProductVersion = rapid.SampledFrom([]string{"", "10.1"}).Draw(t, "asked version")
		})
		for i := range items {
			items[i] = anyCandidate(t, store.ID(i+1))
			_, err := policy.CheckItem(&items[i], ask, now)
			fits = fits || err == nil
		}
		chosen, err := policy.Select(items, ask, now)
		if fits != (err == nil) {
			t.Fatalf("an item fits: %t, but %v", fits, err)
		}
		if err == nil {
			if _, err := policy.CheckItem(chosen, ask, now); err != nil {
				t.Fatalf("the chosen item does not fit: %v", err)
			}
		}
		shuffled := rapid.Permutation(items).Draw(t, "order")
		again, againErr := policy.Select(shuffled, ask, now)
		if protocol.StatusOf(err) != protocol.StatusOf(againErr) || err == nil && again.Key != chosen.Key {
			t.Fatalf("in another order: %v %v, %v %v", chosen, err, again, againErr)
		}
	})
}
