package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/openlts/openlts/server/administration"
)

// Without signing in, only the page to sign in is shown; without the right, an error; and what
// belongs to another organization does not exist.
func TestWhoSeesWhat(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	stranger, carl := o.visitor(t), o.signedIn(t, "carl")
	for _, path := range o.all(t) {
		response, body := stranger.get(t, path)
		if response.StatusCode != http.StatusSeeOther ||
			!strings.Contains(response.Header.Get("Location"), "sign-in") || body != "" {
			t.Errorf("a stranger gets %s: %d %s", path, response.StatusCode, body)
		}
		_, body = carl.get(t, path) // carl sees 100001
		for _, foreign := range []string{"Grey", "100002", "grey-scans", "Front desk"} {
			if strings.Contains(body, foreign) {
				t.Errorf("a viewer of another organization sees %q on %s", foreign, path)
			}
		}
	}
	for path, want := range map[string]int{
		"/items/grey-scans": 404, "/codes/100002-reader": 404, "/organizations/100002": 404,
		"/organizations/100002/statements": 404, "/organizations/100002/statements/2026-01?format=json": 404,
		"/organizations/100001/statements": 200, "/organizations/100001/statements/draft?month=2026-01": 403,
		"/organizations": 403, "/audit": 403, "/items/new": 403, "/codes/100001-warehouse/key": 403,
		"/statistics?org=100002": 404, "/statistics?item=grey-scans&by=item": 404,
		"/statistics?handshake=100002-reader": 404, "/audit?format=csv": 403, "/statistics?format=csv&org=100002": 404,
		"/items/scans": 200, "/statistics?org=100001": 200,
	} {
		if response, _ := carl.get(t, path); response.StatusCode != want {
			t.Errorf("a viewer of 100001 gets %s: %d, want %d", path, response.StatusCode, want)
		}
	}
}

// Forms are taken from the pages alone; a session is a new one at each signing in; and
// nobody is led elsewhere.
func TestAttacks(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	owner := o.signedIn(t, "olga")
	request := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodPost, o.url+"/items/scans",
		strings.NewReader("action=revoke")))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	request.Header.Set("Origin", "https://evil.example")
	if response, _ := owner.do(t, request); response.StatusCode != http.StatusForbidden {
		t.Errorf("a form of another site: %d", response.StatusCode)
	}
	for next, want := range map[string]string{
		"items/scans": "./items/scans", "https://evil.example": "./", "//evil.example": "./", "/\\evil.example": "./",
		"javascript:alert(1)": "./", "../../x": "./", "items/../../x": "./", "\tjavascript:x": "./", "http:evil": "./",
		"statistics?by=item": "./statistics?by=item", "v1/keys": "./",
	} {
		v := o.visitor(t)
		response, _ := v.post(t, "/sign-in?next="+url.QueryEscape(next), url.Values{
			"action": {"sign-in"}, "name": {"olga"}, "password": {password},
		})
		if got := response.Header.Get("Location"); got != want {
			t.Errorf("next %q leads to %q, want %q", next, got, want)
		}
	}
	// Fixation: a session that was there before signing in is worth nothing.
	v := o.visitor(t)
	base := must[*url.URL](t)(url.Parse(o.url))
	v.Jar.SetCookies(base, []*http.Cookie{{Name: "openlts", Value: "chosen", Path: "/"}})
	v.post(t, "/sign-in", url.Values{"action": {"sign-in"}, "name": {"olga"}, "password": {password}})
	if got := v.Jar.Cookies(base); len(got) != 1 || got[0].Value == "chosen" || len(got[0].Value) < 43 {
		t.Errorf("%v", got)
	}
	response, _ := o.visitor(t).post(t, "/sign-in", url.Values{
		"action": {"sign-in"}, "name": {"olga"}, "password": {password},
	})
	if cookie := response.Header.Get("Set-Cookie"); !strings.Contains(cookie, "HttpOnly") ||
		!strings.Contains(cookie, "SameSite=Lax") {
		t.Error(cookie)
	}
	old := v.Jar.Cookies(base)
	v.post(t, "/sign-out", url.Values{"action": {"sign-out"}})
	v.Jar.SetCookies(base, old)
	if response, _ := v.get(t, "/"); response.StatusCode != http.StatusSeeOther {
		t.Errorf("a session outlives signing out: %d", response.StatusCode)
	}
}

// A method that an address does not have does nothing, and the answer names those that it has,
// whoever asks.
func TestMethods(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	for _, v := range []*visitor{o.visitor(t), o.signedIn(t, "olga")} {
		for path, allow := range map[string]string{
			"/": "GET, HEAD, POST", "/items": "GET, HEAD", "/items/scans": "GET, HEAD, POST",
			"/statistics": "GET, HEAD", "/sign-in": "GET, HEAD, POST", "/denials": "GET, HEAD",
			"/assets/style.css": "GET, HEAD",
			"/items/nothing":    "GET, HEAD, POST",
		} {
			for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"} {
				if strings.Contains(allow, method) {
					continue
				}
				response, body := v.do(t, must[*http.Request](t)(http.NewRequestWithContext(t.Context(), method,
					o.url+path, nil)))
				if response.StatusCode != http.StatusMethodNotAllowed || response.Header.Get("Allow") != allow ||
					!strings.Contains(body, "for this method") {
					t.Errorf("%s %s: %d, Allow: %q", method, path, response.StatusCode, response.Header.Get("Allow"))
				}
			}
		}
		response, _ := v.do(t, must[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodPut,
			o.url+"/nothing", nil)))
		if response.StatusCode != http.StatusNotFound || response.Header.Get("Allow") != "" {
			t.Errorf("an address that is none: %d", response.StatusCode)
		}
	}
}

// What clients and customers can set is shown as text, wherever it is.
func TestScriptsAreText(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	const script = `"><script>alert(1)</script>'=`
	device := o.device()
	request := device.Request("100001-warehouse")
	request.Device.FriendlyName, request.Device.Platform, request.Device.Library = script, script, script
	if _, err := device.Authorize(request); err != nil {
		t.Fatal(err)
	}
	refused := o.device()
	request = refused.Request("100001-" + script)
	request.Device.FriendlyName, request.ValidationField, request.Edition = script, script, script
	_, _ = refused.Authorize(request) // to be shown among refusals
	if _, err := o.desk.ChangeOrganization(t.Context(), "100001", administration.OrganizationChange{Name: new(script)},
		nil); err != nil {
		t.Fatal(err)
	}
	if _, err := o.desk.ChangeItem(t.Context(), "scans",
		administration.ItemFields{Name: new(script), Edition: new(script)}, nil); err != nil {
		t.Fatal(err)
	}
	owner := o.signedIn(t, "olga")
	shown := 0
	for _, path := range append(o.all(t), "/devices/"+device.UUID, "/devices/"+refused.UUID,
		"/items?q="+url.QueryEscape(script), "/statistics?tz="+url.QueryEscape(script)) {
		_, body := owner.get(t, path)
		if strings.Contains(body, "<script>alert") {
			t.Errorf("%s runs a script", path)
		}
		shown += strings.Count(body, "alert(1)")
	}
	if shown < 10 {
		t.Errorf("the script is shown only %d times: this test no longer sees what it is for", shown)
	}
	response, body := owner.get(t, "/denials?format=csv")
	if response.Header.Get("Content-Type") != "text/csv; charset=utf-8" || strings.Contains(body, "\n=") ||
		strings.Contains(body, ",=") {
		t.Errorf("%s", body)
	}
}
