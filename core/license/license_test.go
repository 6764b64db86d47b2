package license_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/openlts/openlts/core/internal/device"
	"github.com/openlts/openlts/core/internal/ledger"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/testkit"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func parameters(servers ...string) license.Parameters {
	p := license.Defaults()
	p.HandshakeCode = "100001-reader"
	if len(servers) > 0 {
		p.MainServerURL = servers[0]
	}
	if len(servers) > 1 {
		p.StandbyServerURL = servers[1]
	}
	return p
}

func TestParameters(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*license.Parameters)
		status protocol.Status
		says   string
	}{
		"good": {func(*license.Parameters) {}, protocol.StatusOK, ""},
		"no server": {func(p *license.Parameters) { p.MainServerURL = "" }, protocol.StatusInvalidArgument,
			"mainServerURL"},
		"standby alone": {func(p *license.Parameters) { p.MainServerURL, p.StandbyServerURL = "", "https://b" },
			protocol.StatusOK, ""},
		"no scheme": {func(p *license.Parameters) { p.MainServerURL = "lts.example.com" },
			protocol.StatusInvalidArgument, "mainServerURL"},
		"other scheme": {func(p *license.Parameters) { p.MainServerURL = "file:///etc/passwd" },
			protocol.StatusInvalidArgument, "mainServerURL"},
		"port": {func(p *license.Parameters) { p.MainServerURL = "http://lts:99999999" },
			protocol.StatusInvalidArgument, "port"},
		"query": {func(p *license.Parameters) { p.MainServerURL = "https://lts/?x=1" },
			protocol.StatusInvalidArgument, "mainServerURL"},
		"long URL": {func(p *license.Parameters) { p.MainServerURL = "https://" + strings.Repeat("x", 3000) },
			protocol.StatusInvalidArgument, "longer"},
		"no code": {func(p *license.Parameters) { p.HandshakeCode = "" }, protocol.StatusNoLicense,
			"handshakeCode"},
		"organization": {func(p *license.Parameters) { p.HandshakeCode, p.OrganizationID = "", "100001" },
			protocol.StatusOK, ""},
		"long code": {func(p *license.Parameters) { p.HandshakeCode = strings.Repeat("x", 256) },
			protocol.StatusInvalidArgument, "handshakeCode"},
		"not UTF-8": {
			func(p *license.Parameters) { p.HandshakeCode = "\xff" }, protocol.StatusInvalidArgument, "UTF-8",
		},
		"slot": {func(p *license.Parameters) { p.SlotSeconds = 7 }, protocol.StatusInvalidArgument,
			"slotSeconds"},
		"instances": {func(p *license.Parameters) { p.MaxConcurrentInstanceCount = 0 },
			protocol.StatusInvalidArgument, "maxConcurrentInstanceCount"},
		"products": {
			func(p *license.Parameters) { p.Products = 0 }, protocol.StatusInvalidArgument, "products",
		},
		"method": {func(p *license.Parameters) { p.UUIDGenerationMethod = 3 }, protocol.StatusInvalidArgument,
			"UUIDGenerationMethod"},
		"resubmit": {
			func(p *license.Parameters) { p.Resubmit = 2 }, protocol.StatusInvalidArgument, "resubmit",
		},
		"buffer days": {func(p *license.Parameters) { p.MaxBufferDays = -1 }, protocol.StatusInvalidArgument,
			"maxBufferDays"},
		"module": {func(p *license.Parameters) { p.LimitedLicenseModules = []protocol.LicenseModule{99} },
			protocol.StatusInvalidArgument, "module"},
		"key": {func(p *license.Parameters) { p.ServerPublicKey = "abc" }, protocol.StatusInvalidArgument,
			"serverPublicKey"},
		"proxy": {func(p *license.Parameters) { p.ProxyURL = "user:secret@proxy" },
			protocol.StatusInvalidArgument, "proxyURL"},
		"negative timeout": {
			func(p *license.Parameters) { p.InitTimeout = -1 }, protocol.StatusInvalidArgument, "timeout",
		},
	} {
		p := parameters("https://lts.example.com/lts/")
		c.change(&p)
		err := p.Check()
		if protocol.StatusOf(err) != c.status {
			t.Errorf("%s: %v, want %v", name, err, c.status.Name())
		} else if err != nil && (!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%s: the message %q should name %q, and no secret", name, err, c.says)
		}
	}
	p := parameters("https://lts.example.com/lts/")
	p.MaxBufferDays = 0
	if err := p.Check(); err != nil || p.MaxBufferDays != 7 || p.MainServerURL != "https://lts.example.com/lts" {
		t.Errorf("completed: %v, %d days, %s", err, p.MaxBufferDays, p.MainServerURL)
	}
}

