package pages_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
)

// upload sends a form with a file.
func (v *visitor) upload(t testing.TB, path, field, content string, form url.Values) (*http.Response, string) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile(field, "x.license")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write([]byte(content)) // into memory
	for name, values := range form {
		for _, value := range values {
			if err := w.WriteField(name, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	request := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodPost, v.url+path, &body))
	request.Header.Set("Content-Type", w.FormDataContentType())
	return v.do(t, request)
}

// A license file goes from a vendor's pages to a customer's: the key is made and believed,
// the file issued, looked at, imported, and revoked.
func TestLicensePages(t *testing.T) {
	vendor, customer := openOffice(t), openOffice(t)
	vendor.life(t)
	vendor.accounts(t)
	must[administration.Organization](t)(customer.desk.NewOrganization(t.Context(), administration.OrganizationInput{
		ID: "100001", Name: "Us",
	}))
	customer.accounts(t)
	olga, adam, vera, carl := vendor.signedIn(t, "olga"), vendor.signedIn(t, "adam"), vendor.signedIn(t, "vera"),
		vendor.signedIn(t, "carl")
	there, thereAdam := customer.signedIn(t, "olga"), customer.signedIn(t, "adam")
	if response, _ := carl.get(t, "/licenses"); response.StatusCode != http.StatusForbidden {
		t.Errorf("a customer's viewer sees license files: %d", response.StatusCode)
	}
	issue := url.Values{"action": {"issue"}, "items": {"scans", "desktops"}, "alias": {"Spring order"}, "days": {"90"}}
	if response, body := adam.post(t, "/licenses", issue); response.StatusCode != http.StatusNotFound ||
		!strings.Contains(body, "an owner makes it") {
		t.Errorf("issued without a key: %d", response.StatusCode)
	}
	for action, who := range map[string]*visitor{"vendor-key": adam, "trust": adam, "issue": vera, "import": vera,
		"show": vera, "revoke": vera} {
		response, _ := who.post(t, "/licenses", url.Values{"action": {action}})
		if response.StatusCode != http.StatusForbidden {
			t.Errorf("%s by who may not: %d", action, response.StatusCode)
		}
	}
	response, _ := olga.post(t, "/licenses", url.Values{"action": {"vendor-key"}})
	if response.StatusCode != http.StatusSeeOther {
		t.Fatal(response.StatusCode)
	}
	key := protocol.Encoding.EncodeToString(must[[]byte](t)(func() ([]byte, error) {
		k, err := vendor.desk.VendorPublicKey(t.Context())
		return k, err
	}()))
	if _, body := adam.get(t, "/licenses"); !strings.Contains(body, key) {
		t.Error("the key is not shown")
	}
	response, license := adam.post(t, "/licenses", issue)
	if response.StatusCode != http.StatusOK ||
		!strings.Contains(response.Header.Get("Content-Disposition"), ".license") ||
		!strings.Contains(license, "Spring order") {
		t.Fatalf("%d %v %s", response.StatusCode, response.Header, license)
	}
	if response, body := thereAdam.upload(t, "/licenses", "licenseFile", license,
		url.Values{"action": {"import"}}); response.StatusCode != http.StatusUnprocessableEntity ||
		!strings.Contains(body, "not trusted here") {
		t.Errorf("imported from nobody: %d", response.StatusCode)
	}
	if response, body := there.post(t, "/licenses", url.Values{"action": {"trust"}, "vendorName": {"Acme"},
		"publicKey": {key}}); response.StatusCode != http.StatusSeeOther {
		t.Fatal(response.StatusCode, body)
	}
	if response, body := thereAdam.upload(t, "/licenses", "licenseFile", license,
		url.Values{"action": {"show"}}); response.StatusCode != http.StatusOK ||
		!strings.Contains(body, "What it would change") || !strings.Contains(body, "licenseTextVersion") {
		t.Errorf("%d %s", response.StatusCode, body)
	}
	if items := must[administration.Page[administration.Item]](t)(
		customer.desk.Items(t.Context(), administration.Selection{})); len(items.Items) != 0 {
		t.Errorf("a look brought %d items", len(items.Items))
	}
	// Browsers send the lines of a field with other ends.
	typed := url.Values{
		"action": {"import"}, "license": {strings.ReplaceAll(license, "\n", "\r\n")}, "newHandshake": {"kiosks"},
	}
	if response, body := thereAdam.post(t, "/licenses", typed); response.StatusCode != http.StatusOK ||
		!strings.Contains(body, "100001-kiosks") {
		t.Errorf("%d %s", response.StatusCode, body)
	}
	if items := must[administration.Page[administration.Item]](t)(
		customer.desk.Items(t.Context(), administration.Selection{})); len(items.Items) != 2 {
		t.Errorf("%d items", len(items.Items))
	}
	response, revocation := adam.upload(t, "/licenses", "revokedFile", license, url.Values{"action": {"revoke"}})
	if response.StatusCode != http.StatusOK || !strings.Contains(revocation, `"revision": 2`) {
		t.Fatalf("%d %s", response.StatusCode, revocation)
	}
	if _, body := thereAdam.upload(t, "/licenses", "licenseFile", revocation,
		url.Values{"action": {"import"}}); !strings.Contains(body, "revoked") {
		t.Error(body)
	}
	if response, _ := thereAdam.upload(t, "/licenses", "licenseFile", strings.Repeat("x", 4<<20),
		url.Values{"action": {"import"}}); response.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a file without end: %d", response.StatusCode)
	}
}

