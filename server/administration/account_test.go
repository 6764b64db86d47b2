package administration_test

import (
	"errors"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/store"
)

const password = "correct horse battery"

// owner makes the first account by its link.
func (d *desk) owner(t testing.TB) {
	t.Helper()
	link := has[string](t)(d.SetUpLink(t.Context()))
	has[administration.Account](t)(d.SetUp(t.Context(), link, "olga", password))
}

// A stranger's password is not even hashed.
func TestSetUpCostsStrangersNothing(t *testing.T) {
	d := newDesk(t)
	has[string](t)(d.SetUpLink(t.Context()))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := d.SetUp(t.Context(), "guessed", "mallory", password); !administration.IsKind(err,
		administration.Forbidden) {
		t.Error(err)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 4<<20 { // a hash takes 19 MiB
		t.Errorf("it took %d bytes", took)
	}
}

func TestSetUpOnce(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	first, second := has[string](t)(d.SetUpLink(ctx)), has[string](t)(d.SetUpLink(ctx))
	for _, link := range []string{"", "x", first + "x"} {
		if _, err := d.SetUp(ctx, link, "mallory", password); !administration.IsKind(err, administration.Forbidden) {
			t.Errorf("%q: %v", link, err)
		}
	}
	if _, err := d.SetUp(ctx, first, "olga", "short"); !administration.IsKind(err, administration.Invalid) {
		t.Error(err)
	}
	d.now = d.now.Add(25 * time.Hour)
	if _, err := d.SetUp(ctx, first, "olga", password); !administration.IsKind(err, administration.Forbidden) {
		t.Errorf("an old link: %v", err)
	}
	d.now = d.now.Add(-24 * time.Hour)
	account := has[administration.Account](t)(d.SetUp(ctx, first, "olga", password))
	if account.Role != administration.Owner {
		t.Errorf("%+v", account)
	}
	for _, link := range []string{first, second} {
		if _, err := d.SetUp(ctx, link, "mallory", password); !administration.IsKind(err, administration.Forbidden) {
			t.Errorf("a second time: %v", err)
		}
	}
	if link := has[string](t)(d.SetUpLink(ctx)); link != "" {
		t.Error("a link for a server that has an owner")
	}
}

func TestSessions(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	d.owner(t)
	attempts := administration.NewAttempts()
	session := has[string](t)(d.SignIn(ctx, attempts, "net", "olga", password))
	other := has[string](t)(d.SignIn(ctx, attempts, "net", " olga ", password))
	p := has[administration.Principal](t)(d.Session(ctx, session))
	if p != (administration.Principal{Name: "olga", Role: administration.Owner}) || session == other {
		t.Errorf("%+v", p)
	}
	d.now = d.now.Add(6 * 24 * time.Hour)
	has[administration.Principal](t)(d.Session(ctx, session)) // is seen
	d.now = d.now.Add(6 * 24 * time.Hour)
	has[administration.Principal](t)(d.Session(ctx, session))
	if _, err := d.Session(ctx, other); !administration.IsKind(err, administration.Unauthenticated) {
		t.Errorf("idle for 12 days: %v", err)
	}
	other = has[string](t)(d.SignIn(ctx, attempts, "net", "olga", password))
	if err := d.ChangePassword(ctx, attempts, "net", session, "wrong", "another password"); !administration.IsKind(err,
		administration.Invalid) {
		t.Error(err)
	}
	if err := d.ChangePassword(ctx, attempts, "net", session, password, "another password"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Session(ctx, other); err == nil {
		t.Error("a session outlives the change of the password")
	}
	has[administration.Principal](t)(d.Session(ctx, session))
	if err := d.SignOut(ctx, session); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Session(ctx, session); err == nil {
		t.Error("a session outlives its end")
	}
	session = has[string](t)(d.SignIn(ctx, attempts, "net", "olga", "another password"))
	for range 10 {
		d.now = d.now.Add(4 * 24 * time.Hour)
		_, _ = d.Session(ctx, session)
	}
	if _, err := d.Session(ctx, session); err == nil {
		t.Error("a session lasts for ever if it is used")
	}
}

// Neither the database nor the audit holds a password, a session or a token.
func TestSecretsAreNotKept(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	d.owner(t)
	session := has[string](t)(d.SignIn(ctx, administration.NewAttempts(), "net", "olga", password))
	_, token, err := d.AddToken(ctx, administration.TokenInput{Name: "ci", Scope: administration.ScopeRead})
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{
		"SELECT name || password FROM account", "SELECT digest FROM session",
		"SELECT public_id || digest || name FROM api_token",
		"SELECT actor || action || object || detail FROM audit",
	} {
		err := d.Store.Query(ctx, table, nil, func(scan func(...any) error) error {
			var text string
			err := scan(&text)
			for _, secret := range []string{password, session, token} {
				if strings.Contains(text, secret) {
					err = errors.Join(err, errors.New(table+" gives a secret"))
				}
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestBruteForce(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	d.owner(t)
	attempts := administration.NewAttempts()
	limited := 0
	for range 15 {
		_, err := d.SignIn(ctx, attempts, "net", "olga", "wrong password")
		if administration.IsKind(err, administration.Limited) {
			limited++
		} else if !administration.IsKind(err, administration.Unauthenticated) {
			t.Fatal(err)
		}
	}
	if limited != 5 {
		t.Errorf("%d of 15 were limited", limited)
	}
	if _, err := d.SignIn(ctx, attempts, "net", "olga", password); !administration.IsKind(err, administration.Limited) {
		t.Errorf("the right one is found nevertheless: %v", err)
	}
	has[string](t)(d.SignIn(ctx, attempts, "home", "olga", password)) // nobody is locked out from elsewhere
	d.now = d.now.Add(time.Minute)
	has[string](t)(d.SignIn(ctx, attempts, "net", "olga", password))
	for range 50 { // right ones don't count
		has[string](t)(d.SignIn(ctx, attempts, "home", "olga", password))
	}
	limited = 0
	for i := range 60 { // tokens
		if _, err := d.Bearer(ctx, attempts, "net 2", "lts_"+strings.Repeat("x", i)); administration.IsKind(err,
			administration.Limited) {
			limited++
		}
	}
	if limited != 50 {
		t.Errorf("%d of 60 tokens were limited", limited)
	}
}

// An attacker without attempts left can't make the server forget how often a password was tried:
// neither by many names nor by long ones.
func TestFloodsOfNames(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	d.owner(t)
	attempts := administration.NewAttempts()
	try := func(network, name string) error {
		_, err := d.SignIn(ctx, attempts, network, name, strings.Repeat("x", 5000)) // is not hashed
		return err
	}
	for i := range 100 {
		if err := try(strconv.Itoa(i/10), "olga"); !administration.IsKind(err, administration.Unauthenticated) {
			t.Fatal(i, err)
		}
	}
	for i := range 50_000 {
		_ = try("net", strconv.Itoa(i)+strings.Repeat("n", 1000))
	}
	if err := try("elsewhere", "olga"); !administration.IsKind(err, administration.Limited) {
		t.Errorf("the tries of this name are forgotten: %v", err)
	}
}

func TestPasswordsToRefuse(t *testing.T) {
	d := newDesk(t)
	for _, bad := range []string{"", "short", "aaaaaaaaaaaaaaa", "somebody-new", strings.Repeat("xy", 600),
		"\xff\xfe\xfd aaaaaaaaaaaaa"} {
		_, err := d.AddAccount(t.Context(), administration.AccountInput{
			Name: "somebody-new", Password: bad, Role: administration.Viewer,
		})
		if !administration.IsKind(err, administration.Invalid) {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}

// There is always an owner.
func TestLastOwner(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	d.owner(t)
	d.stock(t)
	has[administration.Account](t)(d.AddAccount(ctx, administration.AccountInput{
		Name: "vera", Password: password, Role: administration.Viewer, Organization: "100001",
	}))
	if err := d.RemoveAccount(ctx, "olga"); !administration.IsKind(err, administration.InUse) {
		t.Error(err)
	}
	if err := d.ChangeAccount(ctx, "olga", administration.Viewer, ""); !administration.IsKind(err,
		administration.InUse) {
		t.Error(err)
	}
	if err := d.ChangeAccount(ctx, "vera", administration.Owner, ""); err != nil {
		t.Error(err)
	}
	if err := d.RemoveAccount(ctx, "olga"); err != nil {
		t.Error(err)
	}
	if _, err := d.AddAccount(ctx, administration.AccountInput{Name: "x", Password: password,
		Role: administration.Editor, Organization: "100001"}); !administration.IsKind(err, administration.Invalid) {
		t.Errorf("an administrator of one organization: %v", err)
	}
}

func TestTokens(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	d.stock(t)
	attempts := administration.NewAttempts()
	shown, token, err := d.AddToken(ctx, administration.TokenInput{
		Name: "ci", Scope: administration.ScopeWrite, Organization: "100002", ExpiresAt: d.now.Unix() + 100,
	})
	if err != nil || !strings.HasPrefix(token, "lts_") {
		t.Fatal(err, token)
	}
	p := has[administration.Principal](t)(d.Bearer(ctx, attempts, "net", token))
	if p.Role != administration.Editor || p.Organization != "100002" || p.May(administration.Owner) {
		t.Errorf("%+v", p)
	}
	if list := has[[]administration.Token](t)(d.Tokens(ctx)); len(list) != 1 || list[0].SeenAt != d.now.Unix() ||
		list[0].ID != shown.ID {
		t.Errorf("%+v", list)
	}
	d.now = d.now.Add(100 * time.Second)
	if _, err := d.Bearer(ctx, attempts, "net", token); !administration.IsKind(err, administration.Unauthenticated) {
		t.Errorf("an expired token: %v", err)
	}
	d.now = d.now.Add(-50 * time.Second)
	if err := d.RemoveToken(ctx, shown.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Bearer(ctx, attempts, "net", token); !administration.IsKind(err, administration.Unauthenticated) {
		t.Errorf("a revoked token: %v", err)
	}
	for _, bad := range []administration.TokenInput{
		{Name: "", Scope: administration.ScopeRead}, {Name: "x", Scope: "all"},
		{Name: "x", Scope: administration.ScopeRead, ExpiresAt: 5},
	} {
		if _, _, err := d.AddToken(ctx, bad); !administration.IsKind(err, administration.Invalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// Each thing an administrator can do, for each role, and as a viewer or a token of
// another organization: who may not, changes and sees nothing.
func TestEscape(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	d.owner(t)
	d.stock(t)
	other := administration.Selection{Organizations: []string{"100002"}}
	type admin = administration.Administrator
	empty := func(n int, err error) error {
		if err == nil && n > 0 {
			return nil
		}
		return errors.Join(err, errors.New("nothing to see"))
	}
	actions := []struct {
		name string
		role administration.Role // that it takes
		do   func(*admin) error  // on what belongs to organization 100002
	}{
		{"organizations", administration.Viewer, func(a *admin) error {
			p, err := a.Organizations(ctx, other)
			return empty(len(p.Items), err)
		}},
		{"organization", administration.Viewer, func(a *admin) error {
			_, err := a.Organization(ctx, "100002")
			return err
		}},
		{"codes", administration.Viewer, func(a *admin) error {
			p, err := a.Codes(ctx, other)
			return empty(len(p.Items), err)
		}},
		{"code", administration.Viewer, func(a *admin) error { _, err := a.Code(ctx, "100002-reader"); return err }},
		{"code by another", administration.Viewer, func(a *admin) error {
			p, err := a.Codes(ctx, administration.Selection{Items: []string{"scans-100002"}})
			return empty(len(p.Items), err)
		}},
		{"items", administration.Viewer, func(a *admin) error {
			p, err := a.Items(ctx, other)
			return empty(len(p.Items), err)
		}},
		{"item", administration.Viewer, func(a *admin) error { _, err := a.Item(ctx, "scans-100002"); return err }},
		{"seats", administration.Viewer, func(a *admin) error {
			_, err := a.Seats(ctx, "scans-100002", administration.Selection{})
			return err
		}},
		{"audit", administration.Viewer, func(a *admin) error {
			p, err := a.Audits(ctx, administration.Selection{})
			return empty(len(p.Items), err)
		}},
		{"change organization", administration.Editor, func(a *admin) error {
			_, err := a.ChangeOrganization(ctx, "100002", administration.OrganizationChange{Name: new("x")}, nil)
			return err
		}},
		{"add code", administration.Editor, func(a *admin) error {
			_, err := a.NewCode(ctx, administration.CodeInput{Organization: "100002", Custom: "x"})
			return errors.Join(err, d.RemoveCode(ctx, "100002-x"))
		}},
		{"change code", administration.Editor, func(a *admin) error {
			_, err := a.ChangeCode(ctx, "100002-reader",
				administration.CodeChange{ValidationFields: &[]string{"x"}}, nil)
			return err
		}},
		{"key", administration.Editor, func(a *admin) error {
			_, err := a.LicenseKey(ctx, "100002-reader", "", administration.KeyServers{Main: "https://x"})
			return err
		}},
		{"add item", administration.Editor, func(a *admin) error {
			_, err := a.NewItem(ctx, administration.ItemInput{ID: "y", Organization: "100002", ChargeWay: "scan",
				ItemFields: administration.ItemFields{Name: new("y"), Quota: new(int64(1))}})
			return errors.Join(err, d.RemoveItem(ctx, "y"))
		}},
		{"change item", administration.Editor, func(a *admin) error {
			_, err := a.ChangeItem(ctx, "scans-100002", administration.ItemFields{Quota: new(int64(7))}, nil)
			return err
		}},
		{"detach", administration.Editor, func(a *admin) error {
			return errors.Join(a.DetachItem(ctx, "scans-100002", "100002-reader"),
				d.AttachItem(ctx, "scans-100002", "100002-reader", 0))
		}},
		{"attach", administration.Editor, func(a *admin) error {
			return a.AttachItem(ctx, "scans-100002", "100002-reader", 1)
		}},
		{"remove item", administration.Editor, func(a *admin) error {
			_, err := d.NewItem(ctx, administration.ItemInput{ID: "z", Organization: "100002", ChargeWay: "scan",
				ItemFields: administration.ItemFields{Name: new("z"), Quota: new(int64(1))}})
			if err := errors.Join(err, a.RemoveItem(ctx, "z")); err != nil {
				return errors.Join(err, d.RemoveItem(ctx, "z"))
			}
			return nil
		}},
		{"remove code", administration.Editor, func(a *admin) error {
			_, err := d.NewCode(ctx, administration.CodeInput{Organization: "100002", Custom: "z"})
			if err := errors.Join(err, a.RemoveCode(ctx, "100002-z")); err != nil {
				return errors.Join(err, d.RemoveCode(ctx, "100002-z"))
			}
			return nil
		}},
		{"revoke", administration.Editor, func(a *admin) error {
			_, err := d.NewItem(ctx, administration.ItemInput{ID: "r", Organization: "100002", ChargeWay: "scan",
				ItemFields: administration.ItemFields{Name: new("r"), Quota: new(int64(1))}})
			return errors.Join(err, a.RevokeItem(ctx, "r"), d.RemoveItem(ctx, "r"))
		}},
		{"archive item", administration.Editor, func(a *admin) error {
			return errors.Join(a.ArchiveItem(ctx, "scans-100002", true), d.ArchiveItem(ctx, "scans-100002", false))
		}},
		{"archive organization", administration.Editor, func(a *admin) error {
			return errors.Join(a.ArchiveOrganization(ctx, "100002", true), d.ArchiveOrganization(ctx, "100002", false))
		}},
		{"archive code", administration.Editor, func(a *admin) error {
			return errors.Join(a.ArchiveHandshakeCode(ctx, "100002-reader", true),
				d.ArchiveHandshakeCode(ctx, "100002-reader", false))
		}},
		{"session password", administration.Editor, func(a *admin) error {
			return a.SetSessionPassword(ctx, "100002-reader", "", 0)
		}},
		{"retention", administration.Owner, func(a *admin) error { return a.SetRetention(ctx, store.RecordAudit, 0) }},
		{"accounts", administration.Owner, func(a *admin) error { _, err := a.Accounts(ctx); return err }},
		{"add account", administration.Owner, func(a *admin) error {
			_, err := a.AddAccount(ctx, administration.AccountInput{
				Name: "n", Password: password, Role: administration.Owner,
			})
			return errors.Join(err, d.RemoveAccount(ctx, "n"))
		}},
		{"change account", administration.Owner, func(a *admin) error {
			return a.ChangeAccount(ctx, "olga", administration.Owner, "")
		}},
		{"remove account", administration.Owner, func(a *admin) error {
			_, err := d.AddAccount(ctx, administration.AccountInput{
				Name: "m", Password: password, Role: administration.Viewer,
			})
			if err := errors.Join(err, a.RemoveAccount(ctx, "m")); err != nil {
				return errors.Join(err, d.RemoveAccount(ctx, "m"))
			}
			return nil
		}},
		{"reset password", administration.Owner, func(a *admin) error {
			return a.ResetPassword(ctx, "olga", password)
		}},
		{"set-up link", administration.Owner, func(a *admin) error { _, err := a.SetUpLink(ctx); return err }},
		{"tokens", administration.Owner, func(a *admin) error { _, err := a.Tokens(ctx); return err }},
		{"add token", administration.Owner, func(a *admin) error {
			_, _, err := a.AddToken(ctx, administration.TokenInput{Name: "t", Scope: administration.ScopeWrite})
			return err
		}},
		{"settings", administration.Owner, func(a *admin) error {
			return a.ChangeSettings(ctx, administration.Settings{TimeZone: "UTC"})
		}},
	}
	rank := map[administration.Role]int{administration.Viewer: 1, administration.Editor: 2, administration.Owner: 3}
	for _, who := range []administration.Principal{
		{Name: "owner", Role: administration.Owner}, {Name: "editor", Role: administration.Editor},
		{Name: "viewer", Role: administration.Viewer},
		{Name: "own viewer", Role: administration.Viewer, Organization: "100002"},
		{Name: "own token", Role: administration.Editor, Organization: "100002"},
		{Name: "foreign viewer", Role: administration.Viewer, Organization: "100001"},
		{Name: "foreign token", Role: administration.Editor, Organization: "100001"}, {Name: "nobody"},
		{Name: "unknown role", Role: "root"},
	} {
		for _, action := range actions {
			// What one of a single organization may not: what is about all.
			general := action.role == administration.Owner || action.name == "audit"
			want := rank[who.Role] >= rank[action.role] &&
				(who.Organization == "" || who.Organization == "100002" && !general)
			err := action.do(d.As(who))
			if (err == nil) != want {
				t.Errorf("%s does %q: %v", who.Name, action.name, err)
			}
			if err != nil && !want {
				mistakes := administration.Errors(err)
				for _, each := range mistakes[:min(1, len(mistakes))] {
					if each.Kind != administration.Forbidden && each.Kind != administration.NotFound {
						t.Errorf("%s does %q: %+v", who.Name, action.name, each)
					}
				}
			}
		}
	}
	// What a foreign viewer is told is what they would be told of what does not exist.
	foreign := d.As(administration.Principal{Name: "f", Role: administration.Viewer, Organization: "100001"})
	_, there := foreign.Item(ctx, "scans-100002")
	_, nowhere := foreign.Item(ctx, "scans-100009")
	if strings.ReplaceAll(there.Error(), "100002", "100009") != nowhere.Error() {
		t.Errorf("%v, %v", there, nowhere)
	}
	if page := has[administration.Page[administration.Item]](t)(foreign.Items(ctx, administration.Selection{})); len(
		page.Items) != 1 || page.Items[0].ID != "scans-100001" {
		t.Errorf("%+v", page)
	}
	if page := has[administration.Page[store.Denial]](t)(foreign.Denials(ctx, other)); len(page.Items) != 0 {
		t.Errorf("%+v", page)
	}
}
