package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
)

// refusals are the ways to be refused: each item is attached to a code of its name.
var refusals = []struct {
	name   string
	item   *store.Item // Quota 100 if it has none
	code   string      // "": that of the item
	before func(*testing.T, *lts, *servertest.Device)
	ask    func(*protocol.AuthorizationRequest)
	want   protocol.Status
	reason protocol.Reason
	detail string // "": the code's message
	none   bool   // no item came into question
}{
	{name: "no code", code: "100001-nobody", want: protocol.StatusHandshakeCodeNotFound, none: true},
	{name: "archived code", item: &store.Item{}, want: protocol.StatusHandshakeCodeNotFound,
		reason: protocol.ReasonArchived, none: true,
		before: func(t *testing.T, l *lts, _ *servertest.Device) {
			check(t, l.ArchiveHandshakeCode(t.Context(), "100001-archived-code", true))
		}},
	{name: "archived organization", code: "100003-reader", want: protocol.StatusHandshakeCodeNotFound,
		reason: protocol.ReasonArchived, none: true,
		before: func(t *testing.T, l *lts, _ *servertest.Device) {
			_, err := l.AddOrganization(t.Context(), "Gone", "100003")
			check(t, err)
			l.code(t, administration.HandshakeCode{Organization: "100003", Custom: "reader"})
			check(t, l.ArchiveOrganization(t.Context(), "100003", true))
		}},
	{name: "nothing given", code: "-", want: protocol.StatusNoHandshakeOrOrganization, none: true},
	{name: "no organization", code: "-", want: protocol.StatusOrganizationNotFound,
		reason: protocol.ReasonUnknownOrganization, none: true,
		ask: func(r *protocol.AuthorizationRequest) { r.OrganizationID = "999999" }},
	{name: "no default code", code: "-", want: protocol.StatusOrganizationNotFound,
		reason: protocol.ReasonNoDefaultCode, none: true,
		ask: func(r *protocol.AuthorizationRequest) { r.OrganizationID = "100002" }},
	{name: "other organization", code: "100001-reader", want: protocol.StatusHandshakeOrganizationMismatch, none: true,
		ask: func(r *protocol.AuthorizationRequest) { r.OrganizationID = "100002" }},
	{name: "no password", code: "100001-locked", want: protocol.StatusSessionPasswordIncorrect, none: true},
	{name: "wrong password", code: "100001-locked", want: protocol.StatusSessionPasswordIncorrect, none: true,
		ask: func(r *protocol.AuthorizationRequest) { r.SessionPassword = "hunter2" }},
	{name: "other page", code: "100001-web", want: protocol.StatusHandshakeAppDomainMismatch, none: true},
	{name: "no items", code: "100001-empty", want: protocol.StatusNoItemMatched,
		reason: protocol.ReasonNoItems, none: true},
	{name: "modules", item: &store.Item{Modules: []protocol.LicenseModule{protocol.LicenseModuleONED}},
		ask: func(r *protocol.AuthorizationRequest) {
			r.Modules = []protocol.LicenseModule{protocol.LicenseModuleQRCode}
		}, want: protocol.StatusNoItemMatched, reason: protocol.ReasonModules},
	{name: "other item", code: "100001-reader", want: protocol.StatusItemNotFound, none: true,
		ask: func(r *protocol.AuthorizationRequest) { r.Item = "modules" }},
	{name: "product", item: &store.Item{Products: protocol.ProductDWT}, want: protocol.StatusProductMismatch,
		ask: func(r *protocol.AuthorizationRequest) { r.Products = protocol.ProductDBR }},
	{name: "version", item: &store.Item{Version: "10"}, want: protocol.StatusVersionMismatch,
		ask: func(r *protocol.AuthorizationRequest) { r.ProductVersion = "9.6" }},
	{name: "deployment", item: &store.Item{DeploymentType: protocol.DeploymentTypeServer},
		want: protocol.StatusDeploymentTypeMismatch},
	{name: "edition", item: &store.Item{Edition: "Python"}, want: protocol.StatusEditionMismatch},
	{name: "charge-way", item: &store.Item{ChargeWay: protocol.ChargeWayPageCount},
		want: protocol.StatusChargeWayMismatch,
		ask:  func(r *protocol.AuthorizationRequest) { r.ChargeWay = protocol.ChargeWayScanCount }},
	{name: "domain", item: &store.Item{ValidationField: "www.example.com"}, want: protocol.StatusItemAppDomainMismatch},
	{name: "early", item: &store.Item{StartsAt: 1 << 33, ExpiresAt: 1<<33 + 1},
		want: protocol.StatusLicenseNotYetEffective},
	{name: "expired", item: &store.Item{StartsAt: 1, ExpiresAt: 2}, want: protocol.StatusLicenseExpired,
		reason: protocol.ReasonItemExpired},
	{name: "device-trial", item: &store.Item{TrialBy: store.TrialByDevice, TrialDays: 7},
		want: protocol.StatusLicenseExpired, reason: protocol.ReasonDeviceExpired,
		before: func(t *testing.T, l *lts, d *servertest.Device) {
			granted(t, d, "100001-device-trial")
			l.advance(7 * day)
		}},
	{name: "address-trial", item: &store.Item{TrialBy: store.TrialByAddress, TrialDays: 1},
		want: protocol.StatusLicenseExpired, reason: protocol.ReasonAddressExpired,
		detail: "License for this ip has expired.",
		before: func(t *testing.T, l *lts, _ *servertest.Device) {
			granted(t, l.device(), "100001-address-trial")
			l.advance(day)
		}},
	{name: "revoked", item: &store.Item{}, want: protocol.StatusItemInvalid, reason: protocol.ReasonRevoked,
		detail: "This license item revoked has been invalid.",
		before: func(t *testing.T, l *lts, _ *servertest.Device) { check(t, l.RevokeItem(t.Context(), "revoked")) }},
	{name: "archived", item: &store.Item{}, want: protocol.StatusItemInvalid, reason: protocol.ReasonArchived,
		detail: "This license item archived has been invalid.",
		before: func(t *testing.T, l *lts, _ *servertest.Device) {
			check(t, l.ArchiveItem(t.Context(), "archived", true))
		}},
	{name: "blocked", item: &store.Item{}, want: protocol.StatusNoItemMatched,
		reason: protocol.ReasonBlocked, none: true,
		detail: "No item matched: this device was blocked by an administrator.",
		before: func(t *testing.T, l *lts, d *servertest.Device) {
			granted(t, d, "100001-blocked")
			check(t, l.BlockDevice(t.Context(), d.UUID))
		}},
	{name: "add-on", item: &store.Item{Requires: []string{"base", "other-base"}},
		want: protocol.StatusItemDependencyMissing},
	{name: "copied-key", item: &store.Item{RefuseClones: true}, want: protocol.StatusClonedDevice,
		reason: protocol.ReasonAnotherKey,
		before: func(t *testing.T, l *lts, d *servertest.Device) {
			first := l.device()
			first.UUID = d.UUID
			granted(t, first, "100001-copied-key")
		}},
	{name: "copied-usage", item: &store.Item{RefuseClones: true, Quota: 1000}, want: protocol.StatusClonedDevice,
		reason: protocol.ReasonUsageCopied,
		before: func(t *testing.T, l *lts, d *servertest.Device) {
			granted(t, d, "100001-copied-usage")
			for range 2 { // each copy of the data tells of the 5 operations it recorded
				batch := d.Batch(group(uuid.NewString(), "100001-copied-usage", "copied-usage",
					protocol.Report{Slot: l.slotStart(1), Revision: 1, Counts: map[string]int64{"QR_CODE": 5}}))
				batch.Account = &protocol.DeviceAccount{Recorded: 5}
				if _, err := d.Report(batch); err != nil {
					t.Fatal(err)
				}
			}
		}},
	{name: "instances", item: &store.Item{ChargeWay: protocol.ChargeWayConcurrentInstanceCount, Quota: 10},
		want: protocol.StatusRequestQuotaExceeded, reason: protocol.ReasonInstances,
		ask: func(r *protocol.AuthorizationRequest) { r.InstanceCount = 11 }},
	{name: "requests", item: &store.Item{RequestLimit: 1}, want: protocol.StatusRequestQuotaExceeded,
		reason: protocol.ReasonRequests,
		before: func(t *testing.T, _ *lts, d *servertest.Device) { granted(t, d, "100001-requests") }},
	{name: "used", item: &store.Item{Quota: 1}, want: protocol.StatusLimitExceeded,
		before: func(t *testing.T, l *lts, _ *servertest.Device) {
			user := l.device()
			granted(t, user, "100001-used")
			used := protocol.Report{Slot: l.slotStart(1), Revision: 1, Counts: map[string]int64{"QR_CODE": 1}}
			batch := user.Batch(group(uuid.NewString(), "100001-used", "used", used))
			if _, err := user.Report(batch); err != nil {
				t.Fatal(err)
			}
		}},
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func granted(t *testing.T, d *servertest.Device, code string) *protocol.Authorization {
	t.Helper()
	authorization, err := d.Authorize(d.Request(code))
	check(t, err)
	return authorization
}

// Every code has a row, with its published message, signed, and noted with what was
// in question.
func TestRefusals(t *testing.T) {
	l := start(t)
	l.code(t, administration.HandshakeCode{Organization: "100001", Custom: "locked", SessionPassword: "s3cret"})
	l.code(t, administration.HandshakeCode{
		Organization: "100001", Custom: "web", ValidationFields: []string{"www.example.com"},
	})
	l.code(t, administration.HandshakeCode{Organization: "100001", Custom: "empty"})
	if _, err := l.AddOrganization(t.Context(), "Other", "100002"); err != nil {
		t.Fatal(err)
	}
	for _, test := range refusals {
		t.Run(test.name, func(t *testing.T) {
			code, id := test.code, strings.ReplaceAll(test.name, " ", "-")
			if test.item != nil {
				item := *test.item
				if item.ID = id; item.Quota == 0 {
					item.Quota = 100
				}
				code = "100001-" + id
				l.code(t, administration.HandshakeCode{Organization: "100001", Custom: id})
				l.item(t, item, code)
			}
			device := l.device()
			if test.before != nil {
				test.before(t, l, device)
			}
			request := device.Request(strings.TrimPrefix(code, "-"))
			request.Device.FriendlyName = "till 7"
			request.ClientTime = l.clock().Unix()
			if test.ask != nil {
				test.ask(&request)
			}
			_, err := device.Authorize(request)
			want := protocol.Problem{
				Type: "about:blank", Title: test.want.Name(), Status: http.StatusForbidden, Detail: test.want.Message(),
				Code: test.want, Reason: test.reason,
			}
			if test.detail != "" {
				want.Detail = test.detail
			}
			// That it is signed, and over what, Authorize has checked.
			got := problem(t, err)
			got.Refusal, got.PublicKey = "", ""
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if err.Error() != fmt.Sprintf("%d %s", want.Code, want.Detail) {
				t.Error(err) // what is wrong with the proof
			}
			denials, err := l.store.Denials(t.Context(), 1)
			check(t, err)
			d := denials[0]
			if d.At != l.clock().Unix() || d.Status != test.want || d.Cause != string(test.reason) ||
				d.Reason != want.Detail || d.Count != 1 ||
				d.Device != device.UUID || d.DeviceName != "till 7" || d.HandshakeCode != request.HandshakeCode {
				t.Errorf("%+v", d)
			}
			if known := test.item != nil || strings.HasSuffix(code, "locked") ||
				strings.HasSuffix(code, "web"); known &&
				(d.Organization != "100001" || d.OrganizationName != "Example Corp") {
				t.Errorf("%+v", d)
			}
			if d.Item == "" != test.none || !test.none && (d.Item != id || d.ItemName != id || d.Limit == 0) {
				t.Errorf("%+v", d)
			}
			if test.want == protocol.StatusLimitExceeded && (d.Limit != 1 || d.Used != 1) {
				t.Errorf("%+v", d)
			}
		})
	}
	for _, secret := range []string{"hunter2", "s3cret"} {
		if strings.Contains(l.logged.String(), secret) {
			t.Errorf("the log holds the password %s", secret)
		}
	}
}

// A server under maintenance, or a standby, turns everybody away, unsigned, and
// changes nothing; it is alive all the same.
func TestRefusesToServe(t *testing.T) {
	l := start(t)
	device := l.device()
	granted(t, device, "100001-reader")
	batch := device.Batch(group(uuid.NewString(), "100001-reader", "scans",
		protocol.Report{Slot: l.slotStart(1), Revision: 1, Counts: map[string]int64{"QR_CODE": 1}}))
	for reason, message := range map[protocol.Reason]string{
		protocol.ReasonMaintenance: "LTS refuses to provide service while under construction.",
		protocol.ReasonStandby:     "The standby LTS refuses to provide service while the main LTS is working.",
	} {
		l.server.Refuse(reason)
		_, authorizeErr := device.Authorize(device.Request("100001-reader"))
		_, reportErr := device.Report(batch)
		for _, err := range []error{authorizeErr, reportErr} {
			if p := problem(t, err); p.Code != protocol.StatusStandbyRefuses || p.Reason != reason ||
				p.Detail != message || p.Status != http.StatusServiceUnavailable {
				t.Errorf("%+v", p)
			}
		}
		response, err := http.Get(l.url + "/healthz")
		check(t, err)
		check(t, response.Body.Close())
		if response.StatusCode != http.StatusOK {
			t.Errorf("%+v", response)
		}
	}
	l.server.Refuse("")
	if receipt, err := device.Report(batch); err != nil || receipt.Accepted != 1 || l.used(t) != 1 {
		t.Errorf("%+v, %v", receipt, err)
	}
}

// Each code of a server that decides on a license has a row in the tests above, and
// in docs/refusals.md, with its number and message.
func TestEveryRefusalIsTestedAndDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "conformance", "definitions.json"))
	check(t, err)
	var definitions struct {
		StatusCodes []struct {
			Name, Origin, Message string
			Value                 protocol.Status
		}
	}
	check(t, json.Unmarshal(text, &definitions))
	page, err := os.ReadFile(filepath.Join("..", "docs", "refusals.md"))
	check(t, err)
	for _, code := range definitions.StatusCodes {
		if code.Origin != "server" {
			continue
		}
		tested := code.Value == protocol.StatusStandbyRefuses // above
		for _, test := range refusals {
			tested = tested || test.want == code.Value
		}
		if !tested {
			t.Errorf("nothing provokes %d %s", int(code.Value), code.Name)
		}
		if !strings.Contains(string(page), fmt.Sprintf("| %d |", int(code.Value))) ||
			!strings.Contains(string(page), code.Message[:len(code.Message)-1]) {
			t.Errorf("docs/refusals.md lacks %d, %s", int(code.Value), code.Message)
		}
	}
	for _, test := range refusals {
		if test.reason != "" && !strings.Contains(string(page), "`"+string(test.reason)+"`") {
			t.Errorf("docs/refusals.md lacks the reason %s", test.reason)
		}
	}
}

