package alerts_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/alerts"
	"github.com/openlts/openlts/server/outcome"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/teststore"
)

func TestMain(m *testing.M) { os.Exit(teststore.Run(m)) }

// outbox is a sender that keeps what it is given, or fails.
type outbox struct {
	fails   bool
	refused string // a receiver who gets nothing
	sent    []alerts.Message
	to      []string
}

func (o *outbox) Send(_ context.Context, _ alerts.Target, to string, m alerts.Message) error {
	o.sent, o.to = append(o.sent, m), append(o.to, to)
	if o.fails || o.refused != "" && to == o.refused {
		return errors.New("no")
	}
	return nil
}

type world struct {
	store.Store
	now   time.Time
	box   outbox
	watch *alerts.Watch
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{Store: teststore.New(t), now: at(1_800_000_000)}
	w.watch = w.another("one")
	w.update(t, func(tx store.Tx) error {
		return errors.Join(tx.AddOrganization(store.Organization{ID: "100001", Name: "Example"}),
			tx.AddHandshakeCode(store.HandshakeCode{Code: "100001-a", Organization: "100001"}),
			tx.AddItem(store.Item{ID: "i", Organization: "100001", Name: "Scans",
				ChargeWay: protocol.ChargeWayScanCount, Quota: 100, ExpiresAt: w.now.Unix() + 400*86400}),
			alerts.AddChannel(t.Context(), tx, alerts.Channel{
				ID: "c", Name: "c", Target: alerts.Target{Webhook: &alerts.Webhook{URL: "https://example.com"}},
			}))
	})
	return w
}

// another is a further server on the same database.
func (w *world) another(holder string) *alerts.Watch {
	return &alerts.Watch{
		Store: w.Store, Now: func() time.Time { return w.now }, Sender: &w.box, Log: slog.New(slog.DiscardHandler),
		Holder: holder, Outcomes: &outcome.Counter{},
	}
}