func TestLicenseKeys(t *testing.T) {
	p := license.Defaults()
	key, err := protocol.NewLicenseKey(map[string]any{
		"mainServerURL": "https://lts", "handshakeCode": "100001-reader", "maxBufferDays": 30,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.ApplyKey(" " + key + "\n"); err != nil || p.MainServerURL != "https://lts" ||
		p.HandshakeCode != "100001-reader" || p.MaxBufferDays != 30 || p.SlotSeconds != 180 {
		t.Errorf("%v, %+v", err, p)
	}
	// The sample the vendor documents.
	if err := p.ApplyKey("DLS2eyJvcmdhbml6YXRpb25JRCI6IjIwMDAwMSJ9"); err != nil || p.OrganizationID != "200001" {
		t.Errorf("%v, %q", err, p.OrganizationID)
	}
	for _, bad := range []string{"", "LTS1", "LTS1!!!", "LTS1" + base64.StdEncoding.EncodeToString([]byte("[1]")),
		"XYZ", "LTS1" + strings.Repeat("A", 1<<17)} {
		if err := p.ApplyKey(bad); protocol.StatusOf(err) != protocol.StatusInvalidArgument {
			t.Errorf("key %.20q: %v", bad, err)
		}
	}
}

// TestALicenseKeyHoldsEachParameter that the ABI knows: none is passed over in silence.
func TestALicenseKeyHoldsEachParameter(t *testing.T) {
	text, err := os.ReadFile("../../conformance/definitions.json")
	if err != nil {
		t.Fatal(err)
	}
	var definitions struct {
		Structures []struct {
			Name   string
			Fields []struct{ Name, Type string }
		}
	}
	if err := json.Unmarshal(text, &definitions); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, structure := range definitions.Structures {
		for _, field := range structure.Fields {
			if structure.Name != "ConnectionParameters" || field.Type == "size" || field.Type == "padding" {
				continue
			}
			var value any = 3
			switch field.Type {
			case "text":
				value = "x"
			case "list":
				value = []int{1}
			}
			key, err := protocol.NewLicenseKey(map[string]any{field.Name: value})
			if err != nil {
				t.Fatal(err)
			}
			p := license.Defaults()
			if err := p.ApplyKey(key); err != nil || reflect.DeepEqual(p, license.Defaults()) {
				t.Errorf("%s: %v, or nothing was set", field.Name, err)
			}
			tried++
		}
	}
	if tried < 20 {
		t.Errorf("only %d parameters were tried", tried)
	}
}

// TestALicenseKeyDoesNotReplaceThePin: the pinned key holds, whoever the license key comes from.
func TestALicenseKeyDoesNotReplaceThePin(t *testing.T) {
	ours, theirs := base64.StdEncoding.EncodeToString(make([]byte, 32)),
		base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 32)))
	for name, c := range map[string]struct {
		pin, inKey string
		status     protocol.Status
		want       string
	}{
		"none":           {"", "", protocol.StatusOK, ""},
		"by the key":     {"", theirs, protocol.StatusOK, theirs},
		"before":         {ours, "", protocol.StatusOK, ours},
		"the same":       {ours, strings.TrimRight(ours, "="), protocol.StatusOK, strings.TrimRight(ours, "=")},
		"another's":      {ours, theirs, protocol.StatusServerKeyMismatch, ours},
		"no key at all":  {ours, "x", protocol.StatusServerKeyMismatch, ours},
		"damaged before": {"x", theirs, protocol.StatusInvalidArgument, "x"},
	} {
		fields := map[string]any{"mainServerURL": "https://lts"}
		if c.inKey != "" {
			fields["serverPublicKey"] = c.inKey
		}
		key, err := protocol.NewLicenseKey(fields)
		if err != nil {
			t.Fatal(err)
		}
		p := license.Defaults()
		p.ServerPublicKey = c.pin
		err = p.ApplyKey(key)
		if protocol.StatusOf(err) != c.status || p.ServerPublicKey != c.want ||
			(p.MainServerURL != "") != (err == nil) {
			t.Errorf("%s: %v, key %q, server %q", name, err, p.ServerPublicKey, p.MainServerURL)
		}
	}
}