// Where several items refuse for different reasons, that of the one which came
// closest is told, whatever their order.
func TestWhichRefusalWins(t *testing.T) {
	order := []string{"product", "version", "deployment", "edition", "charge-way", "modules", "domain", "early",
		"expired", "device-trial",
		"revoked", "add-on", "copied-usage", "requests", "used"}
	l := start(t)
	device := l.device()
	l.code(t, administration.HandshakeCode{Organization: "100001", Custom: "all"})
	l.code(t, administration.HandshakeCode{Organization: "100001", Custom: "none"})
	rows := map[string]int{}
	for i, test := range refusals {
		rows[test.name] = i
	}
	for _, name := range order {
		test := refusals[rows[name]]
		item := *test.item
		if item.ID = name; item.Quota == 0 {
			item.Quota = 100
		}
		l.code(t, administration.HandshakeCode{Organization: "100001", Custom: name})
		l.item(t, item, "100001-"+name, "100001-all")
		if test.before != nil {
			test.before(t, l, device)
		}
		request := device.Request("100001-all")
		for _, name := range order {
			if ask := refusals[rows[name]].ask; ask != nil {
				ask(&request)
			}
		}
		_, err := device.Authorize(request)
		if p := problem(t, err); p.Code != test.want || p.Reason != test.reason {
			t.Errorf("after %s: %d (%s), want %d (%s)", name, int(p.Code), p.Reason, int(test.want), test.reason)
		}
	}
}

