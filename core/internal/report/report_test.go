package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/openlts/openlts/core/internal/device"
	"github.com/openlts/openlts/core/internal/ledger"
	"github.com/openlts/openlts/core/internal/report"
	"github.com/openlts/openlts/core/internal/tally"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/testkit"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// meter is a run with a clock of its own.
type meter struct {
	t      *testing.T
	clock  *testkit.Clock
	ledger *ledger.Ledger
	tally  *tally.Tally
	sealer *report.Sealer
}

func newMeter(t *testing.T, directory string) *meter {
	t.Helper()
	l, err := ledger.Open(t.Context(), directory, ledger.Options{Now: func() time.Time { return start }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	m := &meter{t: t, clock: testkit.NewClock(start), ledger: l}
	m.begin(directory, "key")
	return m
}

func (m *meter) begin(directory, lts string) {
	m.t.Helper()
	var err error
	account := tally.Account{LTS: lts, HandshakeCode: "100001-reader", Item: "scans"}
	if m.tally, err = tally.Create(directory, account, 180, m.clock.Now()); err != nil {
		m.t.Fatal(err)
	}
	m.sealer = report.NewSealer(m.tally, m.ledger)
	if err := m.sealer.Meet(m.t.Context()); err != nil {
		m.t.Fatal(err)
	}
	m.prepare()
}

func (m *meter) prepare() {
	m.t.Helper()
	if err := m.sealer.Prepare(context.Background(), m.clock); err != nil {
		m.t.Fatal(err)
	}
}

// record counts as the hot path does.
func (m *meter) record(n uint64) {
	m.t.Helper()
	if !m.tally.Add(16, n, m.clock.Now().Unix()) {
		m.prepare()
		if !m.tally.Add(16, n, m.clock.Now().Unix()) {
			m.t.Fatal("no frame for now, even after preparing one")
		}
	}
}

// backlog records an operation in the present slot and in each of those before it, and makes
// reports of them: a transaction for as many slots as the tally has room for, not for each.
func (m *meter) backlog(slots int) {
	m.t.Helper()
	for i := range slots {
		at := m.clock.Now().Unix() - int64(180*i)
		if !m.tally.AddStray(16, 1, at) {
			m.seal(true)
			if !m.tally.AddStray(16, 1, at) {
				m.t.Fatal("no room in the tally, even after folding it")
			}
		}
	}
	m.seal(true)
}

func (m *meter) seal(all bool) int64 {
	m.t.Helper()
	units, err := m.sealer.Seal(context.Background(), m.clock, all)
	if err != nil {
		m.t.Fatal(err)
	}
	return units
}

// bySlot is what the ledger holds, by slot.
func (m *meter) bySlot() map[int64]int64 {
	m.t.Helper()
	pending, err := m.ledger.Pending(context.Background(), "key", "", 1e6, func(ledger.ReportKey) bool { return false })
	if err != nil {
		m.t.Fatal(err)
	}
	slots := map[int64]int64{}
	for _, p := range pending {
		slots[p.Report.Slot] += p.Report.Counts["QR_CODE"]
	}
	return slots
}

func TestOnlyEndedSlotsAreSealed(t *testing.T) {
	m := newMeter(t, t.TempDir())
	m.record(3)
	if units := m.seal(false); units != 0 {
		t.Errorf("%d units of the current slot were sealed", units)
	}
	m.clock.Advance(180 * time.Second)
	m.record(4)
	if units := m.seal(false); units != 3 || m.sealer.Unsealed() != 4 {
		t.Errorf("sealed %d, unsealed %d", units, m.sealer.Unsealed())
	}
	if units := m.seal(true); units != 4 {
		t.Errorf("sealed %d with all", units)
	}
}

// TestSlotsOverRandomClockWalks: whatever the clock does, each operation counts
// in the slot of its own time stamp, and none is lost.
func TestSlotsOverRandomClockWalks(t *testing.T) {
	for seed := range uint64(30) {
		m := newMeter(t, "")
		random := rand.New(rand.NewPCG(seed, 0))
		want := map[int64]int64{}
		for range 400 {
			switch random.IntN(10) {
			case 0: // a jump, forwards or backwards
				m.clock.Advance(time.Duration(random.IntN(4000)-2000) * time.Second)
			case 1: // a sleep of the machine
				m.clock.Advance(time.Duration(random.IntN(5*24)) * time.Hour)
			case 2:
				m.prepare()
			case 3:
				m.seal(random.IntN(4) == 0)
			default:
				m.clock.Advance(time.Duration(random.IntN(60000)) * time.Millisecond)
			}
			n := 1 + random.Uint64N(5)
			m.record(n)
			want[m.tally.Slot.Start(m.clock.Now().Unix())] += int64(n)
		}
		m.seal(true)
		got := m.bySlot()
		if len(got) != len(want) {
			t.Errorf("seed %d: %d slots, want %d", seed, len(got), len(want))
		}
		for slot, n := range want {
			if got[slot] != n {
				t.Errorf("seed %d: slot %d has %d, want %d", seed, slot, got[slot], n)
			}
		}
	}
}

// jumping is a clock that jumps right after it was read for the first time.
type jumping struct {
	*testkit.Clock
	by time.Duration
}

func (j *jumping) Now() time.Time {
	now := j.Clock.Now()
	j.Advance(j.by)
	j.by = 0
	return now
}

// TestTheClockJumpsWhileTheLedgerIsWritten: frames are prepared for the time it is
// then. For the time before, the frame of the very slot that operations are counting
// in could be given away.
func TestTheClockJumpsWhileTheLedgerIsWritten(t *testing.T) {
	for _, by := range []time.Duration{time.Hour, -time.Hour, 180 * time.Second, -180 * time.Second,
		30 * 24 * time.Hour} {
		m := newMeter(t, t.TempDir())
		want := map[int64]int64{}
		// Every frame holds something new, so that the ledger has to be written first.
		for frame := range tally.Frames {
			at := start.Add(time.Duration(frame-9) * time.Hour).Unix()
			m.tally.Relabel(frame, at)
			if !m.tally.Add(16, 1, at) {
				t.Fatal("a frame does not count its slot")
			}
			want[at] = 1
		}
		if err := m.sealer.Prepare(context.Background(), &jumping{m.clock, by}); err != nil {
			t.Fatal(err)
		}
		now := start.Add(by).Unix()
		for _, at := range []int64{now, now + 180} {
			if !m.tally.Add(16, 1, at) {
				t.Errorf("after a jump by %v, no frame counts slot %+d", by, (at-now)/180)
			}
			want[at]++
		}
		m.seal(true)
		if got := m.bySlot(); !maps.Equal(got, want) {
			t.Errorf("after a jump by %v: %v, want %v", by, got, want)
		}
	}
}

// returning is a clock that is set to another time when it is read for the nth time.
type returning struct {
	*testkit.Clock
	to  time.Time
	nth int
	set func()
}

func (r *returning) Now() time.Time {
	if r.nth--; r.nth == 0 {
		r.Set(r.to)
		r.set()
	}
	return r.Clock.Now()
}

// TestTheClockReturnsWhileAFrameIsGivenAway to the slot of that frame: a thread that found it by its
// label, and adds to it next, still counts in its own slot.
func TestTheClockReturnsWhileAFrameIsGivenAway(t *testing.T) {
	for nth := 1; nth < 10; nth++ {
		m := newMeter(t, t.TempDir())
		for frame := range tally.Frames {
			m.tally.Relabel(frame, start.Add(time.Duration(-frame-1)*time.Hour).Truncate(180*time.Second).Unix())
		}
		last := tally.Frames - 1 // the farthest
		slotStart := m.tally.Label(last)
		found := false
		clock := &returning{m.clock, time.Unix(slotStart, 0), nth, func() {
			label := m.tally.Label(last)
			found = label == slotStart || label == tally.NoSlot
		}}
		m.sealer.PrepareQuickly(clock)
		if label := m.tally.Label(last); found && label != slotStart {
			t.Errorf("set at reading %d: the frame of slot %d counts slot %d", nth, slotStart, label)
		}
	}
}

// TestSlotsWithoutALedger: while nothing can be folded, and in a fork whose parent
// is gone, operations count in the slot of their own time stamp, too.
func TestSlotsWithoutALedger(t *testing.T) {
	for seed := range uint64(10) {
		directory := t.TempDir()
		m := newMeter(t, directory)
		random := rand.New(rand.NewPCG(seed, 6))
		want := map[int64]int64{}
		for range 300 {
			m.clock.Advance(time.Duration(random.IntN(300000)-30000) * time.Millisecond)
			n := 1 + random.Uint64N(5)
			now := m.clock.Now().Unix()
			if !m.tally.Add(16, n, now) && !m.tally.AddStray(16, n, now) {
				t.Fatal("not even as a stray")
			}
			want[m.tally.Slot.Start(now)] += int64(n)
			if random.IntN(40) == 0 { // the ledger works for a while
				m.seal(random.IntN(2) == 0)
			}
		}
		if seed%2 == 0 {
			m.seal(true)
		} else { // or it is a later start that folds all of it
			if err := m.tally.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := report.Adopt(context.Background(), directory, m.ledger); err != nil {
				t.Fatal(err)
			}
		}
		if got := m.bySlot(); !maps.Equal(got, want) {
			t.Errorf("seed %d: %v, want %v", seed, got, want)
		}
	}
}

// TestLongTroubleAgainAndAgain: strays that are in the ledger make room for those
// of the next time.
func TestLongTroubleAgainAndAgain(t *testing.T) {
	m := newMeter(t, t.TempDir())
	want := map[int64]int64{}
	for range 10 {
		for range tally.Strays / 2 {
			m.clock.Advance(180 * time.Second)
			now := m.clock.Now().Unix()
			if !m.tally.AddStray(16, 1, now) {
				t.Fatal("no more strays can be counted")
			}
			want[m.tally.Slot.Start(now)]++
		}
		m.clock.Advance(time.Hour)
		m.seal(true)
	}
	if got := m.bySlot(); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestALeapSmear: a clock that runs a little slow for a day, to swallow a leap
// second, has slots that last a little longer.
func TestALeapSmear(t *testing.T) {
	m := newMeter(t, t.TempDir())
	want := map[int64]int64{}
	const step = 700 * time.Millisecond
	for real := time.Duration(0); real < 25*time.Hour; real += step {
		pace := step
		if real < 24*time.Hour {
			pace -= step / (24 * 60 * 60)
		}
		m.clock.Advance(pace)
		want[m.clock.Now().Unix()/180*180]++
		m.record(1)
		if real%time.Hour < step {
			m.seal(false)
		}
	}
	m.seal(true)
	if got := m.bySlot(); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestDeathAtAnyPoint: a run that ends without a word is adopted once, whatever
// of it was sealed before.
func TestDeathAtAnyPoint(t *testing.T) {
	for seed := range uint64(20) {
		directory := t.TempDir()
		m := newMeter(t, directory)
		random := rand.New(rand.NewPCG(seed, 1))
		var recorded int64
		for range random.IntN(60) {
			m.clock.Advance(time.Duration(random.IntN(200)) * time.Second)
			n := 1 + random.Uint64N(9)
			m.record(n)
			recorded += int64(n)
			if random.IntN(5) == 0 {
				m.seal(random.IntN(2) == 0)
			}
		}
		if err := m.tally.Close(); err != nil { // the kernel closes and unlocks what a dead process held
			t.Fatal(err)
		}
		for range 2 {
			if _, err := report.Adopt(context.Background(), directory, m.ledger); err != nil {
				t.Fatal(err)
			}
		}
		account, err := m.ledger.Account(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if account.Recorded != recorded || account.Pending != recorded {
			t.Errorf("seed %d: recorded %d, the ledger says %+v", seed, recorded, account)
		}
		if left, _ := tally.Orphans(directory); len(left) != 0 {
			t.Errorf("seed %d: left behind %v", seed, left)
		}
	}
}

// TestAFileThatSurvivedItsAdoption: death between folding a dead run and
// removing its file must not double it.
func TestAFileThatSurvivedItsAdoption(t *testing.T) {
	directory := t.TempDir()
	m := newMeter(t, directory)
	m.record(5)
	paths, err := tally.Orphans(directory)
	if err != nil || len(paths) != 1 {
		t.Fatal(paths, err)
	}
	copied, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := m.tally.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := report.Adopt(context.Background(), directory, m.ledger); err != nil {
			t.Fatal(err)
		}
		if account, err := m.ledger.Account(context.Background()); err != nil || account.Recorded != 5 {
			t.Errorf("recorded %d, want 5 (%v)", account.Recorded, err)
		}
		if err := os.WriteFile(paths[0], copied, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestADamagedTallyIsSetAside(t *testing.T) {
	directory := t.TempDir()
	m := newMeter(t, directory)
	bad := filepath.Join(directory, "bad.tally")
	if err := os.WriteFile(bad, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := report.Adopt(context.Background(), directory, m.ledger); err == nil {
		t.Error("nothing was said of it")
	}
	if _, err := os.Stat(bad + ".damaged"); err != nil {
		t.Error(err)
	}
	if _, err := report.Adopt(context.Background(), directory, m.ledger); err != nil {
		t.Errorf("the second time: %v", err)
	}
}

// TestATallyOfALaterVersion is left alone: the library that made it takes it over.
func TestATallyOfALaterVersion(t *testing.T) {
	directory := t.TempDir()
	m := newMeter(t, directory)
	m.record(5)
	run := m.tally.Run
	if err := m.tally.Close(); err != nil {
		t.Fatal(err)
	}
	path := tally.Path(directory, run)
	setVersion := func(version byte) {
		t.Helper()
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteAt([]byte{version}, int64(len(tally.Magic)-1))
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	ours := tally.Magic[len(tally.Magic)-1]
	setVersion(ours + 1)
	if a, err := report.Adopt(context.Background(), directory, m.ledger); err != nil || a != (report.Adoption{}) {
		t.Errorf("%+v, %v", a, err)
	}
	if state, err := m.ledger.RunState(context.Background(), run); state != ledger.RunOpen || err != nil {
		t.Errorf("the run is %v, %v", state, err)
	}
	setVersion(ours)
	if _, err := report.Adopt(context.Background(), directory, m.ledger); err != nil {
		t.Error(err)
	}
	if account, err := m.ledger.Account(context.Background()); account.Pending != 5 || err != nil {
		t.Errorf("account %+v, %v", account, err)
	}
}

func TestUnfinishedFilesAreRemovedInTime(t *testing.T) {
	directory := t.TempDir()
	m := newMeter(t, directory)
	old, fresh := filepath.Join(directory, "old.new"), filepath.Join(directory, "fresh.new")
	for _, path := range []string{old, fresh} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	yesterday := time.Now().Add(-24 * time.Hour)
	if err := os.Chtimes(old, yesterday, yesterday); err != nil {
		t.Fatal(err)
	}
	if _, err := report.Adopt(context.Background(), directory, m.ledger); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("the file of a dead process is still there")
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Error("a file that may be in the making was removed")
	}
}

// submitter connects a meter with a server.
func (m *meter) submitter(server *testkit.Server, directory string) *report.Submitter {
	m.t.Helper()
	identity, err := device.Read(directory).Identity(context.Background(), protocol.UUIDGenerationMethodRandom, "", nil)
	if err != nil {
		m.t.Fatal(err)
	}
	p := license.Defaults()
	p.MainServerURL, p.HandshakeCode = server.URL, "100001-reader"
	if err := p.Check(); err != nil {
		m.t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	a := license.Authorizer{Parameters: &p, Device: identity, Ledger: m.ledger, Transport: transport, Clock: m.clock,
		Recognition: &license.Recognition{}}
	granted, err := a.Authorize(context.Background())
	if err != nil {
		m.t.Fatal(err)
	}
	raw, _ := protocol.Encoding.DecodeString(granted.Authorization.ReportKey.ServerPublicKey)
	serverKey, err := identity.Key.Curve().NewPublicKey(raw)
	if err != nil {
		m.t.Fatal(err)
	}
	secret, id, err := protocol.DeriveReportKey(identity.Key, identity.Key.PublicKey(), serverKey)
	if err != nil {
		m.t.Fatal(err)
	}
	if id != granted.Authorization.ReportKey.ID {
		m.t.Fatalf("report key %s, the server says %s", id, granted.Authorization.ReportKey.ID)
	}
	m.begin(directory, granted.LTS)
	recognized := &license.Recognition{}
	recognized.Seen(server.URL, granted.LTS)
	return report.NewSubmitter(report.Submission{Ledger: m.ledger, Clock: m.clock, Transport: transport,
		Servers: []string{server.URL}, Recognition: recognized,
		Timeout: 5 * time.Second, Device: identity.UUID, LTS: granted.LTS, Key: report.Key{ID: id, Secret: secret},
		LockFile: filepath.Join(directory, "submit.lock")})
}

// exchange is how one submission goes on its way: what the server, or whoever
// stands between, does with it, and what is different at the client.
type exchange struct {
	answer func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc)
	client func(*report.Submitter) // of this submission; nil if nothing is different
	// arrives tells that the receipt arrives, so that it is a success.
	arrives bool
	// later happens minutes after the next submission.
	later func()
}

// exchanges are all that can become of a submission. They are made anew for each
// test, because some remember something.
func exchanges(nobody string) map[string]exchange {
	type handler = func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc)
	status := func(code int) handler {
		return func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) { w.WriteHeader(code) }
	}
	// forge lets the server count, and changes its answer.
	forge := func(change func(http.Header, *protocol.Receipt)) handler {
		return func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
			answer := answerOf(next, r)
			var receipt protocol.Receipt
			_ = json.Unmarshal(answer.body, &receipt)
			change(answer.header, &receipt)
			maps.Copy(w.Header(), answer.header)
			_ = json.NewEncoder(w).Encode(receipt)
		}
	}
	impatient := func(s *report.Submitter) { s.Timeout = 50 * time.Millisecond }
	all := map[string]exchange{
		"connection refused": {answer: status(500), client: func(s *report.Submitter) { s.Servers = []string{nobody} }},
		"reset before the answer": {answer: func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
			_, _ = io.Copy(io.Discard, r.Body)
			reset(w)
		}},
		"reset within the request": {answer: func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
			_, _ = io.ReadFull(r.Body, make([]byte, 20))
			reset(w)
		}},
		"no answer in time": {client: impatient,
			answer: func(_ http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
				_, _ = io.Copy(io.Discard, r.Body)
				<-r.Context().Done()
			}},
		"answer lost after commit": {answer: func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
			answerOf(next, r)
			reset(w)
		}},
		"answer cut": {answer: func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
			answer := answerOf(next, r)
			w.Header().Set("Content-Length", fmt.Sprint(len(answer.body)))
			_, _ = w.Write(answer.body[:len(answer.body)/2])
			panic(http.ErrAbortHandler)
		}},
		"answer twice on one connection": {arrives: true, client: func(s *report.Submitter) {
			s.Transport = &http.Transport{}
		},
			answer: func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
				answer := answerOf(next, r)
				var raw bytes.Buffer
				_, _ = fmt.Fprintf(&raw, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n", len(answer.body))
				_ = answer.header.Write(&raw)
				_, _ = fmt.Fprintf(&raw, "\r\n%s", answer.body)
				connection, _, _ := http.NewResponseController(w).Hijack()
				_, _ = connection.Write(bytes.Repeat(raw.Bytes(), 2))
				_ = connection.Close()
			}},
		"request twice": {arrives: true, answer: func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
			body, _ := io.ReadAll(r.Body)
			for range 2 {
				r.Body = io.NopCloser(bytes.NewReader(body))
				next(w, r)
				w = &recorder{header: http.Header{}} // the first answer arrives
			}
		}},
		"302": {answer: func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		}},
		"429 with a wild Retry-After": {answer: func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
			w.Header().Set("Retry-After", "99999999999999999999")
			w.WriteHeader(429)
		}},
		"a problem of the server": {answer: func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
			testkit.Problem(w, 500, protocol.StatusServerFailed)
		}},
		"200 with HTML": {answer: func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
			_, _ = fmt.Fprint(w, "<html>log in</html>")
		}},
		"200 with an unsigned receipt": {answer: forge(func(h http.Header, _ *protocol.Receipt) {
			h.Del(protocol.HeaderMAC)
		})},
		"200 with a changed receipt": {answer: forge(func(_ http.Header, r *protocol.Receipt) { r.Accepted++ })},
		"200 with a wrong MAC": {answer: forge(func(h http.Header, _ *protocol.Receipt) {
			h.Set(protocol.HeaderMAC, "AAAA")
		})},
	}
	for _, code := range []int{100, 204, 206, 304, 307, 308, 400, 401, 403, 404, 405, 407, 408, 409, 410, 413, 418, 421,
		451, 500, 501, 502, 503, 504, 599, 999} {
		all[fmt.Sprint(code)] = exchange{answer: status(code)}
	}

	arrived, late := make(chan struct{}), make(chan struct{})
	all["answer minutes late"] = exchange{client: impatient,
		answer: func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
			answer := answerOf(next, r)
			<-late
			maps.Copy(w.Header(), answer.header)
			_, _ = w.Write(answer.body)
			close(arrived)
		},
		later: func() { close(late); <-arrived },
	}
	var again func()
	all["request minutes late"] = exchange{
		answer: func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
			body, _ := io.ReadAll(r.Body)
			delayed := r.Clone(context.Background())
			delayed.Body = io.NopCloser(bytes.NewReader(body))
			again = func() { answerOf(next, delayed) }
			w.WriteHeader(http.StatusGatewayTimeout)
		},
		later: func() { again() },
	}
	return all
}