// world is a device with a clock of its own.
type world struct {
	t      *testing.T
	clock  *testkit.Clock
	ledger *ledger.Ledger
	device device.Identity
}

func newWorld(t *testing.T) *world {
	t.Helper()
	directory := t.TempDir()
	l, err := ledger.Open(t.Context(), directory, ledger.Options{Now: func() time.Time { return start }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	identity, err := device.Read(directory).Identity(context.Background(), protocol.UUIDGenerationMethodRandom, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	return &world{t, testkit.NewClock(start), l, identity}
}

func (w *world) authorize(p license.Parameters) (*license.Granted, error) {
	w.t.Helper()
	if err := p.Check(); err != nil {
		w.t.Fatal(err)
	}
	a := license.Authorizer{Parameters: &p, Device: w.device, Ledger: w.ledger,
		Transport: &http.Transport{DisableKeepAlives: true}, Clock: w.clock,
		Recognition: &license.Recognition{}}
	return a.Authorize(context.Background())
}

// nowhere is an address at which nothing listens.
func nowhere(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return "http://" + listener.Addr().String()
}

func TestMainThenStandbyThenCache(t *testing.T) {
	w := newWorld(t)
	server := testkit.NewServer(t, w.clock.Now)
	dead := nowhere(t)

	if _, err := w.authorize(parameters(dead)); protocol.StatusOf(err) != protocol.StatusFailedToReachLTS ||
		!strings.Contains(err.Error(), dead) {
		t.Errorf("without server and cache: %v", err)
	}
	granted, err := w.authorize(parameters(server.URL, dead))
	if err != nil || granted.Flags != 0 || granted.Authorization.Item.ID != "scans" {
		t.Fatalf("main: %+v, %v", granted, err)
	}
	granted, err = w.authorize(parameters(dead, server.URL))
	if err != nil || granted.Flags != protocol.StateFlagStandbyUsed {
		t.Fatalf("standby: %+v, %v", granted, err)
	}
	w.clock.Advance(7*24*time.Hour - time.Second)
	server.Intercept(testkit.CaptivePortal)
	granted, err = w.authorize(parameters(server.URL, dead))
	if err != nil || granted.Flags != protocol.StateFlagCacheUsed || granted.Reason == nil {
		t.Fatalf("cache: %+v, %v", granted, err)
	}
	w.clock.Advance(2 * time.Second)
	_, err = w.authorize(parameters(dead, server.URL))
	if protocol.StatusOf(err) != protocol.StatusServerResponseInvalid || !strings.Contains(err.Error(), "2026-03-08") {
		t.Errorf("cache that ran out: %v", err)
	}
	// Turning the clock back does not bring it back.
	w.clock.Set(start.Add(time.Hour))
	if _, err = w.authorize(parameters(server.URL)); err == nil ||
		!strings.Contains(err.Error(), "the clock was set back") {
		t.Errorf("turning the clock back lengthened the authorization: %v", err)
	}
	// Nor does it keep an honest user out once a server can be reached.
	server.Intercept(nil)
	granted, err = w.authorize(parameters(server.URL))
	if err != nil || granted.Flags != protocol.StateFlagClockAnomaly {
		t.Errorf("after the clock was turned back: %+v, %v", granted, err)
	}
	server.Intercept(testkit.CaptivePortal)
	if granted, err = w.authorize(parameters(server.URL)); err != nil || granted.Flags != protocol.StateFlagCacheUsed {
		t.Errorf("and then offline: %+v, %v", granted, err)
	}
}

func TestTheCacheIsForTheSameRequestOnly(t *testing.T) {
	w := newWorld(t)
	server := testkit.NewServer(t, w.clock.Now)
	if _, err := w.authorize(parameters(server.URL)); err != nil {
		t.Fatal(err)
	}
	server.Intercept(testkit.CaptivePortal)
	other := parameters(server.URL)
	other.HandshakeCode = "100001-other"
	if _, err := w.authorize(other); protocol.StatusOf(err) != protocol.StatusServerResponseInvalid {
		t.Errorf("another code: %v", err)
	}
}

func refusal(code protocol.Status) *protocol.Problem {
	return &protocol.Problem{Type: "about:blank", Title: code.Name(), Status: 403, Code: code, Detail: code.Message()}
}

func TestARefusalIsFinal(t *testing.T) {
	w := newWorld(t)
	server := testkit.NewServer(t, w.clock.Now)
	if _, err := w.authorize(parameters(server.URL, server.URL)); err != nil {
		t.Fatal(err)
	}
	before := server.Requests(protocol.PathAuthorizations)
	server.Refuse(refusal(protocol.StatusLimitExceeded))
	_, err := w.authorize(parameters(server.URL, server.URL))
	if protocol.StatusOf(err) != protocol.StatusLimitExceeded || err.Error() != "License has exceeded its limit." ||
		!errors.Is(err, license.ErrRefused) {
		t.Errorf("refused: %v", err)
	}
	if n := server.Requests(protocol.PathAuthorizations) - before; n != 1 {
		t.Errorf("%d servers were asked after a refusal", n)
	}
	// The address is the same, so that the cache would be found if it were there.
	server.Intercept(testkit.CaptivePortal)
	if _, err := w.authorize(parameters(server.URL)); protocol.StatusOf(err) != protocol.StatusServerResponseInvalid {
		t.Errorf("the cache papered over a refusal: %v", err)
	}
}

// TestARefusalAtTheFirstContact: it is told as it is, and neither remembered nor
// believed where a server of ours is known.
func TestARefusalAtTheFirstContact(t *testing.T) {
	w := newWorld(t)
	server, other := testkit.NewServer(t, w.clock.Now), testkit.NewServer(t, w.clock.Now)
	other.Refuse(refusal(protocol.StatusHandshakeCodeNotFound))
	server.Intercept(testkit.Impostor(other))
	if _, err := w.authorize(parameters(server.URL)); protocol.StatusOf(err) != protocol.StatusHandshakeCodeNotFound {
		t.Errorf("at the first contact: %v", err)
	}
	server.Intercept(nil)
	if granted, err := w.authorize(parameters(server.URL)); err != nil || granted.Flags != 0 {
		t.Fatalf("the key of a refusal was remembered: %+v, %v", granted, err)
	}
	dead := testkit.NewServer(t, w.clock.Now)
	dead.Intercept(testkit.CaptivePortal)
	if _, err := w.authorize(parameters(dead.URL, server.URL)); err != nil {
		t.Fatal(err)
	}
	server.Intercept(testkit.CaptivePortal)
	granted, err := w.authorize(parameters(other.URL, server.URL))
	if err != nil || granted.Flags != protocol.StateFlagCacheUsed ||
		!errors.Is(granted.Reason, protocol.StatusServerKeyMismatch) {
		t.Errorf("a stranger in place of a known server: %+v, %v", granted, err)
	}
}

// TestRefusalsThatProveNothing: they count as a server that was not reached: the
// standby is asked, then the cache, and the reason says what was found.
func TestRefusalsThatProveNothing(t *testing.T) {
	type middle = func(http.ResponseWriter, *http.Request, http.HandlerFunc)
	forger := func(code protocol.Status) func(*testing.T, *testkit.Server) middle {
		return func(*testing.T, *testkit.Server) middle { return testkit.Forger(code) }
	}
	rewriter := func(refuses bool, change func(*protocol.AuthorizationRequest)) func(*testing.T,
		*testkit.Server) middle {
		return func(_ *testing.T, main *testkit.Server) middle {
			if refuses {
				main.Refuse(refusal(protocol.StatusHandshakeCodeNotFound))
			}
			return testkit.Rewriter(change)
		}
	}
	clock := func() time.Time { return start }
	for name, c := range map[string]struct {
		middle func(*testing.T, *testkit.Server) middle
		status protocol.Status
		says   string
	}{
		"unsigned": {
			forger(protocol.StatusLimitExceeded), protocol.StatusServerResponseInvalid, "LIMIT_EXCEEDED, -20120",
		},
		"unsigned, about the time": {
			forger(protocol.StatusLicenseExpired), protocol.StatusServerResponseInvalid, "not signed",
		},
		"signed by another": {func(t *testing.T, _ *testkit.Server) middle {
			other := testkit.NewServer(t, clock)
			other.Refuse(refusal(protocol.StatusLimitExceeded))
			return testkit.Impostor(other)
		}, protocol.StatusServerKeyMismatch, "lts key show"},
		"a grant by another": {func(t *testing.T, _ *testkit.Server) middle {
			return testkit.Impostor(testkit.NewServer(t, clock))
		}, protocol.StatusServerKeyMismatch, "lts key show"},
		"of another question": {func(t *testing.T, main *testkit.Server) middle {
			main.Refuse(refusal(protocol.StatusLimitExceeded))
			replayer := testkit.Replayer()
			main.Intercept(replayer)
			if _, err := newWorld(t).authorize(parameters(main.URL)); !errors.Is(err, license.ErrRefused) {
				t.Fatal(err)
			}
			return replayer
		}, protocol.StatusServerResponseInvalid, "another request"},
		"of a question that was changed": {rewriter(true, func(r *protocol.AuthorizationRequest) {
			r.HandshakeCode = "100001-nobody"
		}),
			protocol.StatusServerResponseInvalid, "another request"},
		"about another device": {rewriter(true, func(r *protocol.AuthorizationRequest) {
			r.Device.UUID = "5f0c4a52-0d2b-4d0e-9b6c-1f2e3d4c5b6a"
		}),
			protocol.StatusServerResponseInvalid, "another request or device"},
		"a grant for a question that was changed": {rewriter(false, func(r *protocol.AuthorizationRequest) {
			r.MaxBufferDays = 3650
		}),
			protocol.StatusServerResponseInvalid, "another request"},
		"malformed": {
			forger(protocol.StatusRequestMalformed), protocol.StatusRequestMalformed, "malformed",
		},
		"another version":       {forger(protocol.StatusProtocolVersion), protocol.StatusProtocolVersion, "version"},
		"too large":             {forger(protocol.StatusRequestTooLarge), protocol.StatusRequestTooLarge, "too large"},
		"the main server works": {forger(protocol.StatusStandbyRefuses), protocol.StatusStandbyRefuses, "standby"},
		"a login page": {func(*testing.T, *testkit.Server) middle { return testkit.CaptivePortal },
			protocol.StatusServerResponseInvalid, "login page"},
	} {
		for _, pinned := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, pinned %t", name, pinned), func(t *testing.T) {
				w := newWorld(t)
				main := testkit.NewServer(t, w.clock.Now)
				p := parameters(main.URL)
				if pinned {
					p.ServerPublicKey = base64.StdEncoding.EncodeToString(main.SigningKey)
				}
				if _, err := w.authorize(p); err != nil {
					t.Fatal(err)
				}
				between := c.middle(t, main)
				main.Intercept(func(rw http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
					if r.URL.Path == protocol.PathKeys { // which anybody can show
						next(rw, r)
						return
					}
					between(rw, r, next)
				})
				for range 2 { // the first must not have taken anything from the second
					granted, err := w.authorize(p)
					if err != nil || granted.Flags != protocol.StateFlagCacheUsed {
						t.Fatalf("with a cache: %+v, %v", granted, err)
					}
					if !errors.Is(granted.Reason, c.status) || !strings.Contains(granted.Reason.Error(), c.says) {
						t.Errorf("the reason is %v, which should be %s and say %q", granted.Reason,
							c.status.Name(), c.says)
					}
				}
				if !pinned { // a standby that is there is asked
					withStandby := p
					withStandby.StandbyServerURL = testkit.NewServer(t, w.clock.Now).URL
					if granted, err := w.authorize(withStandby); err != nil ||
						granted.Flags != protocol.StateFlagStandbyUsed {
						t.Errorf("with a standby: %+v, %v", granted, err)
					}
				}
				// Without a cache, the status is that of what was found.
				empty := newWorld(t)
				if err := empty.ledger.SaveGrant(t.Context(), ledger.Grant{FirstMet: main.URL,
					CachedAuthorization: ledger.CachedAuthorization{
						PublicKey: protocol.Encoding.EncodeToString(main.SigningKey)}}); err != nil {
					t.Fatal(err)
				}
				if _, err := empty.authorize(p); protocol.StatusOf(err) != c.status ||
					!strings.Contains(err.Error(), c.says) {
					t.Errorf("without a cache: %v", err)
				}
			})
		}
	}
}

