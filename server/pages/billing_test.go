package pages_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/statement"
)

// A closed month can be had as files that prove themselves, by the customer too; it is
// closed once.
func TestStatementFiles(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	path := "/organizations/100001/statements/" + closedMonth()
	carl := o.signedIn(t, "carl") // the customer
	_, file := carl.get(t, path+"?format=json")
	response, reports := carl.get(t, path+"?format=reports")
	if response.Header.Get("Content-Type") != "application/jsonl" {
		t.Errorf("%d %s", response.StatusCode, reports)
	}
	proof, err := statement.Prove(strings.NewReader(file), nil, strings.NewReader(reports))
	if err != nil || !proof.Reports || proof.Statement.Month != closedMonth() {
		t.Errorf("%+v, %v", proof, err)
	}
	if response, table := carl.get(t, path+"?format=csv"); response.StatusCode != http.StatusOK ||
		!strings.HasPrefix(table, "kind,month,item") {
		t.Errorf("%d %s", response.StatusCode, table)
	}
	adam := o.signedIn(t, "adam")
	for month, want := range map[string]int{closedMonth(): 409, "2099-01": 409, "x": 422} {
		form := url.Values{"action": {"close"}, "sure": {"yes"}, "month": {month}}
		if response, body := adam.post(t, "/organizations/100001/statements", form); response.StatusCode != want {
			t.Errorf("closing %s: %d\n%s", month, response.StatusCode, body)
		}
	}
	form := url.Values{"action": {"close"}, "sure": {"yes"}, "month": {closedMonth()}, "zone": {"UTC"}}
	response, _ = adam.post(t, "/organizations/100002/statements", form)
	if want := "../../organizations/100002/statements/" + closedMonth() +
		"?done=closed"; response.Header.Get("Location") != want {
		t.Errorf("%d leads to %q, want %q", response.StatusCode, response.Header.Get("Location"), want)
	}
}

// What the forms of items, codes and settings change, is changed.
func TestForms(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	olga := o.signedIn(t, "olga")
	item := func() administration.Item { return must[administration.Item](t)(o.desk.Item(t.Context(), "scans")) }
	used := item().Quota.Used
	for _, form := range []struct {
		path string
		want int
		form url.Values
	}{
		{"/items/scans", 303, url.Values{"action": {"adjust"}, "units": {"−1 000"}, "reason": {"a refund"}}},
		{"/items/scans", 422, url.Values{"action": {"adjust"}, "units": {"-1"}, "reason": {""}}},
		{"/items/scans", 422, url.Values{"action": {"adjust"}, "units": {"many"}, "reason": {"x"}}},
		{"/items/scans", 422,
			url.Values{"action": {"adjust"}, "units": {"-99999999"}, "reason": {"more than was used"}}},
		{"/items/scans", 303, url.Values{"action": {"archive"}}},
		{"/items/scans", 303, url.Values{"action": {"change"}, "name": {"Scans"}, "quota": {"70 000"},
			"trialBy": {"device"}, "trialDays": {"14"},
			"requestLimit": {"1 000"}, "requires": {"desktops\n"}, "refuseClones": {"true"}}},
		{"/items/scans", 422, url.Values{"action": {"change"}, "name": {"Scans"}, "quota": {"1"}, "trialBy": {"moon"}}},
		{"/codes/100001-web", 303,
			url.Values{"action": {"session-password"}, "sessionPassword": {"hush"}, "overlapDays": {"3"}}},
		{"/codes/100001-web", 422,
			url.Values{"action": {"session-password"}, "sessionPassword": {"hush"}, "overlapDays": {"99999"}}},
		{"/codes/100001-web", 422, url.Values{"action": {"replace"}, "custom": {"shop"}, "overlapDays": {"30"}}},
		{"/codes/100001-web", 422, url.Values{"action": {"replace"}, "custom": {"a b"}, "sessionPassword": {"new"}}},
		{"/codes/100001-web", 422, url.Values{"action": {"replace"}, "custom": {"shop"}, "overlapDays": {"soon"}}},
		{"/codes/100001-web", 303, url.Values{"action": {"replace"}, "custom": {"shop"}, "overlapDays": {"30"},
			"sessionPassword": {"new"}}},
		{"/codes/100001-web", 303, url.Values{"action": {"archive"}}},
		{"/organizations/100001", 303, url.Values{"action": {"archive"}}},
		{"/settings", 303, url.Values{"action": {"retention"}, "sure": {"yes"},
			"record": {"reports"}, "days": {"400"}}},
		{"/settings", 422, url.Values{"action": {"retention"}, "sure": {"yes"},
			"record": {"reports"}, "days": {"3"}}},
		{"/settings", 422, url.Values{"action": {"retention"}, "sure": {"yes"},
			"record": {"everything"}, "days": {"400"}}},
		{"/devices/nothing", 404, url.Values{"action": {"clear"}}},
	} {
		if response, body := olga.post(t, form.path, form.form); response.StatusCode != form.want {
			t.Errorf("%s %v: %d, want %d\n%s", form.path, form.form, response.StatusCode, form.want, body)
		}
	}
	if _, body := olga.get(t, "/codes"); !strings.Contains(body, ">archived<") {
		t.Error("the list of codes shows nothing of one that is archived")
	}
	after := item()
	if after.Quota.Used != used-1000 || after.ArchivedAt == 0 || after.Quota.Limit != 70_000 || after.TrialDays != 14 ||
		after.RequestLimit != 1000 ||
		len(after.Requires) != 1 || !after.RefuseClones {
		t.Errorf("%+v", after)
	}
	if response, _ := olga.post(t, "/items/scans", url.Values{"action": {"unarchive"}}); response.StatusCode != 303 ||
		item().ArchivedAt != 0 {
		t.Error("it can't be taken back")
	}
	code := must[administration.Code](t)(o.desk.Code(t.Context(), "100001-web"))
	if !code.HasSessionPassword || code.ArchivedAt == 0 {
		t.Errorf("%+v", code)
	}
	kept := must[[]administration.Retention](t)(o.desk.Retentions(t.Context()))
	if kept[0].Days != 400 {
		t.Errorf("%+v", kept)
	}
}

