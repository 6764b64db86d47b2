package pages_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/pages"
	"github.com/openlts/openlts/server/store"
)

// at is the address of a page about objects of an organization.
func at(path, organization, device string) string {
	names := []string{"{code}", "100001-web", "/items/{id}", "/items/scans"}
	if organization == "100002" {
		names = []string{"{code}", "100002-reader", "/items/{id}", "/items/grey-scans"}
	}
	return strings.NewReplacer(append(names, "{uuid}", device, "/organizations/{id}", "/organizations/"+organization,
		"{month}", closedMonth())...).Replace(path)
}

// deviceOf is a device of an organization.
func (o *office) deviceOf(t *testing.T, organization string) string {
	t.Helper()
	return must[administration.Page[administration.Device]](t)(o.desk.Devices(t.Context(), administration.Selection{
		Organizations: []string{organization},
	})).Items[0].UUID
}

// told is what the audit holds: it grows with each change.
func (o *office) told(t *testing.T) int64 {
	t.Helper()
	var n int64
	if err := o.desk.Store.Query(t.Context(), "SELECT count(*) FROM audit", nil,
		func(scan func(...any) error) error { return scan(&n) }); err != nil {
		t.Fatal(err)
	}
	return n
}

// Every form there is, sent by every kind of account that may not: it is told so, and nothing
// changes.
func TestNoFormIsForOthers(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	device := o.deviceOf(t, "100001")
	people := map[*visitor]administration.Principal{
		o.signedIn(t, "adam"): {Name: "adam", Role: administration.Editor},
		o.signedIn(t, "vera"): {Name: "vera", Role: administration.Viewer},
		o.signedIn(t, "carl"): {Name: "carl", Role: administration.Viewer, Organization: "100001"},
	}
	before, tried := o.told(t), 0
	for _, form := range pages.Forms() {
		if form.Role == "" {
			continue // to sign in and out, to set up
		}
		path, sent := at(form.Path, "100001", device), url.Values{"action": {form.Action}, "sure": {"yes"}}
		response, _ := o.visitor(t).post(t, path, sent)
		if to := response.Header.Get("Location"); response.StatusCode != http.StatusSeeOther ||
			!strings.Contains(to, "sign-in?next=") {
			t.Errorf("a stranger sends %s of %s: %d %s", form.Action, form.Path, response.StatusCode, to)
		}
		for visitor, who := range people {
			if who.May(form.Role) && (who.Organization == "" || !form.Everywhere) {
				continue
			}
			tried++
			if response, _ := visitor.post(t, path, sent); response.StatusCode != http.StatusForbidden {
				t.Errorf("%s sends %s of %s: %d", who.Name, form.Action, form.Path, response.StatusCode)
			}
		}
	}
	if after := o.told(t); after != before || tried < 100 {
		t.Errorf("%d were tried, %d changes were made", tried, after-before)
	}
}

// Every page there is, asked by a viewer of one organization for what belongs to another one, in its
// path, its filters, and as a file: nothing of it is told.
func TestNoPageLeadsElsewhere(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	carl, foreign := o.signedIn(t, "carl"), o.deviceOf(t, "100002")
	secrets := []string{"Grey", "grey scans", "Front desk"}
	for _, page := range pages.Paths() {
		path := at(page, "100002", foreign)
		if path != page {
			if response, _ := carl.get(t, path); response.StatusCode != http.StatusForbidden &&
				response.StatusCode != http.StatusNotFound {
				t.Errorf("%s: %d", path, response.StatusCode)
			}
		}
		for _, query := range []string{"", "org=100002", "handshake=100002-reader", "item=grey-scans&by=item",
			"device=" + foreign, "q=desk", "device=" + foreign + "&start=0&end=4000000000"} {
			for _, format := range []string{"", "csv", "json", "jsonl"} {
				_, body := carl.get(t, path+"?"+query+"&format="+format)
				for _, secret := range secrets {
					if strings.Contains(body, secret) {
						t.Errorf("%s?%s&format=%s tells of %q", path, query, format, secret)
					}
				}
			}
		}
	}
}

// What can't be undone asks first, and does nothing before it is answered; the answer is the same
// form. Each button of a page that warns leads to such a question.
func TestFinalFormsAsk(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	olga := o.signedIn(t, "olga")
	device := o.deviceOf(t, "100001")
	before, asked := o.told(t), []string{}
	for _, form := range pages.Forms() {
		if !form.Final {
			continue
		}
		asked = append(asked, form.Action)
		sent := url.Values{"action": {form.Action}, "note": {`<b>"x"`, "two"}}
		if form.Given != "" {
			sent.Set(form.Given, "400")
		}
		response, body := olga.post(t, at(form.Path, "100001", device), sent)
		if response.StatusCode != http.StatusOK || !strings.Contains(body, "be undone") ||
			!strings.Contains(body, `name="sure" value="yes"`) || !strings.Contains(body, `value="`+form.Action+`"`) ||
			!strings.Contains(body, `name="note" value="&lt;b&gt;&#34;x&#34;"`) ||
			!strings.Contains(body, `name="note" value="two"`) {
			t.Errorf("%s of %s: %d %s", form.Action, form.Path, response.StatusCode, body)
		}
	}
	if after := o.told(t); after != before {
		t.Errorf("%d changes were made", after-before)
	}
	response, _ := olga.post(t, "/items/scans", url.Values{"action": {"revoke"}, "sure": {"yes"}})
	if item := must[administration.Item](t)(o.desk.Item(t.Context(), "scans")); item.RevokedAt == 0 ||
		response.StatusCode != http.StatusSeeOther {
		t.Errorf("%d %+v", response.StatusCode, item)
	}
	days := url.Values{"action": {"retention"}, "record": {string(store.RecordDenials)}, "days": {""}}
	if response, body := olga.post(t, "/settings", days); response.StatusCode != http.StatusSeeOther {
		t.Errorf("keeping records for ever asks: %d %s", response.StatusCode, body)
	}
	files, err := filepath.Glob("templates/*.html")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	warning := regexp.MustCompile(`class="[^"]*\bdanger\b[^"]*" name="action" value="([a-z-]+)"`)
	for _, file := range files {
		template, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, button := range warning.FindAllStringSubmatch(string(template), -1) {
			if !slices.Contains(asked, button[1]) {
				t.Errorf("%s: the button %q warns, and asks nothing", file, button[1])
			}
		}
	}
}

// Each form can be sent: its page has a button for it; and each button sends a form that there is.
func TestEachFormHasAButton(t *testing.T) {
	buttons, unknown := map[string][]string{}, map[string]bool{}
	button := regexp.MustCompile(`name="action" value="([a-z-]+)"`)
	for _, form := range pages.Forms() {
		for _, name := range []string{form.Template, "parts", "layout"} {
			template, err := os.ReadFile(filepath.Join("templates", name+".html"))
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range button.FindAllStringSubmatch(string(template), -1) {
				buttons[form.Template] = append(buttons[form.Template], found[1])
				if name == form.Template {
					unknown[name+" "+found[1]] = true
				}
			}
		}
		if !slices.Contains(buttons[form.Template], form.Action) {
			t.Errorf("no button of %s sends %q to %s", form.Template, form.Action, form.Path)
		}
	}
	for _, form := range pages.Forms() {
		delete(unknown, form.Template+" "+form.Action)
	}
	if len(unknown) > 0 {
		t.Errorf("these buttons send no form: %v", unknown)
	}
}