// TestAServerWhoseClockIsWrong does not end a license that is in force.
func TestAServerWhoseClockIsWrong(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for name, c := range map[string]struct {
		code     protocol.Status
		off      time.Duration // of the server's clock
		believed bool
	}{
		"expired, years ahead":       {protocol.StatusLicenseExpired, 20 * year, false},
		"not begun, in 1970":         {protocol.StatusLicenseNotYetEffective, -56 * year, false},
		"expired, by a right clock":  {protocol.StatusLicenseExpired, 0, true},
		"expired, minutes ahead":     {protocol.StatusLicenseExpired, 10 * time.Minute, true},
		"not begun, right clock":     {protocol.StatusLicenseNotYetEffective, 0, true},
		"used up, years ahead":       {protocol.StatusLimitExceeded, 20 * year, true}, // not about the time
		"no such code, years behind": {protocol.StatusHandshakeCodeNotFound, -20 * year, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			server := testkit.NewServer(t, w.clock.Now)
			if _, err := w.authorize(parameters(server.URL)); err != nil {
				t.Fatal(err)
			}
			w.clock.Advance(48 * time.Hour)
			server.SetClock(c.off)
			server.Refuse(refusal(c.code))
			granted, err := w.authorize(parameters(server.URL))
			if c.believed {
				if protocol.StatusOf(err) != c.code || !errors.Is(err, license.ErrRefused) {
					t.Errorf("not believed: %+v, %v", granted, err)
				}
				return
			}
			if err != nil || granted.Flags != protocol.StateFlagCacheUsed ||
				!strings.Contains(granted.Reason.Error(), "its clock shows") {
				t.Fatalf("%+v, %v", granted, err)
			}
			// When the cache has ended, there is nothing to go by but the server.
			w.clock.Advance(6 * 24 * time.Hour)
			if _, err := w.authorize(parameters(server.URL)); protocol.StatusOf(err) != c.code {
				t.Errorf("beyond the buffer: %v", err)
			}
			if _, err := newWorld(t).authorize(parameters(server.URL)); protocol.StatusOf(err) != c.code {
				t.Errorf("without a cache: %v", err)
			}
		})
	}
}

