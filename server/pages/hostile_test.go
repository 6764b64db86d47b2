package pages_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/alerts"
	"github.com/openlts/openlts/server/servertest"
)

// hostile is a text that would be more than text wherever it is put unescaped: an element
// of a page, an attribute, a script, a title, a formula, a template.
const hostile = `=1+1"'></title></textarea></script><b data-evil></b><img src=/evil onerror=evil()>` +
	`<svg onload=evil()>{{evil}}` + "`${evil()}`" + `javascript:evil()`

// each calls do with a value in which one field of text, the next one each time, is hostile.
func each(t testing.TB, value func() any, do func(field string)) (fields int) {
	t.Helper()
	var walk func(at func() reflect.Value, name string)
	walk = func(at func() reflect.Value, name string) {
		for i := range at().NumField() {
			field := func() reflect.Value { return at().Field(i) }
			whole := name + at().Type().Field(i).Name
			switch field().Kind() {
			case reflect.String:
				fields++
				field().SetString(hostile)
				do(whole)
			case reflect.Pointer:
				if field().Type().Elem().Kind() == reflect.String {
					fields++
					field().Set(reflect.New(field().Type().Elem()))
					field().Elem().SetString(hostile)
					do(whole)
				}
			case reflect.Slice:
				if field().Type().Elem().Kind() == reflect.String {
					fields++
					field().Set(reflect.MakeSlice(field().Type(), 1, 1))
					field().Index(0).SetString(hostile)
					do(whole)
				}
			case reflect.Struct:
				walk(field, whole+".")
			default:
			}
		}
	}
	walk(func() reflect.Value { return reflect.ValueOf(value()).Elem() }, "")
	return fields
}