// TestEveryAnswer: whatever becomes of a submission, nothing is dropped and
// nothing doubled, and the next one brings everything.
func TestEveryAnswer(t *testing.T) {
	nobody := httptest.NewServer(nil)
	nobody.Close()
	for name, x := range exchanges(nobody.URL) {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			m := newMeter(t, directory)
			server := testkit.NewServer(t, m.clock.Now)
			s := m.submitter(server, directory)
			m.record(5)
			m.seal(true)
			server.Intercept(x.answer)
			before := *s
			if x.client != nil {
				x.client(s)
			}
			outcome, err := s.Submit(context.Background(), false)
			wanted := ledger.Account{Recorded: 5, Pending: 5}
			if x.arrives {
				wanted = ledger.Account{Recorded: 5, Accepted: 5}
			}
			if (err == nil) != x.arrives || outcome.Units != wanted.Accepted {
				t.Errorf("outcome %+v, %v", outcome, err)
			}
			if account, _ := m.ledger.Account(context.Background()); account != wanted {
				t.Errorf("account %+v", account)
			}
			server.Intercept(nil)
			s.Timeout, s.Servers = before.Timeout, before.Servers
			m.record(2)
			m.seal(true)
			if outcome, err = s.Submit(context.Background(), true); err != nil || outcome.Units != 7-wanted.Accepted {
				t.Errorf("afterwards: %+v, %v", outcome, err)
			}
			if x.later != nil {
				m.clock.Advance(5 * time.Minute)
				x.later()
			}
			account, _ := m.ledger.Account(context.Background())
			if account != (ledger.Account{Recorded: 7, Accepted: 7}) || server.Total() != 7 {
				t.Errorf("account %+v, the server has %d", account, server.Total())
			}
		})
	}
}