// TestWhatIsNoDecision: an answer that is not a server's decision leads to the
// standby.
func TestWhatIsNoDecision(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"standby refuses": func(w http.ResponseWriter, _ *http.Request) {
			testkit.Problem(w, 503, protocol.StatusStandbyRefuses)
		},
		"server failed": func(w http.ResponseWriter, _ *http.Request) {
			testkit.Problem(w, 500, protocol.StatusServerFailed)
		},
		"rate limited": func(w http.ResponseWriter, _ *http.Request) {
			testkit.Problem(w, 429, protocol.StatusRequestRateLimited)
		},
		"bad gateway":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) },
		"not found":      http.NotFound,
		"captive portal": func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "<html>log in</html>") },
		"empty JSON":     func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "{}") },
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		},
		"cut": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = fmt.Fprint(w, `{"authorization":`)
		},
		"endless": func(w http.ResponseWriter, _ *http.Request) {
			for range 2000 {
				_, _ = w.Write(make([]byte, 1024))
			}
		},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			odd, good := testkit.NewServer(t, w.clock.Now), testkit.NewServer(t, w.clock.Now)
			odd.Intercept(func(rw http.ResponseWriter, r *http.Request, _ http.HandlerFunc) { answer(rw, r) })
			if granted, err := w.authorize(parameters(odd.URL, good.URL)); err != nil ||
				granted.Flags != protocol.StateFlagStandbyUsed {
				t.Errorf("%+v, %v", granted, err)
			}
			w = newWorld(t)
			if _, err := w.authorize(parameters(odd.URL)); err == nil ||
				protocol.StatusOf(err) == protocol.StatusInternal {
				t.Errorf("alone: %v", err)
			}
		})
	}
}

