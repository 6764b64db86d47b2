package license_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openlts/openlts/core/device"
	"github.com/openlts/openlts/core/ledger"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
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
		"good":             {func(*license.Parameters) {}, protocol.StatusOK, ""},
		"no server":        {func(p *license.Parameters) { p.MainServerURL = "" }, protocol.StatusInvalidArgument, "mainServerURL"},
		"standby alone":    {func(p *license.Parameters) { p.MainServerURL, p.StandbyServerURL = "", "https://b" }, protocol.StatusOK, ""},
		"no scheme":        {func(p *license.Parameters) { p.MainServerURL = "lts.example.com" }, protocol.StatusInvalidArgument, "mainServerURL"},
		"other scheme":     {func(p *license.Parameters) { p.MainServerURL = "file:///etc/passwd" }, protocol.StatusInvalidArgument, "mainServerURL"},
		"port":             {func(p *license.Parameters) { p.MainServerURL = "http://lts:99999999" }, protocol.StatusInvalidArgument, "port"},
		"query":            {func(p *license.Parameters) { p.MainServerURL = "https://lts/?x=1" }, protocol.StatusInvalidArgument, "mainServerURL"},
		"long URL":         {func(p *license.Parameters) { p.MainServerURL = "https://" + strings.Repeat("x", 3000) }, protocol.StatusInvalidArgument, "longer"},
		"no code":          {func(p *license.Parameters) { p.HandshakeCode = "" }, protocol.StatusNoLicense, "handshakeCode"},
		"organization":     {func(p *license.Parameters) { p.HandshakeCode, p.OrganizationID = "", "100001" }, protocol.StatusOK, ""},
		"long code":        {func(p *license.Parameters) { p.HandshakeCode = strings.Repeat("x", 256) }, protocol.StatusInvalidArgument, "handshakeCode"},
		"not UTF-8":        {func(p *license.Parameters) { p.HandshakeCode = "\xff" }, protocol.StatusInvalidArgument, "UTF-8"},
		"slot":             {func(p *license.Parameters) { p.SlotSeconds = 7 }, protocol.StatusInvalidArgument, "slotSeconds"},
		"instances":        {func(p *license.Parameters) { p.MaxConcurrentInstanceCount = 0 }, protocol.StatusInvalidArgument, "maxConcurrentInstanceCount"},
		"products":         {func(p *license.Parameters) { p.Products = 0 }, protocol.StatusInvalidArgument, "products"},
		"method":           {func(p *license.Parameters) { p.UUIDGenerationMethod = 3 }, protocol.StatusInvalidArgument, "UUIDGenerationMethod"},
		"resubmit":         {func(p *license.Parameters) { p.Resubmit = 2 }, protocol.StatusInvalidArgument, "resubmit"},
		"buffer days":      {func(p *license.Parameters) { p.MaxBufferDays = -1 }, protocol.StatusInvalidArgument, "maxBufferDays"},
		"module":           {func(p *license.Parameters) { p.LimitedLicenseModules = []protocol.LicenseModule{99} }, protocol.StatusInvalidArgument, "module"},
		"key":              {func(p *license.Parameters) { p.ServerPublicKey = "abc" }, protocol.StatusInvalidArgument, "serverPublicKey"},
		"proxy":            {func(p *license.Parameters) { p.ProxyURL = "user:secret@proxy" }, protocol.StatusInvalidArgument, "proxyURL"},
		"negative timeout": {func(p *license.Parameters) { p.InitTimeout = -1 }, protocol.StatusInvalidArgument, "timeout"},
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
	key, err := protocol.NewLicenseKey(map[string]any{"mainServerURL": "https://lts", "handshakeCode": "100001-reader", "maxBufferDays": 30})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.ApplyKey(" " + key + "\n"); err != nil || p.MainServerURL != "https://lts" || p.HandshakeCode != "100001-reader" || p.MaxBufferDays != 30 || p.SlotSeconds != 180 {
		t.Errorf("%v, %+v", err, p)
	}
	// The sample the original documents.
	if err := p.ApplyKey("DLS2eyJvcmdhbml6YXRpb25JRCI6IjIwMDAwMSJ9"); err != nil || p.OrganizationID != "200001" {
		t.Errorf("%v, %q", err, p.OrganizationID)
	}
	for _, bad := range []string{"", "LTS1", "LTS1!!!", "LTS1" + base64.StdEncoding.EncodeToString([]byte("[1]")), "XYZ", "LTS1" + strings.Repeat("A", 1<<17)} {
		if err := p.ApplyKey(bad); protocol.StatusOf(err) != protocol.StatusInvalidArgument {
			t.Errorf("key %.20q: %v", bad, err)
		}
	}
}

// world is a device with a clock of its own.
type world struct {
	t      *testing.T
	clock  *slot.Simulated
	ledger *ledger.Ledger
	device device.Identity
}