// Products are added and renamed; what an item is limited to stays.
func TestProductPage(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	adam, carl := o.signedIn(t, "adam"), o.signedIn(t, "carl")
	for _, step := range []struct {
		who  *visitor
		form url.Values
		want int
	}{
		{carl, url.Values{"action": {"add"}, "name": {"X"}}, http.StatusForbidden},
		{adam, url.Values{"action": {"add"}, "name": {"ACME-OCR"}}, http.StatusSeeOther},
		{adam, url.Values{"action": {"add"}, "name": {"acme-ocr"}}, http.StatusConflict},
		{adam, url.Values{"action": {"add"}, "name": {"X"}, "bit": {"many"}}, http.StatusUnprocessableEntity},
		{adam, url.Values{"action": {"rename"}, "product": {"ACME-OCR"}, "newName": {"ACME-READER"}},
			http.StatusSeeOther},
		{adam, url.Values{"action": {"rename"}, "product": {"DBR"}, "newName": {"MINE"}},
			http.StatusUnprocessableEntity},
	} {
		if response, body := step.who.post(t, "/products", step.form); response.StatusCode != step.want {
			t.Errorf("%v: %d\n%s", step.form, response.StatusCode, body)
		}
	}
	if _, body := carl.get(t, "/products"); !strings.Contains(body, "ACME-READER") ||
		strings.Contains(body, "ACME-OCR") {
		t.Error(body)
	}
}

// The numbers by which an item is charged are stated and taken back in its form, which shows
// those that hold otherwise.
func TestChargeTermsInForms(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	adam := o.signedIn(t, "adam")
	_, body := adam.get(t, "/items/desktops")
	for _, want := range []string{`name="tolerance"`, `placeholder="10"`, `placeholder="90d"`, `placeholder="7d"`,
		`placeholder="1d"`, "Devices on a list"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not in the form", want)
		}
	}
	if strings.Contains(body, `name="exceptions"`) {
		t.Error("a list has exceptions")
	}
	change := func(more url.Values) (int, string) {
		form := url.Values{"action": {"change"}, "name": {"Desktops"}, "quota": {"5"}}
		for name, values := range more {
			form[name] = values
		}
		response, body := adam.post(t, "/items/desktops", form)
		return response.StatusCode, body
	}
	terms := func() string {
		item := must[administration.Item](t)(o.desk.Item(t.Context(), "desktops"))
		return fmt.Sprint(item.ChargeTerms.Tolerance != nil && *item.ChargeTerms.Tolerance == 0,
			item.ChargeTerms.Window != nil && *item.ChargeTerms.Window == 30*86400)
	}
	if status, body := change(url.Values{"tolerance": {"0"}, "window": {"30d"}, "least": {""},
		"brief": {""}}); status != http.StatusSeeOther || terms() != "true true" {
		t.Errorf("%d %s\n%s", status, terms(), body)
	}
	if status, _ := change(nil); status != http.StatusSeeOther || terms() != "true true" {
		t.Errorf("a form without terms changes them: %d %s", status, terms())
	}
	if status, body := change(url.Values{"tolerance": {"lots"}}); status != http.StatusUnprocessableEntity ||
		!strings.Contains(body, "this is not a number, or a time") {
		t.Error(status)
	}
	if _, body := o.signedIn(t, "vera").get(t, "/audit"); !strings.Contains(body, "chargeTerms.tolerance: none → 0") ||
		strings.Contains(body, "charging") {
		t.Error("the audit does not say what changed, or in raw JSON")
	}
	status, _ := change(url.Values{"tolerance": {""}, "window": {""}, "least": {""}, "brief": {""}})
	if status != http.StatusSeeOther || terms() != "false false" {
		t.Errorf("%d %s", status, terms())
	}
}

