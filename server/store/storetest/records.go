package storetest

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// A query for some objects returns the rows that a query for all returns of them, and no
// others. For an object that does not exist it returns nothing.
func readOneByOne(t *testing.T, open Open) {
	w := begin(t, open)
	device, ctx := w.device(), t.Context()
	w.update(func(tx store.Tx) error {
		for _, id := range []string{"200001", "200002"} {
			if err := errors.Join(
				tx.AddOrganization(store.Organization{ID: id, Name: id}),
				tx.AddHandshakeCode(store.HandshakeCode{
					Code: id + "-a", Organization: id, ValidationFields: []string{id},
				}),
				tx.AddItem(store.Item{ID: "item-" + id, Organization: id, ChargeWay: w.item.ChargeWay})); err != nil {
				return err
			}
			code, err := tx.HandshakeCode(id + "-a")
			item, err2 := tx.Item("item-" + id)
			if err := errors.Join(err, err2, tx.AttachItem(code.Key, item.Key, 0)); err != nil {
				return err
			}
		}
		return nil
	})
	keys := w.counted(device, "", 5)
	keys.Now = 5
	w.apply(keys, func(*store.State) *store.Change {
		return &store.Change{
			Steps: map[store.StepKey]int64{{Item: w.item.Key, At: 7}: 3},
			Sums:  map[store.ID]store.SeatSum{w.item.Key: {At: 5, Active: 1}},
		}
	})
	items, err := w.Items(ctx, 9)
	if err != nil || len(items) != 3 {
		t.Fatal(items, err)
	}
	for _, want := range items {
		if got, err := w.Items(ctx, 9, want.Key); err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], want) {
			t.Errorf("%+v, %v\nwant %+v", got, err, want)
		}
	}
	codes, err := w.HandshakeCodes(ctx)
	if err != nil || len(codes) != 3 {
		t.Fatal(codes, err)
	}
	for _, want := range codes {
		if got, err := w.HandshakeCodes(ctx, want.Key); err != nil || len(got) != 1 ||
			!reflect.DeepEqual(got[0], want) {
			t.Errorf("%+v, %v\nwant %+v", got, err, want)
		}
	}
	if got, err := w.Items(ctx, 9, 1<<40); err != nil || len(got) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

