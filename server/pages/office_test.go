package pages_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/testkit"
	"github.com/openlts/openlts/server"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/alerts"
	"github.com/openlts/openlts/server/pages"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/sqlite"
	"github.com/openlts/openlts/server/store/teststore"
)

const password = "correct horse battery"

// office is a server with its pages.
type office struct {
	desk  *administration.Administrator
	url   string
	log   *strings.Builder
	clock *testkit.Clock
	// handler is what answers at the url.
	handler http.Handler
}

// openOffice runs a server on a new store.
func openOffice(t testing.TB) *office {
	t.Helper()
	s, err := sqlite.Open(context.Background(), teststore.Directory(t), true)
	if err != nil {
		t.Fatal(err)
	}
	log, clock := &strings.Builder{}, servertest.NewClock()
	lts, err := server.New(t.Context(), server.Config{
		Store: s, Now: clock.Now, Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelError})),
		Pages: &server.PagesConfig{Version: "test"},
	})
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(lts.Handler())
	t.Cleanup(func() {
		listener.Close()
		if err := lts.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if log.Len() > 0 {
			t.Errorf("the server logged errors:\n%s", log)
		}
	})
	return &office{&administration.Administrator{Store: s, Now: clock.Now, Actor: "test"}, listener.URL, log, clock,
		lts.Handler()}
}

// device makes a device whose clock is the server's.
func (o *office) device() *servertest.Device {
	d := servertest.NewDevice(o.url)
	d.Now = o.clock.Now
	return d
}

// must fails the test on an error.
func must[V any](t testing.TB) func(V, error) V {
	return func(value V, err error) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// accounts adds one account of each kind, of the same password.
func (o *office) accounts(t testing.TB) {
	t.Helper()
	for _, in := range []administration.AccountInput{
		{Name: "olga", Role: administration.Owner}, {Name: "adam", Role: administration.Editor},
		{Name: "vera", Role: administration.Viewer},
		{Name: "carl", Role: administration.Viewer, Organization: "100001"},
	} {
		in.Password = password
		must[administration.Account](t)(o.desk.AddAccount(t.Context(), in))
	}
}

// worked is for how many days devices were at work: so long that the month that was closed
// last has usage on any day.
const worked = 34

// life adds customers, and devices that were at work.
func (o *office) life(t testing.TB) {
	t.Helper()
	ctx := t.Context()
	for id, name := range map[string]string{"100001": "Example Corp", "100002": "Grey & Sons"} {
		must[administration.Organization](t)(o.desk.NewOrganization(ctx, administration.OrganizationInput{
			ID: id, Name: name,
		}))
	}
	for _, code := range []administration.CodeInput{
		{Organization: "100001", Custom: "warehouse"},
		{Organization: "100001", Custom: "web", ValidationFields: []string{"www.example.com", "shop.example.com"}},
		{Organization: "100002", Custom: "reader"},
	} {
		must[administration.Code](t)(o.desk.NewCode(ctx, code))
	}
	now := o.clock.Now()
	for _, item := range []struct {
		id, organization, way, name string
		quota, days                 int64
		codes                       []string
	}{
		{"scans", "100001", "scan", "Barcodes of the warehouse", 60_000, 300,
			[]string{"100001-warehouse", "100001-web"}},
		{"desktops", "100001", "device", "Desktops", 5, 12, []string{"100001-warehouse"}},
		{"grey-scans", "100002", "scan", "Scans", -1, 200, []string{"100002-reader"}},
		{"small", "100002", "scan", "A small one", 3, 200, nil},
	} {
		must[administration.Item](t)(o.desk.NewItem(ctx, administration.ItemInput{
			ID: item.id, Organization: item.organization, ChargeWay: item.way, Handshakes: item.codes,
			ItemFields: administration.ItemFields{
				Name: &item.name, Quota: &item.quota, StartsAt: new(now.AddDate(0, 0, -40).Unix()),
				ExpiresAt: new(now.AddDate(0, 0, int(item.days)).Unix()),
			},
		}))
	}
	if err := o.desk.AttachItem(ctx, "scans", "100001-warehouse", 1); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	names := []string{"Gate 1", "Gate 2", "Packing", "Returns", "", "Front desk"}
	for i, name := range names {
		code := "100001-warehouse"
		if i >= 4 {
			code = "100002-reader"
		}
		device := o.device()
		request := device.Request(code)
		request.Device.FriendlyName = name
		granted := must[*protocol.Authorization](t)(device.Authorize(request))
		group := protocol.ReportGroup{
			Run: uuid.NewString(), HandshakeCode: code, Item: granted.Item.ID, SlotSeconds: 180,
		}
		for day := worked; day >= 0; day-- {
			for range 2 + random.IntN(5) {
				at := now.Add(-time.Duration(day)*24*time.Hour - time.Duration(random.IntN(8))*time.Hour -
					10*time.Minute).Unix()
				if at < now.AddDate(0, 0, -worked).Unix() {
					continue
				}
				counts := map[string]int64{"QR_CODE": 20 + random.Int64N(120), "CODE_128": 5 + random.Int64N(40),
					"EAN_13": 1 + random.Int64N(25)}
				if i%2 == 0 {
					counts["DATAMATRIX"] = 1 + random.Int64N(30)
				}
				group.Reports = append(group.Reports, protocol.Report{Slot: at - at%180, Revision: 1, Counts: counts})
			}
		}
		seen := map[int64]bool{}
		unique := group.Reports[:0]
		for _, report := range group.Reports {
			if !seen[report.Slot] {
				seen[report.Slot] = true
				unique = append(unique, report)
			}
		}
		group.Reports = unique
		batch := device.Batch(group)
		batch.Account = &protocol.DeviceAccount{Recorded: 9000 + int64(i)}
		must[*protocol.Receipt](t)(device.Report(batch))
	}
	later := *o.desk // a statement leaves out the last minute
	later.Now = func() time.Time { return o.clock.Now().Add(2 * time.Minute) }
	if _, err := later.CloseStatement(ctx, "100001",
		administration.StatementInput{Month: closedMonth(), Zone: "Europe/Berlin"}); err != nil {
		t.Fatal(err)
	}
	for _, adjust := range []struct {
		units  int64
		reason string
	}{{-20, "tests of the new gate"}, {5, "counted on paper while the gate was away"}} {
		if _, err := o.desk.AdjustItem(ctx, "scans", adjust.units, adjust.reason); err != nil {
			t.Fatal(err)
		}
	}
	watch := alerts.Watch{Store: o.desk.Store, Now: o.clock.Now, Log: slog.New(slog.DiscardHandler)}
	if err := watch.Evaluate(ctx); err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"100001-nobody", "100001-web"} { // no such code; not its domain
		device := o.device()
		if _, err := device.Authorize(device.Request(code)); err == nil {
			t.Error("a device is authorized that should be refused")
		}
	}
}