// A code that is being replaced says until when it works, and who still uses it; taken back, it does
// not.
func TestReplacedCodeIsShown(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	olga := o.signedIn(t, "olga")
	form := url.Values{"action": {"replace"}, "custom": {"shop"}, "overlapDays": {"30"}}
	response, body := olga.post(t, "/codes/100001-web", form)
	if to := response.Header.Get("Location"); to != "../codes/100001-shop?done=replaced" {
		t.Fatalf("%d leads to %q: %s", response.StatusCode, to, body)
	}
	for path, want := range map[string]string{
		"/codes/100001-web": "Devices that used it in the last 7 days", "/codes": "works until",
		"/codes/100001-shop?done=replaced": "Replaced: this code takes over",
	} {
		if _, body := olga.get(t, path); !strings.Contains(body, want) {
			t.Errorf("%s shows no %q", path, want)
		}
	}
	olga.post(t, "/codes/100001-web", url.Values{"action": {"unarchive"}})
	if _, body := olga.get(t, "/codes"); strings.Contains(body, "works until") {
		t.Error("the code was taken back, and ends all the same")
	}
}

// A customer who takes the reports of a month slowly holds up no one of the vendor's.
func TestSlowCustomers(t *testing.T) {
	o := openOffice(t)
	o.life(t)
	o.accounts(t)
	customer := o.desk.As(administration.Principal{Name: "carl", Role: administration.Viewer, Organization: "100001"})
	stalled, goOn, ended := make(chan struct{}, 1), make(chan struct{}), make(chan error)
	go func() {
		ended <- customer.StatementReports(t.Context(), "100001", closedMonth(), func([]byte) error {
			select {
			case stalled <- struct{}{}:
			default:
			}
			<-goOn
			return nil
		})
	}()
	<-stalled
	soon, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := o.desk.DraftStatement(soon, "100002", closedMonth(), "UTC"); err != nil {
		t.Error(err)
	}
	close(goOn)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
