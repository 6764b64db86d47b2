package client_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/testkit"
)

const day = 24 * time.Hour

// drain takes the events that wait.
func drain(l *client.License) (events []client.Event) {
	for {
		e, ok := l.Poll(over())
		if !ok {
			return events
		}
		events = append(events, e)
	}
}

// announced finds an event by its kind, status and a part of its message.
func announced(events []client.Event, status protocol.Status, part string) bool {
	return slices.ContainsFunc(events, func(e client.Event) bool {
		return e.Kind == protocol.EventKindStateChanged && e.Status == status && strings.Contains(e.Message, part)
	})
}

func info(t *testing.T, l *client.License) client.Info {
	t.Helper()
	usage(t, l)
	i, err := l.Info(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// offline lets no authorization through; reports get through.
func offline(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	if r.URL.Path == protocol.PathAuthorizations {
		testkit.CaptivePortal(w, r, next)
		return
	}
	next(w, r)
}

func refusal(code protocol.Status) *protocol.Problem {
	return &protocol.Problem{Type: "about:blank", Title: code.Name(), Status: 403, Code: code, Detail: code.Message()}
}

// ofItem is how many units the server counts for an item.
func ofItem(server *testkit.Server, item string) (units int64) {
	for key, report := range server.Stored() {
		if key.Item == item {
			for _, n := range report.Counts {
				units += n
			}
		}
	}
	return units
}

// TestRefusedWhileInUse: recording goes on, the next start fails.
func TestRefusedWhileInUse(t *testing.T) {
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	p := parameters(server, t.TempDir())
	l := open(t, p, clock)
	step(t, clock, 0)
	server.Refuse(refusal(protocol.StatusItemInvalid))
	step(t, clock, 12*time.Hour)
	if i := info(t, l); i.Flags != 0 {
		t.Errorf("half a day: %x", i.Flags)
	}
	step(t, clock, 12*time.Hour)
	if i := info(t, l); i.Flags != protocol.StateFlagAuthorizationLapsed {
		t.Errorf("a day: %x", i.Flags)
	}
	if events := drain(l); len(events) != 1 || !announced(events, protocol.StatusItemInvalid, "Recording goes on") {
		t.Errorf("%+v", events)
	}
	record(t, l, protocol.OperationTypeQRCode, 5)
	if err := l.Submit(context.Background()); err != nil || ofItem(server, "scans") != 5 {
		t.Errorf("%v, the server has %d", err, server.Total())
	}
	_, err := client.Open(context.Background(), p, client.Environment{Clock: clock})
	if protocol.StatusOf(err) != protocol.StatusItemInvalid {
		t.Errorf("the next start: %v", err)
	}
	server.Intercept(offline)
	if _, err := client.Open(context.Background(), p, client.Environment{Clock: clock}); err == nil {
		t.Error("the next start was given what was refused")
	}
	// And when the vendor relents, all is well again, without a restart.
	server.Intercept(nil)
	server.Refuse(nil)
	step(t, clock, day)
	if i := info(t, l); i.Flags != 0 {
		t.Errorf("authorized again: %x", i.Flags)
	}
	if events := drain(l); !announced(events, protocol.StatusOK, "authorized anew") {
		t.Errorf("%+v", events)
	}
}

// TestLapsed: an authorization that is over is said to be, and one that is granted
// again takes that back.
func TestLapsed(t *testing.T) {
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	l := open(t, parameters(server, t.TempDir()), clock)
	step(t, clock, 0)
	server.Intercept(offline)
	for day := 1; day <= 8; day++ {
		step(t, clock, 24*time.Hour)
		want := protocol.StateFlag(0)
		if day == 8 {
			want = protocol.StateFlagAuthorizationLapsed
		}
		if i := info(t, l); i.Flags != want {
			t.Fatalf("day %d: %x", day, i.Flags)
		}
	}
	if events := drain(l); len(events) != 1 || !announced(events, protocol.StatusFailedToReachLTS, "2026-03-08") {
		t.Errorf("%+v", events)
	}
	server.Intercept(nil)
	step(t, clock, time.Hour)
	if i := info(t, l); i.Flags != 0 || i.BufferUntil != clock.Now().Unix()+7*86400 {
		t.Errorf("online again: %x, until %d", i.Flags, i.BufferUntil)
	}
}

// TestACacheIsReplaced: a license that was opened without the server does not stay so.
func TestACacheIsReplaced(t *testing.T) {
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	p := parameters(server, t.TempDir())
	if err := open(t, p, clock).Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	server.Intercept(offline)
	l := open(t, p, clock)
	step(t, clock, 0)
	if i := info(t, l); i.Flags != protocol.StateFlagCacheUsed || i.Status != protocol.StatusLicenseCacheUsed {
		t.Fatalf("%x, %v", i.Flags, i.Status)
	}
	server.Intercept(nil)
	step(t, clock, time.Hour)
	if i := info(t, l); i.Flags != 0 || i.Status != protocol.StatusOK {
		t.Errorf("%x, %v", i.Flags, i.Status)
	}
}

// TestAnotherItem: a renewal puts another item on the code. What was counted before
// counts on the former item, what comes after on the new one, each once; also of
// earlier slots, and in the next license of the process.
func TestAnotherItem(t *testing.T) {
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	directory := t.TempDir()
	p := parameters(server, directory)
	p.Resubmit = protocol.ResubmitInterval
	l := open(t, p, clock)
	step(t, clock, 0)
	mrz, err := l.DefineOperationType("MRZ")
	if err != nil {
		t.Fatal(err)
	}
	record(t, l, protocol.OperationTypeQRCode, 3)
	record(t, l, mrz, 1)
	server.Modify(func(a *protocol.Authorization) { a.Item.ID, a.Quota.Limit = "scans-2027", 2000 })
	step(t, clock, day)
	record(t, l, protocol.OperationTypeQRCode, 4) // in the slot in which it is renewed, or not
	step(t, clock, 0)
	i := info(t, l)
	if i.Grant.Item.ID != "scans-2027" || i.Quota.Limit != 2000 || i.Flags != 0 {
		t.Fatalf("%+v", i)
	}
	if !announced(drain(l), protocol.StatusOK, "scans-2027") {
		t.Error("nothing was told of it")
	}
	record(t, l, protocol.OperationTypeQRCode, 5)
	record(t, l, mrz, 2)
	if err := l.RecordAt(context.Background(), protocol.OperationTypeQRCode, 6,
		clock.Now().Add(-2*day).Unix()); err != nil {
		t.Fatal(err)
	}
	if again, err := l.DefineOperationType("MRZ"); again != mrz || err != nil {
		t.Errorf("type %d, %v", again, err)
	}
	if err := l.Submit(context.Background()); err != nil {
		t.Fatal(err)
	}
	if a, b := ofItem(server, "scans"), ofItem(server, "scans-2027"); a != 4 || b != 17 {
		t.Errorf("%d on the item before, %d on the new one", a, b)
	}
	if u := usage(t, l); u.Recorded != 21 || u.Accepted != 21 {
		t.Errorf("%+v", u)
	}
	if err := l.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	// The tally that was parked belongs to the new item.
	same := open(t, p, clock)
	if same.Counters() != l.Counters() {
		t.Error("the tally was not taken up for the item it counts")
	}
	record(t, same, protocol.OperationTypeQRCode, 7)
	if err := same.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	server.Modify(nil)
	former := open(t, p, clock)
	if former.Counters() == l.Counters() {
		t.Error("the tally of the new item was taken up for the former one")
	}
	record(t, former, protocol.OperationTypeQRCode, 8)
	if err := former.Submit(context.Background()); err != nil {
		t.Fatal(err)
	}
	if a, b := ofItem(server, "scans"), ofItem(server, "scans-2027"); a != 12 || b != 24 {
		t.Errorf("%d on the item before, %d on the new one", a, b)
	}
}

// TestAnotherItemWhileRecording: whatever is on its way when the item changes counts
// once, on the one or the other.
func TestAnotherItemWhileRecording(t *testing.T) {
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	l := open(t, parameters(server, t.TempDir()), clock)
	step(t, clock, 0)
	done := make(chan int64)
	stop := make(chan struct{})
	go func() {
		n := int64(0)
		for {
			select {
			case <-stop:
				done <- n
				return
			default:
			}
			if l.Record(protocol.OperationTypeQRCode, 1) == nil {
				n++
			}
		}
	}()
	for _, item := range []string{"a", "b", "a", "c"} {
		server.Modify(func(a *protocol.Authorization) { a.Item.ID = item })
		step(t, clock, day)
		if i := info(t, l); i.Grant.Item.ID != item {
			t.Fatalf("item %s", i.Grant.Item.ID)
		}
	}
	close(stop)
	recorded := <-done
	if err := l.Submit(context.Background()); err != nil {
		t.Fatal(err)
	}
	if server.Total() != recorded {
		t.Errorf("recorded %d, the server has %d", recorded, server.Total())
	}
	if u := usage(t, l); u.Recorded != recorded || u.Accepted != recorded {
		t.Errorf("recorded %d: %+v", recorded, u)
	}
}

// TestAQuotaThatChanges takes effect without a report or a restart.
func TestAQuotaThatChanges(t *testing.T) {
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	end := start.Unix() + 365*86400
	server.Modify(func(a *protocol.Authorization) { a.ValidUntil = end })
	l := open(t, parameters(server, t.TempDir()), clock)
	step(t, clock, 0)
	for _, c := range []struct {
		quota protocol.Quota
		flags protocol.StateFlag
	}{
		{protocol.Quota{Limit: 10, Tolerance: 1, Used: 10, State: protocol.QuotaTolerance},
			protocol.StateFlagQuotaInTolerance},
		{protocol.Quota{Limit: 50, Tolerance: 3, Used: 10, State: protocol.QuotaOK}, 0},
		{protocol.Quota{Limit: 5, Tolerance: 0, Used: 10, State: protocol.QuotaExhausted},
			protocol.StateFlagQuotaExhausted},
	} {
		server.Modify(func(a *protocol.Authorization) { a.Quota, a.ValidUntil = c.quota, end })
		step(t, clock, day)
		if i := info(t, l); i.Quota != c.quota || i.Flags != c.flags {
			t.Errorf("%+v, %x, want %+v", i.Quota, i.Flags, c)
		}
		if events := drain(l); len(events) != 1 || !strings.Contains(events[0].Message, "quota") {
			t.Errorf("%+v", events)
		}
	}
}

// TestAServerThatForgotTheDevice: restored from a backup, say. The device introduces
// itself and sends what was not taken, without a restart, whichever way it submits.
func TestAServerThatForgotTheDevice(t *testing.T) {
	for name, submit := range map[string]func(*testing.T, *client.License, *testkit.Clock){
		"in the background": func(t *testing.T, _ *client.License, clock *testkit.Clock) {
			step(t, clock, 180*time.Second)
			step(t, clock, 180*time.Second)
		},
		"when told to": func(t *testing.T, l *client.License, _ *testkit.Clock) {
			if err := l.Submit(context.Background()); err != nil {
				t.Error(err)
			}
		},
		"when closed": func(t *testing.T, l *client.License, _ *testkit.Clock) {
			if err := l.Close(context.Background()); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			clock := testkit.NewClock(start)
			server := testkit.NewServer(t, clock.Now)
			l := open(t, parameters(server, t.TempDir()), clock)
			step(t, clock, 0)
			record(t, l, protocol.OperationTypeQRCode, 7)
			server.ForgetKeys()
			submit(t, l, clock)
			if server.Total() != 7 {
				t.Errorf("the server has %d", server.Total())
			}
			if n := server.Requests(protocol.PathAuthorizations); n != 2 {
				t.Errorf("%d authorizations", n)
			}
		})
	}
}

// TestAForgedReproach: a stranger who answers that the device is not known makes it ask now and then,
// and lose nothing.
func TestAForgedReproach(t *testing.T) {
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	p := parameters(server, t.TempDir())
	p.Resubmit = protocol.ResubmitInterval
	l := open(t, p, clock)
	step(t, clock, 0)
	record(t, l, protocol.OperationTypeQRCode, 7)
	server.Intercept(func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		if r.URL.Path == protocol.PathReports {
			testkit.Problem(w, http.StatusUnauthorized, protocol.StatusRequestNotAuthenticated)
			return
		}
		next(w, r)
	})
	for range 24 * 20 { // a day
		step(t, clock, 180*time.Second)
	}
	if n := server.Requests(protocol.PathAuthorizations); n < 20 || n > 40 {
		t.Errorf("%d authorizations in a day", n)
	}
	if u := usage(t, l); u.Pending != 7 {
		t.Errorf("%+v", u)
	}
	server.Intercept(nil)
	step(t, clock, time.Hour)
	if server.Total() != 7 {
		t.Errorf("the server has %d", server.Total())
	}
}