// Each statement of package records runs in each store, and does the same there.
func recordsAreKept(t *testing.T, open Open) {
	w := begin(t, open)
	ctx := t.Context()
	update := func(f func(tx store.Tx) error) {
		t.Helper()
		if err := w.Update(ctx, f); err != nil {
			t.Fatal(err)
		}
	}
	device := w.device()
	w.apply(store.Keys{
		Reporters: []store.Reporter{device}, Codes: []string{w.code.Code},
	}, func(state *store.State) *store.Change {
		return &store.Change{
			Denials: []store.Denial{{At: 6, Status: -20120, Device: device.UUID, HandshakeCode: w.code.Code,
				Organization: "100001", Reason: "r", Count: 1, FirstAt: 5}},
			Anomalies: []store.Anomaly{{Device: device.UUID, Kind: "k", Count: 1, FirstAt: 1, LastAt: 1},
				{Device: device.UUID, Kind: "l", Count: 2, FirstAt: 2, LastAt: 1}},
			Grants: map[store.Grant]int64{{Device: device.UUID, Code: w.code.Key, Item: w.item.Key}: 1},
			Known:  state.Devices,
		}
	})

	// Lists: every order and every filter runs and finds the rows.
	mine := records.Selection{Organizations: []string{"100001", "7"}, Codes: []string{w.code.Code},
		Items: []string{w.item.ID}, Devices: []string{device.UUID}, Limit: 1}
	other := records.Selection{Organizations: []string{"7"}}
	for name, list := range map[string]func(records.Selection) (int, string, error){
		"codes": func(s records.Selection) (int, string, error) {
			keys, next, err := records.HandshakeCodes(ctx, w, s)
			return len(keys), next, err
		},
		"items": func(s records.Selection) (int, string, error) {
			keys, next, err := records.Items(ctx, w, s)
			return len(keys), next, err
		},
		"organizations": func(s records.Selection) (int, string, error) {
			keys, next, err := records.Organizations(ctx, w, s)
			return len(keys), next, err
		},
		"devices": func(s records.Selection) (int, string, error) {
			keys, next, err := records.Devices(ctx, w, s)
			return len(keys), next, err
		},
		"anomalies": func(s records.Selection) (int, string, error) {
			rows, next, err := records.Anomalies(ctx, w, s)
			return len(rows), next, err
		},
	} {
		for _, sort := range []string{"", "created", "name", "id", "code", "expires", "seen", "uuid", "at", "count"} {
			s := mine
			s.Sort = sort
			n, next, err := list(s)
			if errors.Is(err, records.ErrSort) {
				continue
			}
			if err != nil || n != 1 || (next != "") != (name == "anomalies") {
				t.Errorf("%s by %q: %d, %q, %v", name, sort, n, next, err)
				continue
			}
			for pages := 0; next != "" && pages < 3; pages++ {
				s.After = next
				if n, next, err = list(s); err != nil || n != 1 {
					t.Errorf("%s by %q, the next page: %d, %v", name, sort, n, err)
				}
			}
			s.After, s.Descending, s.Text = "", true, "no such text % _ \\"
			if n, _, err := list(s); err != nil || n != 0 {
				t.Errorf("%s with a text: %d, %v", name, n, err)
			}
		}
		if n, _, err := list(other); err != nil || n != 0 {
			t.Errorf("%s of another organization: %d, %v", name, n, err)
		}
	}
	states := mine
	states.States, states.Now = []string{records.StateActive, records.StateFuture, records.StateExpired,
		records.StateRevoked}, 5
	if keys, _, err := records.Items(ctx, w, states); err != nil || len(keys) != 1 {
		t.Errorf("%v, %v", keys, err)
	}
	denied := mine
	denied.Kinds, denied.Since, denied.Until, denied.Items = []string{"-20120"}, 6, 7, nil
	if rows, _, err := records.Denials(ctx, w, denied); err != nil || len(rows) != 1 || rows[0].OrganizationName == "" {
		t.Errorf("%+v, %v", rows, err)
	}
	if rows, _, err := records.Seats(ctx, w, mine); err != nil || len(rows) != 0 {
		t.Errorf("%+v, %v", rows, err)
	}

	// Objects: granted ones stay, the others are deleted.
	update(func(tx store.Tx) error {
		return errors.Join(
			tx.AddHandshakeCode(store.HandshakeCode{
				Code: "100001-new", Organization: "100001", ValidationFields: []string{"a"},
			}),
			tx.AddItem(store.Item{ID: "new", Organization: "100001"}), tx.AddAudit(store.Audit{
				At: 1, Action: "x", Detail: "d",
			}))
	})
	if rows, _, err := records.Audits(ctx, w, records.Selection{Kinds: []string{"x"}}); err != nil || len(rows) != 1 {
		t.Errorf("%+v, %v", rows, err)
	}
	update(func(tx store.Tx) error {
		organization, err := tx.Organization("100001")
		code, err2 := tx.HandshakeCode("100001-new")
		item, err3 := tx.Item("new")
		if err := errors.Join(err, err2, err3, tx.AttachItem(code.Key, item.Key, 1)); err != nil {
			return err
		}
		was, err := records.Detach(ctx, tx, code.Key, item.Key)
		if !was {
			t.Error("it was not attached")
		}
		return errors.Join(err, records.RenameOrganization(ctx, tx, organization.Key, "Renamed"),
			records.SetDefaultCode(ctx, tx, organization.Key, code.Key),
			records.SetValidationFields(ctx, tx, code.Key, []string{"b", "c"}))
	})
	update(func(tx store.Tx) error {
		code, err := tx.HandshakeCode("100001-new")
		fields, err2 := records.ValidationFields(ctx, tx, code.Key)
		if !code.Default || !slices.Equal(fields, []string{"b", "c"}) {
			t.Errorf("%+v, %q", code, fields)
		}
		item, err3 := tx.Item("new")
		return errors.Join(err, err2, err3, records.RemoveHandshakeCode(ctx, tx, code.Key),
			records.RemoveItem(ctx, tx, item.Key))
	})
	for name, remove := range map[string]func(tx store.Tx) error{
		"organization": func(tx store.Tx) error {
			organization, err := tx.Organization("100001")
			return errors.Join(err, records.RemoveOrganization(ctx, tx, organization.Key))
		},
		"code": func(tx store.Tx) error { return records.RemoveHandshakeCode(ctx, tx, w.code.Key) },
		"item": func(tx store.Tx) error { return records.RemoveItem(ctx, tx, w.item.Key) },
	} {
		if err := w.Update(ctx, remove); !errors.Is(err, store.ErrInUse) {
			t.Errorf("%s in use: %v", name, err)
		}
	}

	// Accounts, sessions, tokens, links, answers, settings.
	update(func(tx store.Tx) error {
		return errors.Join(records.AddAccount(ctx, tx, records.Account{
			Name: "a", Role: "viewer", Organization: "100001", Password: "p", CreatedAt: 1,
		}),
			records.AddToken(ctx, tx, records.Token{ID: "t", Digest: "d", Name: "n", Scope: "read", CreatedAt: 1}),
			records.AddSetUpLink(ctx, tx, "l", 1, 10), records.SetSetting(ctx, tx, "s", 1),
			records.SetSetting(ctx, tx, "s", 2),
			records.AddClaim(ctx, tx, records.Claim{Digest: "d", Request: "r", Object: "o", CreatedAt: 5}, 1),
			records.AnswerClaim(ctx, tx, "d", "{}"))
	})
	for name, twice := range map[string]func(tx store.Tx) error{
		"account": func(tx store.Tx) error { return records.AddAccount(ctx, tx, records.Account{Name: "a"}) },
		"answer":  func(tx store.Tx) error { return records.AddClaim(ctx, tx, records.Claim{Digest: "d"}, 1) },
	} {
		if err := w.Update(ctx, twice); !errors.Is(err, store.ErrExists) {
			t.Errorf("%s twice: %v", name, err)
		}
	}
	account, err := records.AccountByName(ctx, w, "a")
	if err != nil || account.Organization != "100001" || account.Password != "p" {
		t.Fatalf("%+v, %v", account, err)
	}
	session := records.Session{Digest: "x", Account: account, CreatedAt: 2, SeenAt: 2}
	update(func(tx store.Tx) error {
		account.Role, account.Organization = "owner", ""
		return errors.Join(records.AddSession(ctx, tx, session), records.TouchSession(ctx, tx, session, 3),
			records.ChangeAccount(ctx, tx, account),
			records.SetPassword(ctx, tx, account.Key, "q"), records.TouchToken(ctx, tx, "d", 4))
	})
	if s, err := records.FindSession(ctx, w, "x"); err != nil || s.SeenAt != 3 || s.Account.Role != "owner" ||
		s.Account.Organization != "" || s.Account.Password != "q" {
		t.Errorf("%+v, %v", s, err)
	}
	if token, err := records.FindToken(ctx, w, "d"); err != nil || token.SeenAt != 4 {
		t.Errorf("%+v, %v", token, err)
	}
	var setting int
	linked, err := records.SetUpLink(ctx, w, "l", 9)
	late, err2 := records.SetUpLink(ctx, w, "l", 10)
	answer, err3 := records.FindClaim(ctx, w, "d", 4)
	if err := errors.Join(err, err2, err3, records.Setting(ctx, w, "s", &setting)); err != nil || setting != 2 ||
		!linked || late || answer.Request != "r" {
		t.Errorf("%v: %d, %t, %t, %+v", err, setting, linked, late, answer)
	}
	update(func(tx store.Tx) error {
		return errors.Join(records.EndSession(ctx, tx, "y"), records.DropSessions(ctx, tx, 1, 1),
			records.RemoveToken(ctx, tx, "t"), records.DropSetUpLinks(ctx, tx))
	})
	if err := w.Update(ctx, func(tx store.Tx) error { return records.RemoveToken(ctx, tx, "t") }); !errors.Is(err,
		store.ErrNotFound) {
		t.Error(err)
	}
	update(func(tx store.Tx) error { return records.RemoveAccount(ctx, tx, account.Key) })
	if _, err := records.FindSession(ctx, w, "x"); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	accounts, err := records.Accounts(ctx, w)
	tokens, err2 := records.Tokens(ctx, w)
	if err := errors.Join(err, err2); err != nil || len(accounts)+len(tokens) != 0 {
		t.Errorf("%v, %v, %v", accounts, tokens, err)
	}
}