// A trial runs from its first authorization, for each device or address, and no
// authorization outlives it.
func TestTrials(t *testing.T) {
	l := start(t)
	for _, by := range []store.TrialBy{store.TrialByDevice, store.TrialByAddress, store.TrialByBoth} {
		name := string(by)
		l.code(t, administration.HandshakeCode{Organization: "100001", Custom: name})
		l.item(t, store.Item{ID: name, Quota: store.Unlimited, Trial: true, TrialBy: by, TrialDays: 7}, "100001-"+name)
		first := l.device()
		begun := l.clock()
		for _, wait := range []time.Duration{0, 3 * day, 4*day - time.Second} {
			l.advance(wait)
			a := granted(t, first, "100001-"+name)
			if end := begun.Add(7 * day).Unix(); !a.Trial || a.ValidUntil != end || a.BufferUntil != end {
				t.Errorf("%s after %s: valid until %d, %d, not %d", name, wait, a.ValidUntil, a.BufferUntil, end)
			}
		}
		l.advance(time.Second)
		_, err := first.Authorize(first.Request("100001-" + name))
		if problem(t, err).Code != protocol.StatusLicenseExpired {
			t.Error(err)
		}
		second := l.device()
		_, err = second.Authorize(second.Request("100001-" + name))
		if refused := err != nil; refused != (by != store.TrialByDevice) {
			t.Errorf("%s: another device: %v", name, err)
		}
		if err != nil && problem(t, err).Reason != protocol.ReasonAddressExpired {
			t.Errorf("%s: another device: %v", name, err)
		}
	}
}

