package pages_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/alerts"
	"github.com/openlts/openlts/server/store"
)

// The page of alerts: rules and channels are changed by those who may, secrets are shown
// once or never, and what happened is in the history and its files.
func TestAlertPage(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	owner, editor, viewer, customer := o.signedIn(t, "olga"), o.signedIn(t, "adam"), o.signedIn(t, "vera"),
		o.signedIn(t, "carl")
	if response, _ := customer.get(t, "/alerts"); response.StatusCode != http.StatusForbidden {
		t.Errorf("a customer sees alerts: %d", response.StatusCode)
	}
	if response, _ := editor.post(t, "/alerts", url.Values{"action": {"rule"}, "kind": {"quota"},
		"levels": {"60,end"}}); response.StatusCode != http.StatusSeeOther {
		t.Errorf("a rule is not changed: %d", response.StatusCode)
	}
	wrong := url.Values{"action": {"rule"}, "kind": {"quota"}, "levels": {"many"}}
	if response, body := editor.post(t, "/alerts", wrong); !strings.Contains(body, "is not a level") ||
		response.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a wrong rule: %d", response.StatusCode)
	}
	mail := url.Values{
		"action": {"email"}, "name": {"Operators"}, "to": {"a@example.com; b@example.com"}, "from": {"lts@example.com"},
		"host": {"127.0.0.1"}, "port": {"1"}, "security": {"starttls"}, "user": {"u"}, "smtpPassword": {"hush-hush"},
	}
	if response, body := owner.post(t, "/alerts", mail); response.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", response.StatusCode, body)
	}
	response, body := owner.post(t, "/alerts", url.Values{
		"action": {"webhook"}, "hookName": {"Chat"}, "url": {"https://127.0.0.1:1/path-secret"},
	})
	if response.StatusCode != http.StatusOK || !strings.Contains(body, "whsec_") {
		t.Fatalf("%d %s", response.StatusCode, body)
	}
	_, body = owner.get(t, "/alerts")
	for _, want := range []string{"60,end", "Operators", "a@example.com, b@example.com", "https://127.0.0.1:1/…"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not shown", want)
		}
	}
	for _, secret := range []string{"whsec_", "path-secret", "hush-hush"} {
		if strings.Contains(body, secret) {
			t.Errorf("%q is shown", secret)
		}
	}
	// What rings is in words and leads to what it is about, here and on the overview; a
	// customer's overview has none of it.
	for _, page := range []string{"/", "/alerts"} {
		_, body := viewer.get(t, page)
		for _, want := range []string{"Alerts", "End of an item", `href="./items/desktops"`, "30 days", "ends on"} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: %q is not shown", page, want)
			}
		}
	}
	if _, body := customer.get(t, "/"); strings.Contains(body, "Alerts now") {
		t.Error("a customer sees alerts")
	}
	channels := must[[]administration.Channel](t)(o.desk.AlertChannels(t.Context()))
	for i, want := range []string{"127.0.0.1, port 1", "private address"} {
		response, body := owner.post(t, "/alerts", url.Values{"action": {"test"}, "channel": {channels[i].ID}})
		if response.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, want) {
			t.Errorf("a test that can't arrive: %d, %s", response.StatusCode,
				regexp.MustCompile(`role="alert".*`).FindString(body))
		}
	}
	changed := url.Values{"action": {"channel"}, "channel": {channels[0].ID}, "channelName": {"Night <b>"},
		"channelTo": {"c@example.com"}, "channelFrom": {"lts@example.com"}}
	if response, body := owner.post(t, "/alerts", changed); response.StatusCode != http.StatusSeeOther {
		t.Errorf("%d %s", response.StatusCode, body)
	}
	changed.Set("channelTo", "nobody")
	if response, body := owner.post(t, "/alerts", changed); response.StatusCode != http.StatusUnprocessableEntity ||
		!strings.Contains(body, `name="channelTo" type="text" value="nobody"`) {
		t.Errorf("%d %s", response.StatusCode, body)
	}
	if _, body := owner.get(t, "/alerts"); !strings.Contains(body, "Night &lt;b&gt;") ||
		!strings.Contains(body, `value="c@example.com"`) || strings.Contains(body, "hush-hush") {
		t.Error("the changed channel is not shown")
	}
	if response, _ := owner.post(t, "/alerts", url.Values{"action": {"remove"}, "sure": {"yes"},
		"channel": {channels[0].ID}}); response.StatusCode != http.StatusSeeOther {
		t.Error(response.StatusCode)
	}
	const script = `=1"><script>alert(1)</script>`
	if err := o.desk.Store.Update(t.Context(), func(tx store.Tx) error {
		return alerts.AddEvents(t.Context(), tx, []alerts.Event{
			{At: 1_700_000_000, Kind: alerts.Quota, Subject: script, Level: 60, Text: script},
		})
	}); err != nil {
		t.Fatal(err)
	}
	if _, body := viewer.get(t, "/alerts"); strings.Contains(body, "<script>alert") ||
		!strings.Contains(body, "alert(1)") {
		t.Error("the history is not shown as text")
	}
	if _, body := viewer.get(t, "/alerts?format=csv"); strings.Contains(body, ",=1") ||
		!strings.Contains(body, "quota") {
		t.Errorf("%s", body)
	}
}

// A test that some receivers don't get says which, and a channel that was tested many times in a
// row is not tested on.
func TestTestsOnAlertPage(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	owner, editor := o.signedIn(t, "olga"), o.signedIn(t, "adam")
	if response, body := owner.post(t, "/alerts", url.Values{"action": {"email"}, "name": {"Operators"},
		"to": {"a@example.com; b@example.com"}, "from": {"lts@example.com"}, "host": {"127.0.0.1"}, "port": {"1"},
		"security": {"starttls"}}); response.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", response.StatusCode, body)
	}
	channels := must[[]administration.Channel](t)(o.desk.AlertChannels(t.Context()))
	test := url.Values{"action": {"test"}, "channel": {channels[0].ID}}
	for range alerts.TestsAtOnce {
		response, body := editor.post(t, "/alerts", test)
		for _, want := range []string{"did not reach a@example.com: ", "did not reach b@example.com: "} {
			if response.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, want) {
				t.Fatalf("%q is not said: %d %s", want, response.StatusCode, body)
			}
		}
	}
	response, body := editor.post(t, "/alerts", test)
	if response.StatusCode != http.StatusTooManyRequests || !strings.Contains(body, "send the next test in 2m0s") ||
		strings.Contains(body, "did not reach") {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

// However many alerts ring, the page shows the newest, and says that there are more and where.
func TestManyAlertsRing(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	const many = 250
	if err := o.desk.Store.Update(t.Context(), func(tx store.Tx) error {
		for n := range many {
			if _, err := tx.Exec(t.Context(), `INSERT INTO alert_state (kind, subject, level, period, value, since)
				VALUES ('quota', ?, 75, '', 76, ?)`, fmt.Sprint("many-", n), 1000+n); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	ringing := len(must[[]administration.OpenAlert](t)(o.desk.Alerts(t.Context())))
	_, body := o.signedIn(t, "vera").get(t, "/alerts")
	if want := fmt.Sprintf("the other %d.", ringing-100); ringing < many || !strings.Contains(body, want) ||
		strings.Count(body, "items/many-") > 100 || !strings.Contains(body, "items/many-249") {
		t.Errorf("%d ring, and %q is not said, or not the newest are shown", ringing, want)
	}
}