// reset ends a connection as a host does that died, or a firewall.
func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_ = connection.(*net.TCPConn).SetLinger(0)
	_ = connection.Close()
}

// answerOf lets a handler answer, and keeps the answer.
func answerOf(handler http.HandlerFunc, r *http.Request) *recorder {
	answer := &recorder{header: http.Header{}}
	handler(answer, r)
	return answer
}

type recorder struct {
	header http.Header
	body   []byte
}

func (r *recorder) Header() http.Header { return r.header }
func (r *recorder) WriteHeader(int)     {}
func (r *recorder) Write(b []byte) (int, error) {
	r.body = append(r.body, b...)
	return len(b), nil
}

// TestAFailedReportWaits: in the same session only new reports are submitted
// (docs/compatibility.md, "Report submission").
func TestAFailedReportWaits(t *testing.T) {
	directory := t.TempDir()
	m := newMeter(t, directory)
	server := testkit.NewServer(t, m.clock.Now)
	s := m.submitter(server, directory)
	m.record(5)
	m.clock.Advance(180 * time.Second)
	m.seal(false)
	server.Intercept(func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) { w.WriteHeader(503) })
	if _, err := s.Submit(context.Background(), false); err == nil {
		t.Fatal("no error")
	}
	server.Intercept(nil)
	m.record(2)
	m.clock.Advance(180 * time.Second)
	m.seal(false)
	if outcome, err := s.Submit(context.Background(), false); err != nil || outcome.Units != 2 || server.Total() != 2 {
		t.Errorf("in the same session: %+v, %v, the server has %d", outcome, err, server.Total())
	}
	if outcome, err := s.Submit(context.Background(), true); err != nil || outcome.Units != 5 || server.Total() != 7 {
		t.Errorf("in the next: %+v, %v, the server has %d", outcome, err, server.Total())
	}
}