// The usage of the past is looked at under other terms, and nothing changes.
func TestReplayPage(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	adam, vera := o.signedIn(t, "adam"), o.signedIn(t, "vera")
	if response, _ := vera.get(t, "/items/scans/replay"); response.StatusCode != http.StatusForbidden {
		t.Errorf("a viewer replays: %d", response.StatusCode)
	}
	audits := func() int {
		return len(must[administration.Page[store.Audit]](t)(
			o.desk.Audits(t.Context(), administration.Selection{Limit: 1000})).Items)
	}
	before, noted := must[administration.Item](t)(o.desk.Item(t.Context(), "scans")).Quota, audits()
	if response, body := adam.get(t, "/items/scans/replay"); response.StatusCode != http.StatusOK ||
		!strings.Contains(body, "60000") {
		t.Error(response.StatusCode)
	}
	for query, want := range map[string]struct {
		status int
		text   string
	}{
		"?from=2025-01-01&until=2025-01-31&chargeWay=scan&quota=100": {
			http.StatusOK, "The result",
		},
		"?from=" + days(-20) + "&until=" + days(0) +
			"&chargeWay=scan&quota=1000": {http.StatusOK, "1\u202f000"},
		"?from=" + days(-20) + "&until=" + days(0) +
			"&chargeWay=concurrent-device&quota=1&exceptions=1": {http.StatusOK, "Devices refused"},
		"?from=soon&until=2025-01-31&quota=1": {http.StatusUnprocessableEntity,
			"not a date"},
		"?from=2020-01-01&until=2025-01-31&quota=1": {
			http.StatusUnprocessableEntity, "a year at most",
		},
		"?from=2025-02-01&until=2025-01-01&quota=1": {http.StatusUnprocessableEntity,
			"ends before"},
		"?from=2025-01-01&until=2025-01-31&chargeWay=domain&quota=1": {
			http.StatusUnprocessableEntity, "replayed",
		},
		"?from=2025-01-01&until=2025-01-31&chargeWay=scan&quota=0": {
			http.StatusUnprocessableEntity, "a quota is a number",
		},
		"?from=2025-01-01&until=2025-01-31&chargeWay=device&quota=1&window=abc": {
			http.StatusUnprocessableEntity, "a time such as",
		},
	} {
		if response, body := adam.get(t, "/items/scans/replay"+query); response.StatusCode != want.status ||
			!strings.Contains(body, want.text) {
			t.Errorf("%s: %d, want %d and %q\n%s", query, response.StatusCode, want.status, want.text, body)
		}
	}
	if after := must[administration.Item](t)(o.desk.Item(t.Context(), "scans")).Quota; after != before ||
		audits() != noted {
		t.Errorf("%+v became %+v", before, after)
	}
}

// days is a day so many days from today, in UTC.
func days(n int) string { return servertest.Start().UTC().AddDate(0, 0, n).Format(time.DateOnly) }
