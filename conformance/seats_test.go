package conformance_test

import (
	"strings"
	"testing"
	"time"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/testkit"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

// The client's side of seats, with a real server: instances count as asked for, a
// device keeps a concurrent seat while it reports, gives it back when it closes, and
// one whose license stays open and idle loses it by itself.
func TestConcurrentSeats(t *testing.T) {
	clock := testkit.NewClock(time.Date(2026, 3, 1, 12, 0, 10, 0, time.UTC))
	lts := startServer(t, clock)
	admin := &administration.Administrator{Store: lts.store, Now: clock.Now, Actor: "test"}
	if _, err := admin.AddHandshakeCode(t.Context(),
		administration.HandshakeCode{Organization: "100001", Custom: "servers"}); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.AddItem(t.Context(), store.Item{ID: "servers", Name: "servers", Organization: "100001",
		ChargeWay: protocol.ChargeWayConcurrentInstanceCount,
		Products:  protocol.ProductAll, Quota: 5, StartsAt: clock.Now().Unix(),
		ExpiresAt: clock.Now().Add(time.Hour * 24 * 365).Unix(), MaxBufferDays: 365},
		[]string{"100001-servers"}); err != nil {
		t.Fatal(err)
	}
	usage := func() policy.Usage {
		t.Helper()
		items, err := lts.store.Items(t.Context(), clock.Now().Unix())
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range items {
			if i.ID == "servers" {
				return policy.Using(i, clock.Now())
			}
		}
		t.Fatal("the item is gone")
		return policy.Usage{}
	}
	open := func(instances int) *client.License {
		t.Helper()
		p := license.Defaults()
		p.MainServerURL, p.HandshakeCode, p.DataDirectory, p.MaxConcurrentInstanceCount = lts.url, "100001-servers",
			t.TempDir(), instances
		l, err := client.Open(t.Context(), p, client.Environment{Clock: clock})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	expect := func(what string, used, exceptions int64) {
		t.Helper()
		if got := usage(); got != (policy.Usage{Used: used, Exceptions: exceptions}) {
			t.Errorf("%s: %+v, not %d and %d exceptions", what, got, used, exceptions)
		}
	}
	first, second := open(3), open(4) // at 12:00:10
	expect("both at work", 7, 0)
	for range 3 { // to 12:09:10
		clock.Advance(3 * time.Minute)
		if err := first.Record(protocol.OperationTypeQRCode, 1); err != nil {
			t.Fatal(err)
		}
		if err := first.Submit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	expect("the second is idle since 12:00:10", 3, 2*2)
	if err := first.Record(protocol.OperationTypeQRCode, 1); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect("closed, in the same slot", 3, 4)
	var told []string
	for event, ok := first.Poll(t.Context()); ok; event, ok = first.Poll(t.Context()) {
		told = append(told, event.Message)
	}
	if all := strings.Join(told, "\n"); !strings.Contains(all, "of 5000 exceptions are left") {
		t.Errorf("the host was told:\n%s", all)
	}
	clock.Advance(3 * time.Minute)
	expect("closed, in the next slot", 0, 4)
	if err := second.Record(protocol.OperationTypeQRCode, 1); err != nil {
		t.Fatal(err)
	}
	if err := second.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect("the second came back with a report and closed", 4, 4)
	clock.Advance(3 * time.Minute)
	expect("nobody is at work", 0, 4)
	if n := lts.total(t); n != 5 {
		t.Errorf("counted %d", n)
	}
}