func TestServerKeys(t *testing.T) {
	w := newWorld(t)
	server, impostor := testkit.NewServer(t, w.clock.Now), testkit.NewServer(t, w.clock.Now)
	pinned := parameters(server.URL)
	pinned.ServerPublicKey = base64.StdEncoding.EncodeToString(server.SigningKey)
	if _, err := w.authorize(pinned); err != nil {
		t.Errorf("pinned: %v", err)
	}
	empty := newWorld(t)
	pinned.MainServerURL = impostor.URL
	if _, err := empty.authorize(pinned); protocol.StatusOf(err) != protocol.StatusServerKeyMismatch {
		t.Errorf("an impostor of the pinned server: %v", err)
	}
	if asked := impostor.Requests(protocol.PathAuthorizations); asked != 0 {
		t.Errorf("it was told what is for the pinned one, %d times", asked)
	}
	if _, err := w.authorize(parameters(server.URL)); err != nil {
		t.Fatal(err)
	}
	// The same address, another server: by a redirect, which is not followed, and in
	// its place.
	for name, handler := range map[string]func(http.ResponseWriter, *http.Request, http.HandlerFunc){
		"redirect": func(rw http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
			http.Redirect(rw, r, impostor.URL+r.URL.Path, http.StatusTemporaryRedirect)
		},
		"impostor": testkit.Impostor(impostor),
	} {
		server.Intercept(handler)
		if granted, err := w.authorize(parameters(server.URL)); err != nil ||
			granted.Flags&protocol.StateFlagCacheUsed == 0 {
			t.Errorf("%s: %+v, %v", name, granted, err)
		}
	}
}