// assault sets each field that a client, a customer or an administrator can set to a hostile
// text, one at a time, and gives how many were taken.
func (o *office) assault(t testing.TB) (taken int, devices []string) {
	t.Helper()
	ctx := t.Context()
	var request *protocol.AuthorizationRequest
	device := servertest.NewDevice(o.url)
	fields := each(t, func() any {
		if request == nil {
			device = servertest.NewDevice(o.url)
			request = new(device.Request("100001-warehouse"))
		}
		return request
	}, func(string) {
		if _, err := device.Authorize(*request); err == nil {
			taken++
		}
		devices = append(devices, device.UUID)
		request = nil
	})
	if fields < 12 {
		t.Errorf("only %d fields of a request were found", fields)
	}
	// One that is let in, and reports.
	device = servertest.NewDevice(o.url)
	allowed := device.Request("100001-warehouse")
	allowed.Device.FriendlyName, allowed.Device.Platform, allowed.Device.Library = hostile, hostile, hostile
	allowed.Anomalies = []string{"clock-turned-back", "data-evil"}
	granted := must[*protocol.Authorization](t)(device.Authorize(allowed))
	devices = append(devices, device.UUID)
	slot := o.desk.Now().Unix()/180*180 - 3600
	for _, name := range []string{hostile, "VENDOR_" + hostile, "<b data-evil>", "=evil()", "A\"B'C"} {
		if _, err := device.Report(device.Batch(protocol.ReportGroup{
			Run: uuid.NewString(), HandshakeCode: "100001-warehouse", Item: granted.Item.ID, SlotSeconds: 180,
			Reports: []protocol.Report{{Slot: slot, Revision: 1, Counts: map[string]int64{name: 3}}},
		})); err == nil {
			taken++
		}
	}
	attempt := func(err error) {
		if err == nil {
			taken++
		} else if len(administration.Errors(err)) == 0 {
			t.Errorf("a hostile text is a failure of the server: %v", err)
		}
	}
	n := 0
	all := 0
	for _, try := range []struct {
		value func() any
		do    func(any) error
	}{
		{func() any { return &administration.OrganizationInput{Name: "x"} }, func(v any) error {
			_, err := o.desk.NewOrganization(ctx, *v.(*administration.OrganizationInput))
			return err
		}},
		{func() any { return &administration.OrganizationChange{} }, func(v any) error {
			_, err := o.desk.ChangeOrganization(ctx, "100002", *v.(*administration.OrganizationChange), nil)
			return err
		}},
		{func() any {
			n++
			return &administration.CodeInput{Organization: "100001", Custom: fmt.Sprint("code", n)}
		}, func(v any) error {
			_, err := o.desk.NewCode(ctx, *v.(*administration.CodeInput))
			return err
		}},
		{func() any {
			fields := administration.ItemFields{Name: new("x"), Quota: new(int64(5))}
			return &administration.ItemInput{Organization: "100001", ChargeWay: "scan", ItemFields: fields,
				Handshakes: []string{"100001-web"}}
		}, func(v any) error {
			_, err := o.desk.NewItem(ctx, *v.(*administration.ItemInput))
			return err
		}},
		{func() any { return &administration.ItemFields{} }, func(v any) error {
			_, err := o.desk.ChangeItem(ctx, "small", *v.(*administration.ItemFields), nil)
			return err
		}},
		{func() any { n++; return &administration.ProductInput{Name: fmt.Sprint("P", n)} }, func(v any) error {
			_, err := o.desk.NewProduct(ctx, *v.(*administration.ProductInput))
			return err
		}},
		{func() any {
			n++
			return &administration.AccountInput{Name: fmt.Sprint("a", n), Password: password,
				Role: administration.Viewer}
		}, func(v any) error {
			_, err := o.desk.AddAccount(ctx, *v.(*administration.AccountInput))
			return err
		}},
		{func() any { return &administration.TokenInput{Name: "x", Scope: administration.ScopeRead} },
			func(v any) error {
				_, _, err := o.desk.AddToken(ctx, *v.(*administration.TokenInput))
				return err
			}},
		{func() any { return &administration.KeyInput{Server: "https://lts.example.com"} }, func(v any) error {
			in := *v.(*administration.KeyInput)
			_, err := o.desk.LicenseKey(ctx, "100001-warehouse", in.SessionPassword, administration.KeyServers{
				Main: in.Server, Standby: in.Standby, PublicKey: make([]byte, 32),
			})
			return err
		}},
		{func() any {
			return &alerts.Email{Host: "h", Security: alerts.TLS, From: "a@example.com", To: []string{"a@example.com"},
				User: "u", Password: "p"}
		}, func(v any) error {
			_, _, err := o.desk.AddAlertChannel(ctx, "x", alerts.Target{Email: v.(*alerts.Email)})
			return err
		}},
		{func() any { return &alerts.Webhook{URL: "https://hooks.example.com", Secret: alerts.NewSecret()} },
			func(v any) error {
				_, _, err := o.desk.AddAlertChannel(ctx, "x", alerts.Target{Webhook: v.(*alerts.Webhook)})
				return err
			}},
		{func() any { return &administration.Settings{TimeZone: "UTC"} }, func(v any) error {
			return o.desk.ChangeSettings(ctx, *v.(*administration.Settings))
		}},
		{func() any { return &administration.Settings{TimeZone: "UTC"} }, func(v any) error {
			s := v.(*administration.Settings)
			for _, field := range []*string{&s.PublicURL, &s.StandbyURL} {
				if *field == hostile {
					*field = "https://lts.example.com/" + url.PathEscape(hostile) + `"'><b data-evil></b>`
				}
			}
			return o.desk.ChangeSettings(ctx, *s)
		}},
		{func() any { return &administration.IssueInput{Items: []string{"scans"}} }, func(v any) error {
			_, err := o.desk.NewLicense(ctx, *v.(*administration.IssueInput))
			return err
		}},
	} {
		var value any
		all += each(t, func() any {
			if value == nil {
				value = try.value()
			}
			return value
		}, func(string) { attempt(try.do(value)); value = nil })
	}
	_, err := o.desk.AdjustItem(ctx, "scans", -1, hostile)
	attempt(err)
	_, _, err = o.desk.AddAlertChannel(ctx, hostile, alerts.Target{Webhook: &alerts.Webhook{
		URL: "https://hooks.example.com/?" + url.QueryEscape(hostile),
	}})
	attempt(err)
	_, err = o.desk.TrustVendor(ctx, protocol.Encoding.EncodeToString(make([]byte, 32)), hostile)
	attempt(err)
	if all < 50 {
		t.Errorf("only %d fields were found", all)
	}
	return taken, devices
}