func newWorld(t *testing.T) *world {
	t.Helper()
	directory := t.TempDir()
	l, err := ledger.Open(directory, start)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	identity, err := device.Load(context.Background(), directory, protocol.UUIDGenerationMethodRandom, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	return &world{t, slot.NewSimulated(start), l, identity}
}

func (w *world) authorize(p license.Parameters) (*license.Granted, error) {
	w.t.Helper()
	if err := p.Check(); err != nil {
		w.t.Fatal(err)
	}
	a := license.Authorizer{Parameters: &p, Device: w.device, Ledger: w.ledger, Transport: &http.Transport{DisableKeepAlives: true}, Clock: w.clock}
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

	if _, err := w.authorize(parameters(dead)); protocol.StatusOf(err) != protocol.StatusFailedToReachLTS || !strings.Contains(err.Error(), dead) {
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
	granted, err = w.authorize(parameters(dead, dead))
	if err != nil || granted.Flags != protocol.StateFlagCacheUsed || granted.Reason == nil {
		t.Fatalf("cache: %+v, %v", granted, err)
	}
	w.clock.Advance(2 * time.Second)
	if _, err = w.authorize(parameters(dead)); protocol.StatusOf(err) != protocol.StatusFailedToReachLTS || !strings.Contains(err.Error(), "2026-03-08") {
		t.Errorf("cache that ran out: %v", err)
	}
	// Turning the clock back does not bring it back.
	w.clock.Set(start.Add(time.Hour))
	if _, err = w.authorize(parameters(dead)); err == nil {
		t.Error("turning the clock back lengthened the authorization")
	}
	// Nor does it keep an honest user out once a server can be reached.
	granted, err = w.authorize(parameters(server.URL))
	if err != nil || granted.Flags != protocol.StateFlagClockAnomaly {
		t.Errorf("after the clock was turned back: %+v, %v", granted, err)
	}
	if granted, err = w.authorize(parameters(dead)); err != nil || granted.Flags != protocol.StateFlagCacheUsed {
		t.Errorf("and then offline: %+v, %v", granted, err)
	}
}

func TestTheCacheIsForTheSameRequestOnly(t *testing.T) {
	w := newWorld(t)
	server := testkit.NewServer(t, w.clock.Now)
	if _, err := w.authorize(parameters(server.URL)); err != nil {
		t.Fatal(err)
	}
	other := parameters(nowhere(t))
	other.HandshakeCode = "100001-other"
	if _, err := w.authorize(other); protocol.StatusOf(err) != protocol.StatusFailedToReachLTS {
		t.Errorf("another code: %v", err)
	}
}

func TestARefusalIsFinal(t *testing.T) {
	w := newWorld(t)
	server := testkit.NewServer(t, w.clock.Now)
	if _, err := w.authorize(parameters(server.URL, server.URL)); err != nil {
		t.Fatal(err)
	}
	before := server.Requests(protocol.PathAuthorizations)
	server.Refuse(&protocol.Problem{Status: 403, Code: protocol.StatusLimitExceeded, Detail: "License has exceeded its limit."})
	_, err := w.authorize(parameters(server.URL, server.URL))
	if protocol.StatusOf(err) != protocol.StatusLimitExceeded || err.Error() != "License has exceeded its limit." {
		t.Errorf("refused: %v", err)
	}
	if n := server.Requests(protocol.PathAuthorizations) - before; n != 1 {
		t.Errorf("%d servers were asked after a refusal", n)
	}
	if _, err := w.authorize(parameters(nowhere(t))); err == nil {
		t.Error("the cache papered over a refusal")
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
			if granted, err := w.authorize(parameters(odd.URL, good.URL)); err != nil || granted.Flags != protocol.StateFlagStandbyUsed {
				t.Errorf("%+v, %v", granted, err)
			}
			w = newWorld(t)
			if _, err := w.authorize(parameters(odd.URL)); err == nil || protocol.StatusOf(err) == protocol.StatusInternal {
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
	pinned.MainServerURL = impostor.URL
	if _, err := w.authorize(pinned); protocol.StatusOf(err) != protocol.StatusServerKeyMismatch {
		t.Errorf("an impostor of the pinned server: %v", err)
	}
	if _, err := w.authorize(parameters(server.URL)); err != nil {
		t.Fatal(err)
	}
	// The same address, another key.
	server.Intercept(func(rw http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		http.Redirect(rw, r, impostor.URL+r.URL.Path, http.StatusTemporaryRedirect)
	})
	if granted, err := w.authorize(parameters(server.URL)); err != nil || granted.Flags&protocol.StateFlagCacheUsed == 0 {
		t.Errorf("a redirect was followed: %+v, %v", granted, err)
	}
}

func TestAnAnswerForAnother(t *testing.T) {
	for name, modify := range map[string]func(*protocol.Authorization){
		"nonce":  func(a *protocol.Authorization) { a.Nonce = "other" },
		"device": func(a *protocol.Authorization) { a.Device = "other" },
		"key":    func(a *protocol.Authorization) { a.DeviceKey = "other" },
	} {
		w := newWorld(t)
		server := testkit.NewServer(t, w.clock.Now)
		server.Modify(modify)
		if _, err := w.authorize(parameters(server.URL)); protocol.StatusOf(err) != protocol.StatusServerResponseInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFlags(t *testing.T) {
	for name, c := range map[string]struct {
		modify func(*protocol.Authorization)
		want   protocol.StateFlag
	}{
		"trial":     {func(a *protocol.Authorization) { a.Trial = true }, protocol.StateFlagTrial},
		"tolerance": {func(a *protocol.Authorization) { a.Quota.State = protocol.QuotaTolerance }, protocol.StateFlagQuotaInTolerance},
		"expired":   {func(a *protocol.Authorization) { a.Item.ExpiresAt = a.IssuedAt - 1 }, protocol.StateFlagExpiredInTolerance},
	} {
		w := newWorld(t)
		server := testkit.NewServer(t, w.clock.Now)
		server.Modify(c.modify)
		if granted, err := w.authorize(parameters(server.URL)); err != nil || granted.Flags != c.want {
			t.Errorf("%s: %+v, %v", name, granted, err)
		}
	}
}