// TestVendorsApart: what one vendor's server granted is nothing to an SDK that asks
// another's, though code and directory are the same.
func TestVendorsApart(t *testing.T) {
	w := newWorld(t)
	x, y := testkit.NewServer(t, w.clock.Now), testkit.NewServer(t, w.clock.Now)
	pinnedTo := func(server *testkit.Server, p license.Parameters) license.Parameters {
		p.ServerPublicKey = base64.StdEncoding.EncodeToString(server.SigningKey)
		return p
	}
	if _, err := w.authorize(parameters(x.URL)); err != nil {
		t.Fatal(err)
	}
	x.Intercept(testkit.CaptivePortal)
	y.Intercept(testkit.CaptivePortal)
	for name, c := range map[string]struct {
		parameters license.Parameters
		opens      bool
	}{
		"the vendor itself":                   {parameters(x.URL), true},
		"the vendor, as its own standby":      {parameters(nowhere(t), x.URL), true},
		"the vendor, pinned":                  {pinnedTo(x, parameters(x.URL)), true},
		"the vendor, pinned, another address": {pinnedTo(x, parameters(nowhere(t))), true},
		"another vendor":                      {parameters(y.URL), false},
		"another vendor, pinned":              {pinnedTo(y, parameters(y.URL)), false},
		"another vendor, pinned, our address": {pinnedTo(y, parameters(x.URL)), false},
		"an address that was never met":       {parameters(nowhere(t)), false},
	} {
		granted, err := w.authorize(c.parameters)
		if c.opens && (err != nil || granted.LTS != protocol.SigningKeyID(x.SigningKey)) || !c.opens && err == nil {
			t.Errorf("%s: %+v, %v", name, granted, err)
		}
	}
	// Once the other vendor's server granted one, each has its own.
	y.Intercept(nil)
	if _, err := w.authorize(parameters(y.URL)); err != nil {
		t.Fatal(err)
	}
	y.Intercept(testkit.CaptivePortal)
	for _, server := range []*testkit.Server{x, y} {
		if granted, err := w.authorize(parameters(server.URL)); err != nil ||
			granted.LTS != protocol.SigningKeyID(server.SigningKey) {
			t.Errorf("%+v, %v", granted, err)
		}
	}
	// A refusal of the one is nothing to the other.
	y.Intercept(nil)
	y.Refuse(refusal(protocol.StatusItemInvalid))
	if _, err := w.authorize(parameters(y.URL)); protocol.StatusOf(err) != protocol.StatusItemInvalid {
		t.Error(err)
	}
	if _, err := w.authorize(parameters(x.URL)); err != nil {
		t.Errorf("another vendor's refusal ended the license: %v", err)
	}
}