// Whatever is in whatever field that somebody can set: no page of a real browser has an
// element of it, runs, loads or asks anything, or breaks its policy; and files for programs
// and spreadsheets hold it as text.
func TestHostileTextsInBrowser(t *testing.T) {
	o, b := openLife(t)
	taken, devices := o.assault(t)
	if taken < 25 {
		t.Errorf("only %d of the texts were taken: this test does not see what it is for", taken)
	}
	watch := alerts.Watch{Store: o.desk.Store, Now: o.desk.Now, Log: slog.New(slog.DiscardHandler)}
	if err := watch.Evaluate(t.Context()); err != nil {
		t.Fatal(err)
	}
	opened := 0
	if err := chromedp.Listen(b.Context, func(event any) {
		if _, ok := event.(*page.EventJavascriptDialogOpening); ok {
			opened++
		}
	}); err != nil {
		t.Fatal(err)
	}
	paths := o.all(t)
	for _, device := range devices {
		paths = append(paths, "/devices/"+url.PathEscape(device))
	}
	query := func(path string, names ...string) {
		values := url.Values{}
		for _, name := range names {
			values.Set(name, hostile)
		}
		paths = append(paths, path+"?"+values.Encode())
	}
	for _, path := range []string{"/items", "/codes", "/devices", "/denials", "/anomalies", "/audit",
		"/organizations"} {
		query(path, "q")
		query(path, "sort")
		query(path, "after")
		query(path, "handshake", "item", "org", "kind", "device")
	}
	for _, name := range []string{"by", "per", "range", "mode", "tz", "org", "item", "handshake", "since", "until",
		"type", "measure", "compare", "split"} {
		query("/statistics", name)
	}
	for _, item := range must[administration.Page[administration.Item]](t)(
		o.desk.Items(t.Context(), administration.Selection{})).Items {
		paths = append(paths, "/items/"+url.PathEscape(item.ID))
	}
	paths = append(paths, "/sign-in?next="+url.QueryEscape(hostile), "/"+url.PathEscape(hostile),
		"/items/"+url.PathEscape(hostile), "/?done="+url.QueryEscape(hostile))
	b.signIn(t, o, "olga")
	b.said()
	owner := o.signedIn(t, "olga")
	shown := 0
	for _, path := range paths {
		b.do(t, chromedp.Navigate(o.url+path))
		found := must[string](t)(chromedp.Run(b.Context, chromedp.Evaluate[string](`JSON.stringify({
			evil: document.querySelectorAll('[data-evil], [onerror], [onload], img[src*="evil"]').length,
			links: [...document.querySelectorAll('[href], [src], [action]')].map(
				e => new URL(e.getAttribute('href') ?? e.getAttribute('src') ?? e.getAttribute('action'), location))
				.filter(l => l.origin !== location.origin).length,
			text: document.documentElement.textContent.split('data-evil').length - 1,
			ran: typeof window.evil})`)))
		var result struct {
			Evil, Links, Text int
			Ran               string
		}
		if err := json.Unmarshal([]byte(found), &result); err != nil {
			t.Fatal(err)
		}
		if result.Evil != 0 || result.Links != 0 || result.Ran != "undefined" {
			t.Errorf("%s: %s", path, found)
		}
		shown += result.Text
		for _, complaint := range b.said() {
			if !strings.Contains(complaint, "404") && !strings.Contains(complaint, "422") {
				t.Errorf("%s: %s", path, complaint)
			}
		}
		if strings.Contains(path, "?") {
			continue
		}
		for format, kind := range map[string]string{"csv": "text/csv; charset=utf-8", "json": "application/json"} {
			response, body := owner.get(t, path+"?format="+format)
			if response.StatusCode != http.StatusOK || !strings.HasPrefix(response.Header.Get("Content-Disposition"),
				"attachment") {
				continue // this page has no such file
			}
			if response.Header.Get("Content-Type") != kind ||
				response.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s as %s: %q", path, format, response.Header)
			}
			if format == "json" && !json.Valid([]byte(body)) {
				t.Errorf("%s is no JSON:\n%s", path, body)
			}
			if format == "json" {
				continue
			}
			for _, row := range must[[][]string](t)(csv.NewReader(strings.NewReader(body)).ReadAll()) {
				for _, cell := range row {
					_, err := strconv.ParseInt(cell, 10, 64)
					if first := cell[:min(1, len(cell))]; err != nil && strings.ContainsAny(first, "=+-@\t\r") {
						t.Errorf("%s has a formula: %s", path, cell)
					}
				}
			}
		}
	}
	if opened > 0 {
		t.Errorf("%d dialogs opened", opened)
	}
	if shown < 100 {
		t.Errorf("the texts are shown only %d times: this test does not see what it is for", shown)
	}
}