// closedMonth is the last month that has ended for more than a day.
func closedMonth() string {
	yesterday := servertest.Start().UTC().AddDate(0, 0, -1)
	return time.Date(yesterday.Year(), yesterday.Month()-1, 1, 0, 0, 0, 0, time.UTC).Format("2006-01")
}

// visitor is a browser without JavaScript.
type visitor struct {
	*http.Client
	url string
}

func (o *office) visitor(t testing.TB) *visitor {
	t.Helper()
	jar := must[*cookiejar.Jar](t)(cookiejar.New(nil))
	return &visitor{&http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}, o.url}
}

// signedIn is a visitor with an account.
func (o *office) signedIn(t testing.TB, name string) *visitor {
	t.Helper()
	v := o.visitor(t)
	if response, body := v.post(t, "/sign-in", url.Values{"action": {"sign-in"}, "name": {name},
		"password": {password}}); response.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s can't sign in: %d\n%s", name, response.StatusCode, body)
	}
	return v
}

func (v *visitor) do(t testing.TB, request *http.Request) (*http.Response, string) {
	t.Helper()
	response := must[*http.Response](t)(v.Do(request))
	defer func() { _ = response.Body.Close() }()
	return response, string(must[[]byte](t)(io.ReadAll(response.Body)))
}

func (v *visitor) get(t testing.TB, path string) (*http.Response, string) {
	t.Helper()
	return v.do(t, must[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodGet, v.url+path, nil)))
}

func (v *visitor) post(t testing.TB, path string, form url.Values) (*http.Response, string) {
	t.Helper()
	request := must[*http.Request](t)(
		http.NewRequestWithContext(t.Context(), http.MethodPost, v.url+path, strings.NewReader(form.Encode())))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.do(t, request)
}

// all are the addresses of a server with life.
func (o *office) all(t testing.TB) []string {
	t.Helper()
	devices := must[administration.Page[administration.Device]](t)(
		o.desk.Devices(t.Context(), administration.Selection{}))
	list := []string{
		"/", "/statistics", "/statistics?by=item&item=scans&per=hour&range=7d&mode=accumulated", "/items", "/items/new",
		"/items/scans", "/items/desktops",
		"/items/scans/replay?from=" + days(-20) + "&until=" + days(0) + "&chargeWay=device&quota=3", "/products",
		"/licenses", "/codes", "/codes/new", "/codes/100001-warehouse", "/codes/100001-warehouse/key", "/organizations",
		"/organizations/100001", "/devices", "/denials", "/anomalies", "/alerts", "/audit", "/settings",
		"/organizations/100001/statements", "/organizations/100001/statements/" + closedMonth(),
	}
	for _, d := range devices.Items[:min(1, len(devices.Items))] {
		day := o.clock.Now().UTC().Truncate(24*time.Hour).Unix() - 3*86400
		span := fmt.Sprintf("?start=%d&end=%d&tz=UTC", day, day+86400)
		list = append(list, "/devices/"+d.UUID, "/statistics/devices"+span,
			"/statistics/reports"+span+"&device="+d.UUID)
	}
	return list
}

