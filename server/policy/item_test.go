package policy_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

const day = 24 * time.Hour

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// candidate is an item that fits every request; change makes it different.
func candidate(change func(*policy.Candidate)) policy.Candidate {
	c := policy.Candidate{}
	c.Item = store.Item{
		Key: 1, ID: "item", Products: protocol.ProductAll, ChargeWay: protocol.ChargeWayScanCount, Quota: 100,
		StartsAt: now.Add(-day).Unix(), ExpiresAt: now.Add(30 * day).Unix(), MaxBufferDays: 365,
	}
	if change != nil {
		change(&c)
	}
	return c
}

// request is a request that every plain item fits.
func request(change func(*protocol.AuthorizationRequest)) *protocol.AuthorizationRequest {
	r := &protocol.AuthorizationRequest{Products: protocol.ProductAll, DeploymentType: protocol.DeploymentTypeDesktop}
	if change != nil {
		change(r)
	}
	return r
}

func TestCheckItem(t *testing.T) {
	type item = func(*policy.Candidate)
	type ask = func(*protocol.AuthorizationRequest)
	for _, test := range []struct {
		name string
		item item
		ask  ask
		want protocol.Status
	}{
		{"plain", nil, nil, protocol.StatusOK},

		{"product of several", func(c *policy.Candidate) { c.Products = protocol.ProductDBR | protocol.ProductDLR },
			func(r *protocol.AuthorizationRequest) { r.Products = protocol.ProductDLR }, protocol.StatusOK},
		{"other product", func(c *policy.Candidate) { c.Products = protocol.ProductDBR },
			func(r *protocol.AuthorizationRequest) {
				r.Products = protocol.ProductDLR
			}, protocol.StatusProductMismatch},
		{"one product of two asked for", func(c *policy.Candidate) { c.Products = protocol.ProductDBR },
			func(r *protocol.AuthorizationRequest) { r.Products = protocol.ProductDBR | protocol.ProductDLR },
			protocol.StatusProductMismatch},
		{"all products asked for: any will do", func(c *policy.Candidate) { c.Products = protocol.ProductDBR }, nil,
			protocol.StatusOK},
		{"no product asked for: any will do", func(c *policy.Candidate) { c.Products = protocol.ProductDBR },
			func(r *protocol.AuthorizationRequest) { r.Products = 0 }, protocol.StatusOK},

		{"same major version", func(c *policy.Candidate) { c.Version = "10" },
			func(r *protocol.AuthorizationRequest) { r.ProductVersion = "10.2.1" }, protocol.StatusOK},
		{"with a v", func(c *policy.Candidate) { c.Version = "10" },
			func(r *protocol.AuthorizationRequest) { r.ProductVersion = "v10" }, protocol.StatusOK},
		{"other major version", func(c *policy.Candidate) { c.Version = "10" },
			func(r *protocol.AuthorizationRequest) { r.ProductVersion = "1.0" }, protocol.StatusVersionMismatch},
		{"version not stated", func(c *policy.Candidate) { c.Version = "10" }, nil, protocol.StatusVersionMismatch},

		{"deployment type", func(c *policy.Candidate) { c.DeploymentType = protocol.DeploymentTypeDesktop }, nil,
			protocol.StatusOK},
		{"other deployment type", func(c *policy.Candidate) { c.DeploymentType = protocol.DeploymentTypeServer }, nil,
			protocol.StatusDeploymentTypeMismatch},

		{"edition", func(c *policy.Candidate) { c.Edition = "Python" },
			func(r *protocol.AuthorizationRequest) { r.Edition = "python" }, protocol.StatusOK},
		{"other edition", func(c *policy.Candidate) { c.Edition = "Python" },
			func(r *protocol.AuthorizationRequest) { r.Edition = "Java" }, protocol.StatusEditionMismatch},

		{"charge way", nil, func(r *protocol.AuthorizationRequest) { r.ChargeWay = protocol.ChargeWayScanCount },
			protocol.StatusOK},
		{"other charge way", nil, func(r *protocol.AuthorizationRequest) {
			r.ChargeWay = protocol.ChargeWayDeviceCount
		}, protocol.StatusChargeWayMismatch},

		{"modules", func(c *policy.Candidate) { c.Modules = []protocol.LicenseModule{1, 2, 3} },
			func(r *protocol.AuthorizationRequest) { r.Modules = []protocol.LicenseModule{3, 1} }, protocol.StatusOK},
		{"no modules asked for", func(c *policy.Candidate) { c.Modules = []protocol.LicenseModule{1} }, nil,
			protocol.StatusOK},
		{"a module too many", func(c *policy.Candidate) { c.Modules = []protocol.LicenseModule{1, 2, 3} },
			func(r *protocol.AuthorizationRequest) { r.Modules = []protocol.LicenseModule{3, 4} },
			protocol.StatusNoItemMatched},

		{"validation field", func(c *policy.Candidate) { c.ValidationField = "www.example.com" },
			func(r *protocol.AuthorizationRequest) { r.ValidationField = "WWW.example.com" }, protocol.StatusOK},
		{"other validation field", func(c *policy.Candidate) { c.ValidationField = "www.example.com" },
			func(r *protocol.AuthorizationRequest) {
				r.ValidationField = "example.com"
			}, protocol.StatusItemAppDomainMismatch},

		{"starts now", func(c *policy.Candidate) { c.StartsAt = now.Unix() }, nil, protocol.StatusOK},
		{"starts in a second", func(c *policy.Candidate) { c.StartsAt = now.Unix() + 1 }, nil,
			protocol.StatusLicenseNotYetEffective},
		{"expired, last second of tolerance", func(c *policy.Candidate) { c.ExpiresAt = now.Add(-7*day).Unix() + 1 },
			nil, protocol.StatusOK},
		{"expired", func(c *policy.Candidate) { c.ExpiresAt = now.Add(-7 * day).Unix() }, nil,
			protocol.StatusLicenseExpired},

		{"revoked", func(c *policy.Candidate) { c.RevokedAt = now.Unix() }, nil, protocol.StatusItemInvalid},

		{"quota not used up", func(c *policy.Candidate) { c.Used = 99 }, nil, protocol.StatusOK},
		{"in tolerance", func(c *policy.Candidate) { c.Used = 104 }, nil, protocol.StatusOK},
		{"beyond tolerance", func(c *policy.Candidate) { c.Used = 105 }, nil, protocol.StatusLimitExceeded},
		{"unlimited", func(c *policy.Candidate) { c.Quota, c.Used = store.Unlimited, 1<<62 }, nil, protocol.StatusOK},

		{"device, list not full", func(c *policy.Candidate) {
			c.ChargeWay, c.Used = protocol.ChargeWayDeviceCount, 109
		}, nil, protocol.StatusOK},
		{"new device, list full", func(c *policy.Candidate) {
			c.ChargeWay, c.Used = protocol.ChargeWayDeviceCount, 110
		}, nil, protocol.StatusLimitExceeded},
		{"known device, list full", func(c *policy.Candidate) {
			c.ChargeWay, c.Used, c.Held = protocol.ChargeWayDeviceCount, 110, 1
		}, nil, protocol.StatusOK},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := candidate(test.item)
			_, err := policy.CheckItem(&c, request(test.ask), now)
			if protocol.StatusOf(err) != test.want {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestCheckItemNamesTheRevokedItem(t *testing.T) {
	c := candidate(func(c *policy.Candidate) { c.RevokedAt = 1 })
	_, err := policy.CheckItem(&c, request(nil), now)
	if want := "This license item item has been invalid."; err == nil || err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestCheckHandshake(t *testing.T) {
	proof := policy.Proof{Right: []string{"hash of s3cret"}, Wrong: []string{"hash of x", "an older one"}}
	before, after := now.Unix()-1, now.Unix()+1
	for _, test := range []struct {
		name string
		code store.HandshakeCode
		ask  protocol.AuthorizationRequest
		want error
	}{
		{"open", store.HandshakeCode{},
			protocol.AuthorizationRequest{SessionPassword: "any", ValidationField: "any"}, nil},
		{"password", store.HandshakeCode{SessionPassword: "hash of s3cret"},
			protocol.AuthorizationRequest{SessionPassword: "s3cret"}, nil},
		{"wrong password", store.HandshakeCode{SessionPassword: "hash of x"},
			protocol.AuthorizationRequest{SessionPassword: "s3cret"}, protocol.StatusSessionPasswordIncorrect},
		{"no password", store.HandshakeCode{SessionPassword: "hash of s3cret"}, protocol.AuthorizationRequest{},
			protocol.StatusSessionPasswordIncorrect},
		{"the one before", store.HandshakeCode{
			SessionPassword: "hash of x", PreviousPassword: "hash of s3cret", PreviousUntil: after,
		},
			protocol.AuthorizationRequest{SessionPassword: "s3cret"}, nil},
		{"the one before, too late", store.HandshakeCode{
			SessionPassword: "hash of x", PreviousPassword: "hash of s3cret", PreviousUntil: before,
		},
			protocol.AuthorizationRequest{SessionPassword: "s3cret"}, protocol.StatusSessionPasswordIncorrect},
		{"neither", store.HandshakeCode{
			SessionPassword: "hash of x", PreviousPassword: "an older one", PreviousUntil: after,
		},
			protocol.AuthorizationRequest{SessionPassword: "s3cret"}, protocol.StatusSessionPasswordIncorrect},
		{"archived", store.HandshakeCode{ArchivedAt: 1}, protocol.AuthorizationRequest{},
			protocol.StatusHandshakeCodeNotFound},
		{"field", store.HandshakeCode{ValidationFields: []string{"a.exe", "b.exe"}},
			protocol.AuthorizationRequest{ValidationField: "B.EXE"}, nil},
		{"wrong field", store.HandshakeCode{ValidationFields: []string{"a.exe"}},
			protocol.AuthorizationRequest{ValidationField: "b.exe"}, protocol.StatusHandshakeAppDomainMismatch},
		{"no field", store.HandshakeCode{ValidationFields: []string{"a.exe"}}, protocol.AuthorizationRequest{},
			protocol.StatusHandshakeAppDomainMismatch},
		{"password first", store.HandshakeCode{SessionPassword: "x", ValidationFields: []string{"a"}},
			protocol.AuthorizationRequest{}, protocol.StatusSessionPasswordIncorrect},
	} {
		t.Run(test.name, func(t *testing.T) {
			if untried, err := policy.CheckHandshake(test.code, &test.ask, proof, now); !errors.Is(err, test.want) ||
				untried != nil {
				t.Errorf("got %v and %v, want %v", untried, err, test.want)
			}
		})
	}
}

// A password that nobody held against a hash is neither right nor wrong.
func TestUntriedPasswords(t *testing.T) {
	code := store.HandshakeCode{SessionPassword: "a", PreviousPassword: "b", PreviousUntil: now.Unix() + 1}
	ask := protocol.AuthorizationRequest{SessionPassword: "x"}
	for _, test := range []struct {
		proof policy.Proof
		want  []string
	}{
		{policy.Proof{}, []string{"a", "b"}}, {policy.Proof{Wrong: []string{"a"}}, []string{"b"}},
		{policy.Proof{Wrong: []string{"a", "c"}, Right: []string{"d"}}, []string{"b"}},
	} {
		if untried, err := policy.CheckHandshake(code, &ask, test.proof, now); err != nil ||
			!slices.Equal(untried, test.want) {
			t.Errorf("%+v: %v, %v", test, untried, err)
		}
	}
}

func TestBufferUntil(t *testing.T) {
	for _, test := range []struct {
		name      string
		asked     int
		cap       int64
		expiresIn time.Duration
		want      time.Duration
	}{
		{"as asked", 20, 365, 300 * day, 20 * day},
		{"at least 7", 0, 365, 300 * day, 7 * day},
		{"negative", -5, 365, 300 * day, 7 * day},
		{"capped by the item", 30, 3, 300 * day, 3 * day},
		{"not beyond the end", 30, 365, 10 * day, 17 * day},
		{"in the tolerance", 30, 365, -5 * day, 2 * day},
		{"the largest number", 0x7fffffff, 36500, 300 * day, 307 * day},
	} {
		t.Run(test.name, func(t *testing.T) {
			item := store.Item{MaxBufferDays: test.cap, ExpiresAt: now.Add(test.expiresIn).Unix()}
			if got := policy.BufferUntil(item, test.asked, now) - now.Unix(); got != int64(test.want.Seconds()) {
				t.Errorf("got %d s, want %v", got, test.want)
			}
		})
	}
}