// TestAClockThatIsSetInUse: the license sees it, says so, asks the server, and the
// next start without one goes on from what it saw.
func TestAClockThatIsSetInUse(t *testing.T) {
	for name, by := range map[string]time.Duration{
		"from 1970": 56 * 365 * day, "days ahead": 20 * day, "back": -20 * day, "an hour back": -time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			truth := testkit.NewClock(start) // the server's
			clock := testkit.NewClock(start)
			if by > 365*day {
				clock.Set(start.Add(-by))
			}
			server := testkit.NewServer(t, truth.Now)
			p := parameters(server, t.TempDir())
			l := open(t, p, clock)
			step(t, clock, 0)
			server.Intercept(offline)
			before := server.Requests(protocol.PathAuthorizations)
			clock.Set(clock.Now().Add(by))
			// The clock is looked at every second.
			eventually(t, "the step was seen", func() bool {
				clock.Advance(time.Second)
				truth.Advance(time.Second)
				time.Sleep(10 * time.Millisecond)
				return info(t, l).Flags&protocol.StateFlagClockAnomaly != 0
			})
			eventually(t, "it is told", func() bool {
				return announced(drain(l), protocol.StatusOK, "the clock was set")
			})
			eventually(t, "the server was asked", func() bool {
				clock.Advance(10 * time.Second)
				truth.Advance(10 * time.Second)
				time.Sleep(10 * time.Millisecond)
				return server.Requests(protocol.PathAuthorizations) > before
			})
			_ = l.Close(over())
			clock.Advance(6 * day)
			truth.Advance(6 * day)
			again, err := client.Open(context.Background(), p, client.Environment{Clock: clock})
			if err != nil {
				t.Fatalf("the next start: %v", err)
			}
			_ = again.Close(over())
			clock.Advance(day)
			if _, err := client.Open(context.Background(), p, client.Environment{Clock: clock}); err == nil {
				t.Error("the step lengthened the authorization")
			}
		})
	}
}
