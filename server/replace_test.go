package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/store"
)

// A code that leaked and the one in its place work side by side, on the same items; once the
// overlap is over, the former one authorizes nobody, and carries nobody offline, but what devices
// still report under it counts.
func TestReplacedCode(t *testing.T) {
	l := start(t)
	l.code(t, administration.HandshakeCode{
		Organization: "100001", Custom: "web", SessionPassword: "leaked", Default: true,
		ValidationFields: []string{"www.example.com"},
	})
	for _, id := range []string{"first", "second"} {
		l.item(t, store.Item{ID: id, Quota: 1000, ChargeWay: protocol.ChargeWayScanCount,
			ExpiresAt: l.clock().AddDate(3, 0, 0).Unix(), MaxBufferDays: 365}, "100001-web")
	}
	check(t, l.AttachItem(t.Context(), "second", "100001-web", 1))
	ask := func(code, password string) (*protocol.Authorization, error) {
		d := l.device()
		request := d.Request(code)
		request.SessionPassword, request.ValidationField, request.MaxBufferDays = password, "www.example.com", 365
		return d.Authorize(request)
	}
	replace := func(in administration.CodeReplacement) error {
		_, err := l.ReplaceCode(t.Context(), "100001-web", in)
		return err
	}
	for name, refused := range map[string]struct {
		in   administration.CodeReplacement
		kind administration.Kind
	}{
		"the password that leaked": {administration.CodeReplacement{Custom: "shop"}, administration.Invalid},
		"no name":                  {administration.CodeReplacement{SessionPassword: "x"}, administration.Invalid},
		"its own name": {
			administration.CodeReplacement{Custom: "web", SessionPassword: "x"}, administration.Exists,
		},
		"days below 0": {
			administration.CodeReplacement{Custom: "shop", SessionPassword: "x", OverlapDays: -1},
			administration.Invalid,
		},
		"too many days": {administration.CodeReplacement{
			Custom: "shop", SessionPassword: "x", OverlapDays: administration.MaxOverlapDays + 1,
		}, administration.Invalid},
	} {
		if err := replace(refused.in); !administration.IsKind(err, refused.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	former := l.device()
	request := former.Request("100001-web")
	request.SessionPassword, request.ValidationField = "leaked", "www.example.com"
	_, err := former.Authorize(request)
	check(t, err)

	check(t, replace(administration.CodeReplacement{Custom: "shop", SessionPassword: "new", OverlapDays: 30}))
	added, err := l.Code(t.Context(), "100001-shop")
	check(t, err)
	if got := strings.Join(added.Items, " "); got != "second first" || !added.Default || !added.HasSessionPassword ||
		strings.Join(added.ValidationFields, " ") != "www.example.com" || added.ArchivedAt != 0 {
		t.Errorf("%+v", added)
	}
	end := l.clock().Add(30 * day).Unix()
	for code, password := range map[string]string{"100001-web": "leaked", "100001-shop": "new"} {
		grant, err := ask(code, password)
		check(t, err)
		if grant.Item.ID != "second" || (grant.BufferUntil <= end) != (code == "100001-web") {
			t.Errorf("%s: %+v", code, grant)
		}
	}
	if _, err := ask("100001-shop", "leaked"); problem(t, err).Code != protocol.StatusSessionPasswordIncorrect {
		t.Error(err)
	}
	l.advance(30*day - time.Second)
	if _, err := ask("100001-web", "leaked"); err != nil {
		t.Errorf("a second before the end: %v", err)
	}
	l.advance(time.Second)
	if _, err := ask("100001-web", "leaked"); problem(t, err).Code != protocol.StatusHandshakeCodeNotFound {
		t.Error(err)
	}
	receipt, err := former.Report(former.Batch(group(uuid.NewString(), "100001-web", "second",
		protocol.Report{Slot: l.slotStart(1), Revision: 1, Counts: map[string]int64{"QR_CODE": 3}})))
	check(t, err)
	if len(receipt.Exceptions) != 0 || receipt.Items[0].Quota.Used != 3 {
		t.Errorf("%+v", receipt)
	}
	if err := replace(administration.CodeReplacement{Custom: "late", SessionPassword: "x"}); !administration.IsKind(err,
		administration.Conflict) {
		t.Errorf("an archived code is replaced: %v", err)
	}
	check(t, l.ArchiveHandshakeCode(t.Context(), "100001-web", false))
	if _, err := ask("100001-web", "leaked"); err != nil {
		t.Errorf("a code that was taken back: %v", err)
	}
}