func TestVerdictsOnSingleReports(t *testing.T) {
	directory := t.TempDir()
	m := newMeter(t, directory)
	server := testkit.NewServer(t, m.clock.Now)
	s := m.submitter(server, directory)
	slots := make([]int64, 3)
	for i := range slots {
		slots[i] = m.tally.Slot.Start(m.clock.Now().Unix())
		m.record(uint64(10 * (i + 1)))
		m.clock.Advance(180 * time.Second)
	}
	m.seal(false)
	server.Judge(func(_ protocol.ReportGroup, r protocol.Report) *protocol.Exception {
		switch r.Slot {
		case slots[0]:
			return &protocol.Exception{Code: protocol.StatusHandshakeCodeNotFound, Message: "gone"}
		case slots[1]:
			return &protocol.Exception{Code: protocol.StatusServerFailed, Retry: true}
		}
		return nil
	})
	outcome, err := s.Submit(context.Background(), false)
	if protocol.StatusOf(err) != protocol.StatusServerFailed || outcome.Units != 30 || len(outcome.Refused) != 1 ||
		outcome.Refused[0].Units != 10 {
		t.Errorf("%+v, %v", outcome, err)
	}
	account, _ := m.ledger.Account(context.Background())
	if account.Accepted != 30 || account.Refused != 10 || account.Pending != 20 {
		t.Errorf("account %+v", account)
	}
	// The server learns at once what became of what it refused: there may be no other batch.
	if told := server.Account(); told == nil || *told != (protocol.DeviceAccount{Recorded: 60, Refused: 10}) {
		t.Errorf("the server was told %+v", told)
	}
}