func TestAnAnswerForAnother(t *testing.T) {
	for name, modify := range map[string]func(*protocol.Authorization){
		"nonce":  func(a *protocol.Authorization) { a.Nonce = "other" },
		"device": func(a *protocol.Authorization) { a.Device = "other" },
		"key":    func(a *protocol.Authorization) { a.DeviceKey = "other" },
		"body":   func(a *protocol.Authorization) { a.Request = protocol.Digest(nil) },
	} {
		w := newWorld(t)
		server := testkit.NewServer(t, w.clock.Now)
		server.Modify(modify)
		_, err := w.authorize(parameters(server.URL))
		if protocol.StatusOf(err) != protocol.StatusServerResponseInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFlags(t *testing.T) {
	for name, c := range map[string]struct {
		modify func(*protocol.Authorization)
		want   protocol.StateFlag
	}{
		"trial": {func(a *protocol.Authorization) { a.Trial = true }, protocol.StateFlagTrial},
		"tolerance": {func(a *protocol.Authorization) { a.Quota.State = protocol.QuotaTolerance },
			protocol.StateFlagQuotaInTolerance},
		"expired": {
			func(a *protocol.Authorization) { a.Item.ExpiresAt = a.IssuedAt - 1 }, protocol.StateFlagExpiredInTolerance,
		},
	} {
		w := newWorld(t)
		server := testkit.NewServer(t, w.clock.Now)
		server.Modify(c.modify)
		if granted, err := w.authorize(parameters(server.URL)); err != nil || granted.Flags != c.want {
			t.Errorf("%s: %+v, %v", name, granted, err)
		}
	}
}