// A request that names neither a code nor an organization is granted a public trial, if the server
// has one: to new devices only, trials only, and for as long as these say.
func TestPublicTrial(t *testing.T) {
	l := start(t)
	on, off := true, false
	public := func(code string, is *bool) error {
		_, err := l.ChangeCode(t.Context(), code, administration.CodeChange{PublicTrial: is}, nil)
		return err
	}
	ask := func(d *servertest.Device) (*protocol.Authorization, error) { return d.Authorize(d.Request("")) }
	refused := func(what string, d *servertest.Device, want protocol.Status, reason protocol.Reason) {
		t.Helper()
		if _, err := ask(d); problem(t, err).Code != want || problem(t, err).Reason != reason {
			t.Errorf("%s: %v, want %d %s", what, err, want, reason)
		}
	}
	first := l.device()
	refused("without a public trial", first, protocol.StatusNoHandshakeOrOrganization, "")
	if err := public("100001-reader", &on); err == nil || !strings.Contains(err.Error(), "can be tried") {
		t.Errorf("a code without a trial: %v", err)
	}
	l.code(t, administration.HandshakeCode{Organization: "100001", Custom: "try"})
	l.item(t, store.Item{ID: "all", Quota: store.Unlimited}, "100001-try")
	l.item(t, store.Item{ID: "try", Quota: store.Unlimited, Trial: true, TrialBy: store.TrialByDevice, TrialDays: 7},
		"100001-try")
	check(t, public("100001-try", &on))

	begun := l.clock()
	for _, wait := range []time.Duration{0, 7*day - time.Second} {
		l.advance(wait)
		a, err := ask(first)
		if err != nil {
			t.Fatal(err)
		}
		if a.Item.ID != "try" || a.HandshakeCode != "100001-try" || !a.Trial ||
			a.ValidUntil != begun.Add(7*day).Unix() {
			t.Errorf("after %s: %+v", wait, a)
		}
	}
	if _, err := first.Report(first.Batch(
		protocol.ReportGroup{Run: first.NewUUID(), HandshakeCode: "100001-try", Item: "try", SlotSeconds: 180,
			Reports: []protocol.Report{{Slot: l.clock().Unix() / 180 * 180, Revision: 1,
				Counts: map[string]int64{"QR_CODE": 3}}}})); err != nil {
		t.Errorf("a report: %v", err)
	}
	l.advance(time.Second)
	refused("after its days", first, protocol.StatusLicenseExpired, protocol.ReasonDeviceExpired)

	customer := l.device()
	granted(t, customer, "100001-reader")
	refused("a device that has a license", customer, protocol.StatusNoHandshakeOrOrganization, "")
	// A code is public no more when another one is, and when an administrator says so.
	l.code(t, administration.HandshakeCode{Organization: "100001", Custom: "other"})
	l.item(t, store.Item{ID: "other", Quota: store.Unlimited, TrialBy: store.TrialByBoth, TrialDays: 1}, "100001-other")
	check(t, public("100001-other", &on))
	if a, err := ask(l.device()); err != nil || a.Item.ID != "other" {
		t.Errorf("the other one: %v, %v", a, err)
	}
	codes, err := l.Codes(t.Context(), administration.Selection{})
	check(t, err)
	for _, c := range codes.Items {
		if c.PublicTrial != (c.Code == "100001-other") {
			t.Errorf("%s: public trial %t", c.Code, c.PublicTrial)
		}
	}
	check(t, l.ArchiveHandshakeCode(t.Context(), "100001-other", true))
	refused("archived", l.device(), protocol.StatusHandshakeCodeNotFound, protocol.ReasonArchived)
	check(t, l.ArchiveHandshakeCode(t.Context(), "100001-other", false))
	check(t, public("100001-other", &off))
	refused("ended", l.device(), protocol.StatusNoHandshakeOrOrganization, "")
}

