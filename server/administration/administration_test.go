package administration_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/retention"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/teststore"
)

func TestMain(m *testing.M) { os.Exit(teststore.Run(m)) }

// desk is an administrator over a new store, with a clock that a test moves.
type desk struct {
	*administration.Administrator
	now time.Time
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{now: time.Unix(1_800_000_000, 0)}
	d.Administrator = &administration.Administrator{
		Store: teststore.New(t), Now: func() time.Time { return d.now }, Actor: "tester",
	}
	return d
}

// has fails the test on an error.
func has[V any](t testing.TB) func(V, error) V {
	return func(value V, err error) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// stock makes two organizations, each with a code and an item.
func (d *desk) stock(t testing.TB) {
	t.Helper()
	for _, id := range []string{"100001", "100002"} {
		has[administration.Organization](t)(d.NewOrganization(t.Context(), administration.OrganizationInput{
			ID: id, Name: "Corp " + id,
		}))
		has[administration.Code](t)(d.NewCode(t.Context(), administration.CodeInput{
			Organization: id, Custom: "reader",
		}))
		has[administration.Item](t)(d.NewItem(t.Context(), administration.ItemInput{
			ID: "scans-" + id, Organization: id, ChargeWay: "scan", Handshakes: []string{id + "-reader"},
			ItemFields: administration.ItemFields{Name: new("Scans"), Quota: new(int64(1000))},
		}))
	}
}

func (d *desk) kinds(t testing.TB) (actions []string) {
	t.Helper()
	for _, audit := range has[administration.Page[store.Audit]](t)(
		d.Audits(t.Context(), administration.Selection{Limit: 1000})).Items {
		actions = append(actions, audit.Action)
	}
	return actions
}

// Everything can be changed, and is noted with what it was before; everything that
// nothing hangs on can be removed.
func TestChanges(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	d.stock(t)
	o := has[administration.Organization](t)(
		d.ChangeOrganization(ctx, "100001", administration.OrganizationChange{Name: new("Renamed")}, nil))
	if o.Name != "Renamed" || o.DefaultHandshake != "100001-reader" {
		t.Errorf("%+v", o)
	}
	has[administration.Code](t)(d.NewCode(ctx, administration.CodeInput{
		Organization: "100001", Custom: "web", ValidationFields: []string{"a.example.com"},
	}))
	c := has[administration.Code](t)(d.ChangeCode(ctx, "100001-web",
		administration.CodeChange{ValidationFields: &[]string{"b.example.com", "c.example.com"}, Default: true}, nil))
	if !c.Default || !slices.Equal(c.ValidationFields, []string{"b.example.com", "c.example.com"}) {
		t.Errorf("%+v", c)
	}
	i := has[administration.Item](t)(d.ChangeItem(ctx, "scans-100001",
		administration.ItemFields{Quota: new(int64(5)), Products: new("DBR"), Modules: new("ONED")}, nil))
	if i.Quota.Limit != 5 || i.Products != "DBR" || i.Modules != "ONED" || i.Name != "Scans" || i.MaxBufferDays != 365 {
		t.Errorf("%+v", i)
	}
	last := has[administration.Page[store.Audit]](t)(d.Audits(ctx, administration.Selection{Limit: 1})).Items[0]
	if last.Actor != "tester" || last.Action != "item.change" || last.Object != "scans-100001" ||
		!strings.Contains(last.Detail, `quota.limit: 1000 → `) ||
		!strings.Contains(last.Detail, `products: "ALL" → "DBR"`) || strings.Contains(last.Detail, "name") {
		t.Errorf("%+v", last)
	}
	before := len(d.kinds(t))
	// nothing new
	has[administration.Item](t)(d.ChangeItem(ctx, "scans-100001", administration.ItemFields{Quota: new(int64(5))}, nil))
	if n := len(d.kinds(t)); n != before {
		t.Errorf("a change of nothing is noted: %v", d.kinds(t)[:n-before])
	}
	for name, do := range map[string]func() error{
		"organization with codes": func() error { return d.RemoveOrganization(ctx, "100001") },
	} {
		if err := do(); !administration.IsKind(err, administration.InUse) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, err := range []error{
		d.DetachItem(ctx, "scans-100001", "100001-reader"), d.RemoveItem(ctx, "scans-100001"),
		d.RemoveCode(ctx, "100001-web"), d.RemoveCode(ctx, "100001-reader"), d.RemoveOrganization(ctx, "100001"),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if _, err := d.Organization(ctx, "100001"); !administration.IsKind(err, administration.NotFound) {
		t.Error(err)
	}
	want := []string{"organization.remove", "handshake.remove", "handshake.remove", "item.remove", "item.detach",
		"item.change", "handshake.change", "handshake.add", "organization.change"}
	if got := d.kinds(t)[:len(want)]; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// What figures still need is not pruned, however short a time is asked for.
func TestRetentionHasALeast(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	for _, test := range []struct {
		record store.Record
		days   int64
		taken  bool
	}{
		{store.RecordSeats, 364, false}, {store.RecordSeats, 1, false}, {store.RecordSeats, 365, true},
		{store.RecordSeats, 0, true}, {store.RecordReceived, retention.MinReportDays - 1, false},
		{store.RecordReceived, retention.MinReportDays, true}, {store.RecordAudit, -1, false},
		{store.RecordAudit, 1, true}, {store.RecordAudit, 36_501, false},
	} {
		before := has[[]administration.Retention](t)(d.Retentions(ctx))
		err := d.SetRetention(ctx, test.record, test.days)
		if test.taken != (err == nil) || !test.taken && !administration.IsKind(err, administration.Invalid) {
			t.Errorf("%s for %d days: %v", test.record, test.days, err)
		}
		after := has[[]administration.Retention](t)(d.Retentions(ctx))
		if !test.taken && !slices.Equal(after, before) {
			t.Errorf("%s for %d days was refused, and %v became %v", test.record, test.days, before, after)
		}
		if want := (administration.Retention{Record: test.record, Days: test.days}); test.taken &&
			!slices.Contains(after, want) {
			t.Errorf("%v is not in %v", want, after)
		}
	}
}

// The default passes on when its code goes.
func TestDefaultPassesOn(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	d.stock(t)
	has[administration.Code](t)(d.NewCode(ctx, administration.CodeInput{Organization: "100001", Custom: "web"}))
	if err := d.RemoveCode(ctx, "100001-reader"); err != nil {
		t.Fatal(err)
	}
	if o := has[administration.Organization](t)(d.Organization(ctx, "100001")); o.DefaultHandshake != "100001-web" {
		t.Errorf("%+v", o)
	}
}

// What changed is written as it was entered.
func TestAuditOfChanges(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	d.stock(t)
	has[administration.Organization](t)(d.ChangeOrganization(ctx, "100002",
		administration.OrganizationChange{Name: new("R & <D>")}, nil))
	last := has[administration.Page[store.Audit]](t)(d.Audits(ctx, administration.Selection{Limit: 1})).Items[0]
	if !strings.HasSuffix(last.Detail, ` → "R & <D>"`) {
		t.Errorf("the audit has %s", last.Detail)
	}
}

// The audit says what is meant, not how it is kept: what belongs to no organization is for the whole
// server, and no row has an empty value, a number of seconds or a truth value to be guessed at.
func TestAuditInWords(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	d.stock(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	account := administration.AccountInput{Name: "olga", Role: administration.Owner, Password: "correct horse battery"}
	must(func() error { _, err := d.AddAccount(ctx, account); return err }())
	for _, organization := range []string{"", "100001"} {
		_, _, err := d.AddToken(ctx, administration.TokenInput{Name: "t", Scope: administration.ScopeRead,
			Organization: organization})
		must(err)
	}
	_, err := d.LicenseKey(ctx, "100001-reader", "", administration.KeyServers{Main: "https://lts.example.com",
		PublicKey: make([]byte, 32)})
	must(err)
	_, err = d.NewItem(ctx, administration.ItemInput{ID: "lonely", Organization: "100001", ChargeWay: "scan",
		ItemFields: administration.ItemFields{Name: new("Lonely"), Quota: new(int64(1))}})
	must(err)
	must(d.SetSessionPassword(ctx, "100001-reader", "first password", 0))
	must(d.SetSessionPassword(ctx, "100001-reader", "second password", time.Hour))
	must(d.SetSessionPassword(ctx, "100001-reader", "", time.Hour))
	_, _, err = d.IssueLicense(ctx, administration.Issue{Items: []string{"lonely"}})
	must(err)
	has[administration.Item](t)(d.ChangeItem(ctx, "lonely", administration.ItemFields{
		ExpiresAt: new(int64(1_900_000_000)), Quota: new(int64(1 << 53))}, nil))
	has[administration.Item](t)(d.ChangeItem(ctx, "lonely",
		administration.ItemFields{Quota: new(int64(1<<53 - 1))}, nil))
	guess := regexp.MustCompile(`""|\[\]|\btrue\b|\bfalse\b|\b0\b|\b\d{10}\b|map\[`)
	details := ""
	for _, row := range has[administration.Page[store.Audit]](t)(d.Audits(ctx,
		administration.Selection{Limit: 1000})).Items {
		if guess.MatchString(row.Detail) {
			t.Errorf("%s: %s", row.Action, row.Detail)
		}
		details += row.Action + ": " + row.Detail + "\n"
	}
	for _, want := range []string{"account.add: role owner, for the whole server", "for the whole server\n",
		"for organization 100001\n", "no standby\n", "no handshake codes\n", "for any server\n",
		"a new session password; the one before it works until 2027-01-15T09:00:00Z\n",
		"2030-03-17T17:46:40Z", "quota.limit: 9007199254740992 → 9007199254740991\n",
		"no session password any more; one before it works no longer\n"} {
		if !strings.Contains(details, want) {
			t.Errorf("%q is not in\n%s", want, details)
		}
	}
}

// A change of something that somebody else has changed meanwhile is refused.
func TestTags(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	d.stock(t)
	i := has[administration.Item](t)(d.Item(ctx, "scans-100001"))
	c := has[administration.Code](t)(d.Code(ctx, "100001-reader"))
	o := has[administration.Organization](t)(d.Organization(ctx, "100001"))
	for range 2 { // the first is in time
		_, err := d.ChangeItem(ctx, i.ID, administration.ItemFields{Quota: new(i.Quota.Limit + 1)},
			[]string{"another", administration.Tag(i.Stated())})
		_, err2 := d.ChangeCode(ctx, c.Code, administration.CodeChange{ValidationFields: &[]string{"x"}},
			[]string{"another", administration.Tag(c.Stated())})
		_, err3 := d.ChangeOrganization(ctx, o.ID, administration.OrganizationChange{Name: new("Other")},
			[]string{"another", administration.Tag(o)})
		for _, err := range []error{err, err2, err3} {
			if d.now.Unix() == 1_800_000_000 && err != nil ||
				d.now.Unix() != 1_800_000_000 && !administration.IsKind(err, administration.Conflict) {
				t.Error(err)
			}
		}
		d.now = d.now.Add(time.Second)
	}
}

// Errors say what sort they are, and which field they are about, and name no flags.
func TestErrors(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	d.stock(t)
	item := func(change func(*administration.ItemInput)) func() error {
		return func() error {
			in := administration.ItemInput{Organization: "100001", ChargeWay: "scan",
				ItemFields: administration.ItemFields{Name: new("x"), Quota: new(int64(1))}}
			change(&in)
			_, err := d.NewItem(ctx, in)
			return err
		}
	}
	for name, test := range map[string]struct {
		do    func() error
		kind  administration.Kind
		field string
	}{
		"organization twice": {func() error {
			_, err := d.NewOrganization(ctx, administration.OrganizationInput{Name: "x", ID: "100001"})
			return err
		}, administration.Exists, ""},
		"organization id": {func() error {
			_, err := d.NewOrganization(ctx, administration.OrganizationInput{Name: "x", ID: "x"})
			return err
		}, administration.Invalid, "id"},
		"organization name": {func() error {
			_, err := d.NewOrganization(ctx, administration.OrganizationInput{})
			return err
		}, administration.Invalid, "name"},
		"code of nobody": {func() error {
			_, err := d.NewCode(ctx, administration.CodeInput{Organization: "5", Custom: "x"})
			return err
		}, administration.NotFound, ""},
		"code with a space": {func() error {
			_, err := d.NewCode(ctx, administration.CodeInput{Organization: "100001", Custom: "a b"})
			return err
		}, administration.Invalid, "custom"},
		"default of others": {func() error {
			_, err := d.ChangeOrganization(ctx, "100001",
				administration.OrganizationChange{DefaultHandshake: new("100002-reader")}, nil)
			return err
		}, administration.Invalid, "defaultHandshake"},
		"products": {
			item(func(in *administration.ItemInput) { in.Products = new("XYZ") }), administration.Invalid, "products",
		},
		"quota": {
			item(func(in *administration.ItemInput) { in.Quota = new(int64(0)) }), administration.Invalid, "quota",
		},
		"a start before 1970": {item(func(in *administration.ItemInput) {
			in.StartsAt = new(int64(math.MinInt64))
		}), administration.Invalid, "startsAt"},
		"an end after 9999": {item(func(in *administration.ItemInput) {
			in.ExpiresAt = new(int64(253402300800))
		}), administration.Invalid, "expiresAt"},
		"no quota": {
			item(func(in *administration.ItemInput) { in.Quota = nil }), administration.Invalid, "quota",
		},
		"charge way": {
			item(func(in *administration.ItemInput) { in.ChargeWay = "tea" }), administration.Invalid, "chargeWay",
		},
		"ends before": {item(func(in *administration.ItemInput) {
			in.StartsAt, in.ExpiresAt = new(int64(5)), new(int64(4))
		}), administration.Invalid, "expiresAt"},
		"detach of nothing": {
			func() error { return d.DetachItem(ctx, "scans-100001", "100002-reader") }, administration.NotFound, "",
		},
		"cursor": {func() error {
			_, err := d.Items(ctx, administration.Selection{After: "x"})
			return err
		}, administration.Invalid, "after"},
		"sort": {func() error { _, err := d.Items(ctx, administration.Selection{Sort: "x"}); return err },
			administration.Invalid, "sort"},
		"state": {func() error {
			_, err := d.Items(ctx, administration.Selection{States: []string{"x"}})
			return err
		}, administration.Invalid, "state"},
		"time zone": {func() error {
			return d.ChangeSettings(ctx, administration.Settings{TimeZone: "Mars/Base"})
		}, administration.Invalid, "timeZone"},
		"local time zone": {func() error {
			return d.ChangeSettings(ctx, administration.Settings{TimeZone: "Local"})
		}, administration.Invalid, "timeZone"},
		"URL": {func() error {
			return d.ChangeSettings(ctx, administration.Settings{TimeZone: "UTC", PublicURL: "x"})
		}, administration.Invalid, "publicURL"},
		"remove of nothing":  {func() error { return d.RemoveItem(ctx, "x") }, administration.NotFound, ""},
		"account of nothing": {func() error { return d.RemoveAccount(ctx, "x") }, administration.NotFound, ""},
		"token of nothing":   {func() error { return d.RemoveToken(ctx, "x") }, administration.NotFound, ""},
	} {
		err := test.do()
		list := administration.Errors(err)
		if len(list) == 0 || list[0].Kind != test.kind || list[0].Field != test.field ||
			strings.Contains(err.Error(), "--") || strings.Contains(err.Error(), "lts ") {
			t.Errorf("%s: %v %+v", name, err, list)
		}
	}
	if list := administration.Errors(errors.New("a failure")); list != nil {
		t.Errorf("%v", list)
	}
}

// The pages of a list, put together, are the list: each row once, in order, whatever
// the names, the order and the size of the pages are.
func TestPages(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	rapid.Check(t, func(r *rapid.T) {
		names := rapid.SliceOfN(rapid.StringMatching(`[a-cA-C%_\\ü ]{0,3}[a-z]`), 0, 6).Draw(r, "names")
		for i, name := range names {
			has[administration.Organization](t)(d.NewOrganization(ctx, administration.OrganizationInput{
				ID: fmt.Sprint(100001 + i), Name: name,
			}))
		}
		s := administration.Selection{
			Sort:       rapid.SampledFrom([]string{"", "name", "id"}).Draw(r, "sort"),
			Descending: rapid.Bool().Draw(r, "descending"),
			Limit:      rapid.IntRange(1, 5).Draw(r, "limit"),
			Text:       rapid.SampledFrom([]string{"", "a", "%", "_", `\`, "B"}).Draw(r, "text"),
		}
		defer func() {
			for i := range names {
				if err := d.RemoveOrganization(ctx, fmt.Sprint(100001+i)); err != nil {
					r.Error(err)
				}
			}
		}()
		var got []administration.Organization
		for pages := 0; ; pages++ {
			page, err := d.Organizations(ctx, s)
			if err != nil || pages > len(names)+1 {
				t.Fatalf("%v after %d pages", err, pages)
			}
			got = append(got, page.Items...)
			if s.After = page.Next; s.After == "" {
				break
			}
		}
		want := map[string]bool{}
		for i, name := range names {
			if id := fmt.Sprint(100001 + i); strings.Contains(strings.ToLower(name+"\n"+id), strings.ToLower(s.Text)) {
				want[id] = true
			}
		}
		if len(got) != len(want) {
			r.Errorf("%d of %d rows of %q with %+v", len(got), len(want), names, s)
		}
		for i, o := range got {
			if !want[o.ID] {
				r.Errorf("%+v is there twice or for nothing", o)
			}
			delete(want, o.ID)
			if s.Sort == "name" && i > 0 && got[i-1].Name != o.Name && got[i-1].Name > o.Name != s.Descending {
				r.Errorf("%q is before %q", got[i-1].Name, o.Name)
			}
		}
	})
}

func TestForecast(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	d.stock(t)
	f, err := d.Forecast(ctx, has[administration.Item](t)(d.Item(ctx, "scans-100001")))
	if err != nil || f != (administration.Forecast{}) {
		t.Errorf("%+v, %v", f, err)
	}
}