// Whoever adds a page adds an address of it, at which all tests in a browser visit it.
func TestEachPageIsVisited(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	pattern := http.NewServeMux()
	unvisited := map[string]bool{}
	for _, path := range pages.Paths() {
		if path == "/" {
			path = "/{$}"
		}
		pattern.HandleFunc(path, func(http.ResponseWriter, *http.Request) {})
		unvisited[path] = true
	}
	elsewhere := []string{"/sign-in", "/sign-out", "/set-up", "/organizations/100001/statements/draft"}
	for _, address := range append(o.all(t), elsewhere...) {
		_, visited := pattern.Handler(httptest.NewRequest(http.MethodGet, address, nil))
		delete(unvisited, visited)
	}
	for path := range unvisited {
		t.Errorf("office.all has no address of the page %s: add one", path)
	}
}

// Each page is made, with and without data, and leads nowhere that does not exist.
func TestEachPage(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	owner := o.signedIn(t, "olga")
	for _, path := range o.all(t) {
		response, body := owner.get(t, path)
		if response.StatusCode != http.StatusOK || !strings.Contains(body, "</html>") || strings.Contains(body, "%!") ||
			strings.Contains(body, "ZgotmplZ") {
			t.Errorf("%s: %d\n%s", path, response.StatusCode, body)
		}
		for part := range strings.SplitSeq(body, `href="`) {
			link, _, _ := strings.Cut(part, `"`)
			if strings.HasPrefix(link, "<") || strings.HasPrefix(link, "#") || strings.Contains(link, "/assets/") {
				continue
			}
			base := must[*url.URL](t)(url.Parse(o.url + path))
			target := must[*url.URL](t)(base.Parse(strings.ReplaceAll(link, "&amp;", "&")))
			if !strings.HasPrefix(target.String(), o.url) {
				t.Errorf("%s leads to %s", path, target)
				continue
			}
			if got, _ := owner.get(t, strings.TrimPrefix(target.String(), o.url)); got.StatusCode >= 400 {
				t.Errorf("%s leads to %s: %d", path, link, got.StatusCode)
			}
		}
	}
	for _, path := range []string{"/nothing", "/items/nothing", "/codes/nothing", "/codes/nothing/key",
		"/devices/nothing", "/organizations/1"} {
		want := http.StatusNotFound
		if response, body := owner.get(t, path); response.StatusCode != want && path != "/nothing" ||
			strings.Contains(body, "panic") {
			t.Errorf("%s: %d", path, response.StatusCode)
		}
	}
}

func TestEmptyPages(t *testing.T) {
	o := openOffice(t)
	must[administration.Account](t)(o.desk.AddAccount(t.Context(), administration.AccountInput{
		Name: "olga", Password: password, Role: administration.Owner,
	}))
	owner := o.signedIn(t, "olga")
	for _, path := range []string{"/", "/statistics", "/items", "/items/new", "/codes", "/codes/new", "/organizations",
		"/devices", "/denials", "/anomalies", "/alerts", "/audit", "/settings"} {
		response, body := owner.get(t, path)
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", path, response.StatusCode)
		}
		if path != "/settings" && path != "/audit" && path != "/statistics" &&
			!strings.Contains(body, "empty") && path != "/" {
			t.Errorf("%s does not say that it is empty", path)
		}
	}
	if _, body := owner.get(t, "/"); !strings.Contains(body, "Welcome") {
		t.Error("the overview does not guide")
	}
	// Its form makes a customer, and leads to a key that works.
	response, _ := owner.post(t, "/", url.Values{
		"action": {"begin"}, "name": {"First & Co"}, "chargeWay": {"scan"}, "quota": {"1 000"},
	})
	if response.StatusCode != http.StatusSeeOther || response.Header.Get("Location") != "./codes/100001-reader/key" {
		t.Fatalf("%d %s", response.StatusCode, response.Header.Get("Location"))
	}
	audits := func() int {
		return len(must[administration.Page[store.Audit]](t)(
			o.desk.Audits(t.Context(), administration.Selection{Kinds: []string{"handshake.key"}})).Items)
	}
	if _, body := owner.get(t, "/codes/100001-reader/key"); strings.Contains(body, "LTS1") || audits() != 0 {
		t.Error("a look shows the key, or is in the audit")
	}
	_, body := owner.post(t, "/codes/100001-reader/key", url.Values{"action": {"make"}, "server": {o.url}})
	if !strings.Contains(body, "LTS1") || audits() != 1 {
		t.Error(body)
	}
	device := o.device()
	granted := must[*protocol.Authorization](t)(device.Authorize(device.Request("100001-reader")))
	if granted.Quota.Limit != 1000 {
		t.Errorf("%+v", granted)
	}
}