// An organization that was put away authorizes nobody; what its devices report counts,
// and all is as before when it is taken back.
func TestArchivedOrganization(t *testing.T) {
	l := start(t)
	device := l.device()
	granted(t, device, "100001-reader")
	check(t, l.ArchiveOrganization(t.Context(), "100001", true))
	_, err := device.Authorize(device.Request("100001-reader"))
	if problem(t, err).Code != protocol.StatusHandshakeCodeNotFound {
		t.Error(err)
	}
	byDefault := device.Request("")
	byDefault.OrganizationID = "100001"
	if _, err := device.Authorize(byDefault); problem(t, err).Code != protocol.StatusHandshakeCodeNotFound {
		t.Error(err)
	}
	receipt, err := device.Report(device.Batch(protocol.ReportGroup{Run: device.NewUUID(),
		HandshakeCode: "100001-reader", Item: "scans", SlotSeconds: 180,
		Reports: []protocol.Report{
			{Slot: l.clock().Unix() / 180 * 180, Revision: 1, Counts: map[string]int64{"QR_CODE": 3}}}}))
	if err != nil || receipt.Accepted != 1 {
		t.Errorf("%+v, %v", receipt, err)
	}
	o, err := l.Organization(t.Context(), "100001")
	if err != nil || o.ArchivedAt != l.clock().Unix() {
		t.Errorf("%+v, %v", o, err)
	}
	check(t, l.ArchiveOrganization(t.Context(), "100001", false))
	granted(t, device, "100001-reader")
}