func (w *world) update(t testing.TB, f func(store.Tx) error) {
	t.Helper()
	if err := w.Update(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func (w *world) step(t testing.TB, after time.Duration, watch *alerts.Watch) {
	t.Helper()
	w.now = w.now.Add(after)
	if err := watch.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// use adjusts how much of the item is used.
func (w *world) use(t testing.TB, units int64) {
	t.Helper()
	w.update(t, func(tx store.Tx) error {
		item, err := tx.Item("i")
		if err != nil {
			return err
		}
		return tx.Adjust(store.Adjustment{Item: item.Key, At: w.now.Unix(), Units: units})
	})
}

// What rules find is sent once, by one of the servers, whichever is there.
func TestOneServerSendsOnce(t *testing.T) {
	w := newWorld(t)
	two := w.another("two")
	w.use(t, 80)
	w.step(t, 0, w.watch)
	w.step(t, 0, two)
	w.step(t, time.Minute, w.watch)
	if len(w.box.sent) != 1 || len(w.box.sent[0].Events) != 1 || w.box.sent[0].Events[0].Level != 75 {
		t.Fatalf("%+v", w.box.sent)
	}
	w.use(t, 12)
	w.step(t, time.Minute, w.watch) // rules are evaluated every 10 minutes
	if len(w.box.sent) != 1 {
		t.Fatalf("%+v", w.box.sent)
	}
	w.step(t, 10*time.Minute, two) // the first one is gone, and its lease over
	w.step(t, 0, w.watch)
	if len(w.box.sent) != 2 || w.box.sent[1].Events[0].Level != 90 {
		t.Fatalf("%+v", w.box.sent)
	}
	w.use(t, -50)
	w.step(t, 10*time.Minute, two)
	w.step(t, 10*time.Minute, two)
	if len(w.box.sent) != 3 || !w.box.sent[2].Events[0].Recovered {
		t.Fatalf("%+v", w.box.sent)
	}
	history, err := alerts.History(t.Context(), w, 0, 10)
	if err != nil || len(history) != 3 || !history[0].Recovered {
		t.Errorf("%+v, %v", history, err)
	}
}

// What can't be sent is tried again, as the same message, for two days, and then given
// up; what happens meanwhile comes in one message after it.
func TestRetries(t *testing.T) {
	w := newWorld(t)
	w.box.fails = true
	w.use(t, 80)
	w.step(t, 0, w.watch)
	w.use(t, 12)
	start := w.now
	for len(w.box.sent) < 12 {
		w.step(t, time.Minute, w.watch)
		if w.now.Sub(start) > 72*time.Hour {
			t.Fatalf("%d attempts within three days", len(w.box.sent))
		}
	}
	for _, m := range w.box.sent {
		if m.ID != w.box.sent[0].ID || len(m.Events) != 1 {
			t.Errorf("%+v", m)
		}
	}
	if took := w.now.Sub(start); took < 24*time.Hour {
		t.Errorf("given up after %s", took)
	}
	channels, err := alerts.Channels(t.Context(), w)
	if err != nil || channels[0].Deliveries[0].Failure == "" || channels[0].Deliveries[0].Batch != 0 {
		t.Errorf("%+v, %v", channels, err)
	}
	w.box.fails = false
	w.step(t, time.Minute, w.watch)
	if last := w.box.sent[len(w.box.sent)-1]; len(last.Events) != 1 || last.Events[0].Level != 90 {
		t.Errorf("%+v", last)
	}
	channels, err = alerts.Channels(t.Context(), w)
	if err != nil || channels[0].Deliveries[0].Failure != "" {
		t.Errorf("%+v, %v", channels, err)
	}
}

// A channel gets so many messages a day, and the rest in one the next day.
func TestCap(t *testing.T) {
	w := newWorld(t)
	w.now = w.now.Truncate(24 * time.Hour)
	for i := range alerts.MaxADay + 10 {
		w.update(t, func(tx store.Tx) error {
			return alerts.AddEvents(t.Context(), tx, []alerts.Event{
				{At: w.now.Unix(), Kind: alerts.Quota, Subject: "x", Level: int64(i)},
			})
		})
		w.step(t, time.Minute, w.watch)
	}
	if len(w.box.sent) != alerts.MaxADay {
		t.Fatalf("%d messages", len(w.box.sent))
	}
	w.step(t, 24*time.Hour, w.watch)
	if last := w.box.sent[len(w.box.sent)-1]; len(w.box.sent) != alerts.MaxADay+1 || len(last.Events) != 10 {
		t.Errorf("%d messages, the last one with %d alerts", len(w.box.sent), len(last.Events))
	}
}

// The share of refusals is that of all servers within an hour; codes that don't exist
// are nobody's.
func TestRefusals(t *testing.T) {
	w := newWorld(t)
	two := w.another("two")
	for range 8 {
		w.watch.Outcomes.Granted("100001-a")
		two.Outcomes.Refused("100001-a", protocol.StatusLimitExceeded)
		two.Outcomes.Refused("100001-invented", protocol.StatusHandshakeCodeNotFound)
		two.Outcomes.Refused("100001-other", protocol.StatusLimitExceeded)
	}
	w.step(t, 0, two)
	w.step(t, 0, w.watch)
	w.step(t, 10*time.Minute, two)
	measures, err := alerts.Measures(t.Context(), w, nil, w.now)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(measures, func(m alerts.Measure) bool { return m.Kind == alerts.Refused })
	if at < 0 || measures[at].Value != 50 || measures[at].Subject != "100001-a" || len(measures) != 3 {
		t.Fatalf("%+v", measures)
	}
	if len(w.box.sent) != 1 || w.box.sent[0].Events[0].Level != 50 {
		t.Fatalf("%+v", w.box.sent)
	}
	w.step(t, 2*time.Hour, two)
	if len(w.box.sent) != 2 || !w.box.sent[1].Events[0].Recovered {
		t.Fatalf("%+v", w.box.sent)
	}
}

// A receiver who is refused holds up nobody: the others get each message, once, and what became of
// the refused one's is said of that one alone.
func TestRefusedReceiverHoldsUpNobody(t *testing.T) {
	w := newWorld(t)
	all := []string{"a@example.com", "b@example.com", "c@example.com", "d@example.com", "e@example.com"}
	w.update(t, func(tx store.Tx) error {
		return errors.Join(alerts.RemoveChannel(t.Context(), tx, "c"),
			alerts.AddChannel(t.Context(), tx, alerts.Channel{ID: "m", Name: "m", Target: alerts.Target{
				Email: &alerts.Email{To: all[:2], CC: all[2:3],
					BCC: append([]string{"A <a@example.com>"}, all[3:]...)}}}))
	})
	tell := func() {
		w.update(t, func(tx store.Tx) error {
			return alerts.AddEvents(t.Context(), tx, []alerts.Event{{At: 1, Kind: alerts.Quota, Subject: "x"}})
		})
	}
	got := func(who string) (ids []string) {
		for i, m := range w.box.sent {
			if w.box.to[i] == who {
				ids = append(ids, m.ID)
			}
		}
		return ids
	}
	w.box.refused = "b@example.com"
	for range 3 {
		tell()
		w.step(t, time.Minute, w.watch)
	}
	for _, who := range all {
		ids := slices.Compact(got(who))
		if want := 3; who != w.box.refused && (len(ids) != want || len(got(who)) != want) ||
			who == w.box.refused && len(ids) != 1 {
			t.Errorf("%s got %q", who, got(who))
		}
	}
	channels, err := alerts.Channels(t.Context(), w)
	if err != nil || len(channels[0].Deliveries) != len(all) {
		t.Fatalf("%+v, %v", channels, err)
	}
	for _, d := range channels[0].Deliveries {
		if (d.Failure != "") != (d.Receiver == w.box.refused) {
			t.Errorf("%+v", d)
		}
	}
	w.box.refused = "" // the refused message comes as it was, and then the rest in one
	before := len(got("b@example.com"))
	w.step(t, 10*time.Minute, w.watch)
	w.step(t, time.Minute, w.watch)
	late := got("b@example.com")[before:]
	if len(late) != 2 || late[0] != got("a@example.com")[0] || late[1] != got("a@example.com")[2] {
		t.Errorf("the one that was refused got %q, the others %q", late, got("a@example.com"))
	}
}

// However many receivers fail, those after them get their mail within a few steps.
func TestFailuresDoNotStarve(t *testing.T) {
	w := newWorld(t)
	var bad []string
	for i := range 49 {
		bad = append(bad, fmt.Sprintf("bad%d@example.com", i))
	}
	w.update(t, func(tx store.Tx) error {
		return errors.Join(alerts.RemoveChannel(t.Context(), tx, "c"),
			alerts.AddChannel(t.Context(), tx, alerts.Channel{ID: "m", Name: "m",
				Target: alerts.Target{Email: &alerts.Email{To: append(bad, "good@example.com")}}}),
			alerts.AddEvents(t.Context(), tx, []alerts.Event{{At: 1, Kind: alerts.Quota, Subject: "x"}}))
	})
	w.box.fails = true
	for range 16 {
		before := len(w.box.sent)
		w.step(t, time.Minute, w.watch)
		if len(w.box.sent)-before > 3 {
			t.Fatalf("%d failures in a step", len(w.box.sent)-before)
		}
	}
	w.box.fails = false
	w.step(t, time.Minute, w.watch)
	if !slices.Contains(w.box.to, "good@example.com") {
		t.Errorf("%q", w.box.to)
	}
}

// A channel is tested so often at once, then after pauses, by whatever server; a clock that is set
// back does not close it.
func TestTestsAreCounted(t *testing.T) {
	w := newWorld(t)
	take := func() (wait time.Duration) {
		w.update(t, func(tx store.Tx) (err error) {
			wait, err = alerts.TakeTest(t.Context(), tx, "c", w.now)
			return err
		})
		return wait
	}
	for range alerts.TestsAtOnce {
		if wait := take(); wait != 0 {
			t.Fatal(wait)
		}
	}
	for range 3 {
		wait := take()
		if wait <= 0 || wait > alerts.TestPause {
			t.Fatal(wait)
		}
		w.now = w.now.Add(wait - time.Second)
		if again := take(); again != time.Second {
			t.Fatal(again)
		}
		w.now = w.now.Add(time.Second)
		if wait := take(); wait != 0 {
			t.Fatal(wait)
		}
	}
	w.now = w.now.Add(-365 * 24 * time.Hour)
	if wait := take(); wait > alerts.TestPause {
		t.Error(wait)
	}
	if err := w.Update(t.Context(), func(tx store.Tx) error {
		_, err := alerts.TakeTest(t.Context(), tx, "nobody's", w.now)
		return err
	}); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}