// TestABacklogThatIsTooLargeGoesInParts: a proxy may take less than the protocol
// allows, and may not say so.
func TestABacklogThatIsTooLargeGoesInParts(t *testing.T) {
	says := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // so that the answer arrives, whatever the system does
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	}
	resets := func(w http.ResponseWriter, _ *http.Request) { reset(w) }
	hangsUp := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	for name, test := range map[string]struct {
		slots   int   // in the backlog; 1900 take more than 66,000 bytes
		takes   int64 // bytes
		refuses func(http.ResponseWriter, *http.Request)
		passes  bool
	}{
		"less than the backlog": {1900, 20000, says, true},
		"a report at a time":    {200, 500, says, true},
		"nothing":               {200, 0, says, false},
		"less, and resets":      {1900, 66000, resets, true},
		"less, and hangs up":    {1900, 66000, hangsUp, true},
		"resets whatever comes": {200, 0, resets, false},
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			m := newMeter(t, directory)
			server := testkit.NewServer(t, m.clock.Now)
			s := m.submitter(server, directory)
			server.Intercept(func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
				if r.ContentLength > test.takes {
					test.refuses(w, r)
					return
				}
				next(w, r)
			})
			m.backlog(test.slots)
			slots := int64(test.slots)
			wanted := ledger.Account{Recorded: slots, Accepted: slots}
			if !test.passes {
				wanted = ledger.Account{Recorded: slots, Pending: slots}
			}
			outcome, err := s.Submit(context.Background(), false)
			if (err == nil) != test.passes || outcome.Units != wanted.Accepted || server.Total() != wanted.Accepted {
				t.Errorf("%+v, %v, the server has %d", outcome, err, server.Total())
			}
			if account, _ := m.ledger.Account(context.Background()); account != wanted {
				t.Errorf("account %+v", account)
			}
		})
	}
}

func TestLargeBacklogsGoInBatches(t *testing.T) {
	directory := t.TempDir()
	m := newMeter(t, directory)
	server := testkit.NewServer(t, m.clock.Now)
	s := m.submitter(server, directory)
	const slots = protocol.MaxReportsInBatch + 10
	m.backlog(slots)
	if outcome, err := s.Submit(context.Background(), false); err != nil || outcome.Units != slots {
		t.Errorf("%+v, %v", outcome, err)
	}
	if n := server.Requests(protocol.PathReports); n != 2 {
		t.Errorf("%d batches", n)
	}
}