// An add-on works while the code has one of the items it requires in force.
func TestAddOns(t *testing.T) {
	l := start(t)
	l.code(t, administration.HandshakeCode{Organization: "100001", Custom: "ocr"})
	l.item(t, store.Item{ID: "ocr", Quota: 100, Products: protocol.ProductDLR, Requires: []string{"base", "base-2027"}},
		"100001-ocr")
	device := l.device()
	ask := func() protocol.Status {
		request := device.Request("100001-ocr")
		request.Products = protocol.ProductDLR
		_, err := device.Authorize(request)
		if err == nil {
			return protocol.StatusOK
		}
		return problem(t, err).Code
	}
	step := func(want protocol.Status, what string) {
		t.Helper()
		if got := ask(); got != want {
			t.Errorf("%s: %d, want %d", what, int(got), int(want))
		}
	}
	step(protocol.StatusItemDependencyMissing, "without its base")
	l.item(t, store.Item{ID: "base", Quota: 1, Products: protocol.ProductDWT,
		ExpiresAt: l.clock().Add(10 * day).Unix()}, "100001-ocr")
	step(protocol.StatusOK, "with its base")
	check(t, l.ArchiveItem(t.Context(), "base", true))
	step(protocol.StatusItemDependencyMissing, "with an archived base")
	check(t, l.ArchiveItem(t.Context(), "base", false))
	l.advance(17 * day)
	step(protocol.StatusItemDependencyMissing, "with an expired base")
	l.item(t, store.Item{ID: "base-2027", Quota: 1, Products: protocol.ProductDWT}, "100001-ocr")
	step(protocol.StatusOK, "with the renewal of its base")
}

// A session password that was replaced works on for the time it is given.
func TestReplacedPassword(t *testing.T) {
	l := start(t)
	l.code(t, administration.HandshakeCode{Organization: "100001", Custom: "locked", SessionPassword: "old"})
	l.item(t, store.Item{ID: "locked", Quota: 100}, "100001-locked")
	step := func(what string, works ...string) {
		t.Helper()
		for range 2 { // found out, and remembered
			for _, password := range []string{"old", "new", "newest", "OLD", ""} {
				want := false
				for _, w := range works {
					want = want || w == password
				}
				device := l.device()
				request := device.Request("100001-locked")
				request.SessionPassword = password
				if _, err := device.Authorize(request); (err == nil) != want {
					t.Errorf("%s, %q: %v", what, password, err)
				}
			}
		}
	}
	step("at first", "old")
	check(t, l.SetSessionPassword(t.Context(), "100001-locked", "new", 30*day))
	step("in the overlap", "old", "new")
	l.advance(30 * day)
	step("after the overlap", "new")
	check(t, l.SetSessionPassword(t.Context(), "100001-locked", "newest", 0))
	step("without overlap", "newest")
	check(t, l.SetSessionPassword(t.Context(), "100001-locked", "", 0))
	step("without password", "old", "new", "newest", "OLD", "")
}
