package client_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/internal/filelock"
	"github.com/openlts/openlts/core/internal/ledger"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
	"github.com/openlts/openlts/core/testkit"
)

var start = time.Date(2026, 3, 1, 12, 0, 10, 0, time.UTC)

func parameters(server *testkit.Server, directory string) license.Parameters {
	p := license.Defaults()
	p.MainServerURL, p.HandshakeCode, p.DataDirectory = server.URL, "100001-reader", directory
	return p
}

func open(t *testing.T, p license.Parameters, clock slot.Clock) *client.License {
	t.Helper()
	l, err := client.Open(context.Background(), p, client.Environment{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close(over()) })
	return l
}

// over is a context that ended already.
func over() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func record(t *testing.T, l *client.License, operationType protocol.OperationType, n uint32) {
	t.Helper()
	if err := l.Record(operationType, n); err != nil {
		t.Fatal(err)
	}
}

// patience is how long tests wait for what has to happen. It takes that long only if
// something is wrong, however busy the machine is.
const patience = 3 * time.Minute

// eventually waits for what the work in the background brings about.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// step moves the clock and waits until the work in the background, which is two
// goroutines of one license, is done with what is due.
func step(t *testing.T, clock *testkit.Clock, d time.Duration) {
	t.Helper()
	clock.Advance(d)
	eventually(t, "the license is at rest", func() bool { return clock.Waiting() == 2 })
}

func usage(t *testing.T, l *client.License) ledger.Account {
	t.Helper()
	info, err := l.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if u := info.Usage; u.Recorded != u.Accepted+u.Pending+u.Lost() {
		t.Errorf("recorded %d, but accepted %d + pending %d + lost %d", u.Recorded, u.Accepted, u.Pending, u.Lost())
	}
	return info.Usage
}

func TestReportsGoOutEveryInterval(t *testing.T) {
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	l := open(t, parameters(server, t.TempDir()), clock)
	record(t, l, protocol.OperationTypeQRCode, 3)
	if u := usage(t, l); u.Recorded != 3 || u.Pending != 3 {
		t.Errorf("before submission: %+v", u)
	}
	step(t, clock, 0)
	for range 3 { // seal in one interval, submit in the next at the latest
		step(t, clock, 180*time.Second)
	}
	if u := usage(t, l); server.Total() != 3 || u.Accepted != 3 {
		t.Errorf("the server has %d, we %+v", server.Total(), u)
	}
	e, ok := l.Poll(context.Background())
	if !ok || e.Kind != protocol.EventKindSubmitted || e.Units != 3 {
		t.Errorf("event %+v", e)
	}
	for key, report := range server.Stored() {
		if key.Slot != start.Unix()-start.Unix()%180 || report.Counts["QR_CODE"] != 3 || len(report.Counts) != 1 {
			t.Errorf("the server has %+v: %+v", key, report)
		}
	}
}

func TestCloseSealsAndSubmits(t *testing.T) {
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	directory := t.TempDir()
	l := open(t, parameters(server, directory), clock)
	record(t, l, protocol.OperationTypeQRCode, 3)
	if err := l.Close(context.Background()); err != nil || server.Total() != 3 {
		t.Errorf("%v, the server has %d", err, server.Total())
	}
	if err := l.Record(protocol.OperationTypeQRCode, 1); protocol.StatusOf(err) != protocol.StatusInvalidHandle {
		t.Errorf("record after close: %v", err)
	}
	if err := l.Close(context.Background()); protocol.StatusOf(err) != protocol.StatusInvalidHandle {
		t.Errorf("second close: %v", err)
	}
	// The parked tally is taken up again, and goes on where it was.
	again := open(t, parameters(server, directory), clock)
	if again.Counters() != l.Counters() {
		t.Error("the parked tally was not taken up")
	}
	record(t, again, protocol.OperationTypeQRCode, 4)
	if err := again.Submit(context.Background()); err != nil || server.Total() != 7 {
		t.Errorf("%v, the server has %d", err, server.Total())
	}
	if u := usage(t, again); u.Accepted != 7 || u.Recorded != 7 {
		t.Errorf("%+v", u)
	}
}

// TestRecordingWhileClosing: an operation that was acknowledged counts, however
// close to the end of the license it came.
func TestRecordingWhileClosing(t *testing.T) {
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	directory := t.TempDir()
	var acknowledged int64
	for range 20 {
		l := open(t, parameters(server, directory), clock)
		var threads sync.WaitGroup
		var mu sync.Mutex
		for range 3 {
			threads.Go(func() {
				n := int64(0)
				for l.Record(protocol.OperationTypeQRCode, 1) == nil {
					n++
				}
				mu.Lock()
				defer mu.Unlock()
				acknowledged += n
			})
		}
		time.Sleep(time.Millisecond)
		if err := l.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		threads.Wait()
	}
	l := open(t, parameters(server, directory), clock)
	if err := l.Submit(context.Background()); err != nil {
		t.Fatal(err)
	}
	if server.Total() != acknowledged {
		t.Errorf("acknowledged %d, the server has %d", acknowledged, server.Total())
	}
}

func TestAnOutageOfThirtyDays(t *testing.T) {
	for name, c := range map[string]struct {
		resubmit protocol.Resubmit
	}{"next init": {protocol.ResubmitNextInit}, "interval": {protocol.ResubmitInterval}} {
		t.Run(name, func(t *testing.T) {
			clock := testkit.NewClock(start)
			server := testkit.NewServer(t, clock.Now)
			p := parameters(server, t.TempDir())
			p.Resubmit = c.resubmit
			l := open(t, p, clock)
			server.Intercept(func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) { w.WriteHeader(503) })
			step(t, clock, 0)
			const days = 40
			for range days {
				record(t, l, protocol.OperationTypeQRCode, 10)
				step(t, clock, 24*time.Hour)
			}
			if u := usage(t, l); u.Expired != 100 || u.Pending != 300 {
				t.Errorf("after %d days: %+v", days, u)
			}
			// Three minutes later the slot of the eleventh day is too old as well.
			step(t, clock, 181*time.Second)
			if u := usage(t, l); u.Expired != 110 || u.Pending != 290 {
				t.Errorf("a slot later: %+v", u)
			}
			server.Intercept(nil)
			if c.resubmit == protocol.ResubmitNextInit {
				step(t, clock, 181*time.Second)
				if server.Total() != 0 {
					t.Errorf("a failed report was submitted again in the same session")
				}
				if err := l.Submit(context.Background()); err != nil {
					t.Fatal(err)
				}
			} else {
				step(t, clock, 181*time.Second)
			}
			if u := usage(t, l); u.Recorded != 400 || u.Lost() != 110 || u.Accepted != 290 || server.Total() != 290 {
				t.Errorf("%+v, the server has %d", u, server.Total())
			}
		})
	}
}

func TestRecordAt(t *testing.T) {
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	l := open(t, parameters(server, t.TempDir()), clock)
	for offset, want := range map[time.Duration]protocol.Status{
		0: protocol.StatusOK, -time.Hour: protocol.StatusOK, -30 * 24 * time.Hour: protocol.StatusOK,
		time.Second: protocol.StatusTimeOutOfRange, -30*24*time.Hour - time.Second: protocol.StatusTimeOutOfRange,
	} {
		if err := l.RecordAt(t.Context(), protocol.OperationTypeQRCode, 2,
			clock.Now().Add(offset).Unix()); protocol.StatusOf(err) != want {
			t.Errorf("%v: %v", offset, err)
		}
	}
	record(t, l, protocol.OperationTypeQRCode, 1) // into the slot that RecordAt used too
	if err := l.Submit(context.Background()); err != nil {
		t.Fatal(err)
	}
	bySlot := map[int64]int64{}
	for key, report := range server.Stored() {
		bySlot[key.Slot] += report.Counts["QR_CODE"]
	}
	for offset, want := range map[time.Duration]int64{0: 3, -time.Hour: 2, -30 * 24 * time.Hour: 2} {
		if at := slot.Length(180).Start(start.Add(offset).Unix()); bySlot[at] != want {
			t.Errorf("%v: %d in its slot, want %d", offset, bySlot[at], want)
		}
	}
}

func TestOperationTypes(t *testing.T) {
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	l := open(t, parameters(server, t.TempDir()), clock)
	mrz, err := l.DefineOperationType("MRZ")
	if err != nil || mrz != 128 {
		t.Fatalf("%d, %v", mrz, err)
	}
	if qr, err := l.DefineOperationType("QR_CODE"); err != nil || qr != protocol.OperationTypeQRCode {
		t.Errorf("%d, %v", qr, err)
	}
	for _, bad := range []string{"", "lower", "1ST", "WITH SPACE", "Ä"} {
		if _, err := l.DefineOperationType(bad); protocol.StatusOf(err) != protocol.StatusInvalidArgument {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, undefined := range []protocol.OperationType{-1, 50, 129, 255, 256, 1 << 30} {
		if err := l.Record(undefined, 1); protocol.StatusOf(err) != protocol.StatusUnknownOperationType {
			t.Errorf("type %d: %v", undefined, err)
		}
	}
	record(t, l, mrz, 2)
	if err := l.Submit(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, report := range server.Stored() {
		if report.Counts["MRZ"] != 2 {
			t.Errorf("the server has %+v", report)
		}
	}
}

func TestStorageThatCanNotBeUsed(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	l := open(t, parameters(server, filepath.Join(blocked, "data")), clock)
	info, err := l.Info(t.Context())
	if err != nil || info.Flags&protocol.StateFlagStorageDegraded == 0 {
		t.Errorf("%+v, %v", info, err)
	}
	if e, ok := l.Poll(over()); !ok || e.Kind != protocol.EventKindStateChanged {
		t.Errorf("event %+v, %v", e, ok)
	}
	record(t, l, protocol.OperationTypeQRCode, 3)
	if err := l.Close(context.Background()); err != nil || server.Total() != 3 {
		t.Errorf("%v, the server has %d", err, server.Total())
	}
}

func TestADamagedLedgerIsSaid(t *testing.T) {
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(directory, ledger.FileName),
		[]byte("this is not a database, and long enough to be one........."), 0o600); err != nil {
		t.Fatal(err)
	}
	clock := testkit.NewClock(start)
	l := open(t, parameters(testkit.NewServer(t, clock.Now), directory), clock)
	if info, err := l.Info(t.Context()); err != nil || info.Flags&protocol.StateFlagStorageRecovered == 0 {
		t.Errorf("%+v, %v", info, err)
	}
}

// removeLedger deletes the ledger, as a cleaner of disks may do at any time.
func removeLedger(t *testing.T, directory string) {
	t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		err := os.Remove(filepath.Join(directory, ledger.FileName+suffix))
		if err != nil && !os.IsNotExist(err) {
			needsRemovalInUse(t)
			t.Fatal(err)
		}
	}
}

// needsRemovalInUse skips a test that removes a ledger in use.
func needsRemovalInUse(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("skipped: on Windows, nobody can remove a ledger in use")
	}
}

// saysOf tells whether one of the events that wait says this.
func saysOf(l *client.License, text string) bool {
	for {
		e, ok := l.Poll(over())
		if !ok || strings.Contains(e.Message, text) {
			return ok
		}
	}
}

// TestALedgerThatWasDeleted between two starts: what was in it and not submitted
// is declared lost, to the unit, here and at the server.
func TestALedgerThatWasDeleted(t *testing.T) {
	directory := t.TempDir()
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	l := open(t, parameters(server, directory), clock)
	record(t, l, protocol.OperationTypeQRCode, 3)
	if err := l.Submit(context.Background()); err != nil {
		t.Fatal(err)
	}
	clock.Advance(3600 * time.Second) // so that another slot is counted in
	record(t, l, protocol.OperationTypeQRCode, 5)
	if err := l.Close(over()); err == nil {
		t.Error("closing tells of nothing pending")
	}
	// As in another process: this one would still have the counters.
	for _, path := range tallies(t, directory) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	removeLedger(t, directory)

	l = open(t, parameters(server, directory), clock)
	if u := usage(t, l); u.Recorded != 8 || u.Accepted != 3 || u.Storage != 5 || u.Pending != 0 {
		t.Errorf("the device says %+v", u)
	}
	const want = protocol.StateFlagStorageRecovered | protocol.StateFlagUsageLost
	if info, err := l.Info(t.Context()); err != nil || info.Flags&want != want {
		t.Errorf("flags %d, %v", info.Flags, err)
	}
	if !saysOf(l, "5 operations") {
		t.Error("no event tells how much was lost")
	}
	record(t, l, protocol.OperationTypeQRCode, 1)
	if err := l.Submit(context.Background()); err != nil {
		t.Fatal(err)
	}
	if account := server.Account(); account == nil || *account != (protocol.DeviceAccount{Recorded: 9, Storage: 5}) {
		t.Errorf("the server was told %+v", account)
	}
}

func tallies(t *testing.T, directory string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(directory, "*.tally"))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// TestALedgerThatIsDeletedInUse is written anew: nothing is lost.
func TestALedgerThatIsDeletedInUse(t *testing.T) {
	directory := t.TempDir()
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	l := open(t, parameters(server, directory), clock)
	step(t, clock, 0)
	record(t, l, protocol.OperationTypeQRCode, 3)
	if err := l.RecordAt(t.Context(), protocol.OperationTypeQRCode, 4, start.Add(-24*time.Hour).Unix()); err != nil {
		t.Fatal(err)
	}
	removeLedger(t, directory)
	record(t, l, protocol.OperationTypeQRCode, 5)
	step(t, clock, 180*time.Second)
	if info, err := l.Info(t.Context()); err != nil || info.Flags != 0 {
		t.Errorf("%+v, %v", info, err)
	}
	if !saysOf(l, "written anew") {
		t.Error("no event tells of it")
	}
	if err := l.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	l = open(t, parameters(server, directory), clock)
	if u := usage(t, l); u.Recorded != 12 || u.Accepted != 12 || server.Total() != 12 {
		t.Errorf("the device says %+v, the server has %d", u, server.Total())
	}
}

// TestALedgerThatIsDeletedWhileALicenseIsOpened is written anew, too.
func TestALedgerThatIsDeletedWhileALicenseIsOpened(t *testing.T) {
	needsRemovalInUse(t)
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	directory := t.TempDir()
	server.Intercept(func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		if r.URL.Path == protocol.PathAuthorizations {
			if err := os.Remove(filepath.Join(directory, ledger.FileName)); err != nil {
				t.Error(err)
			}
		}
		next(w, r)
	})
	l := open(t, parameters(server, directory), clock)
	record(t, l, protocol.OperationTypeQRCode, 3)
	if err := l.Submit(context.Background()); err != nil {
		t.Fatal(err)
	}
	info, err := l.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.Flags&protocol.StateFlagStorageDegraded != 0 || info.Usage.Accepted != 3 || server.Total() != 3 {
		t.Errorf("%+v, the server has %d", info, server.Total())
	}
	if _, err := os.Stat(filepath.Join(directory, ledger.FileName)); err != nil {
		t.Error(err)
	}
	if !saysOf(l, "it was written anew") {
		t.Error("nothing was said of it")
	}
}

// TestCountersThatAreDeletedInUse count on, and it is said that they die with the
// process.
func TestCountersThatAreDeletedInUse(t *testing.T) {
	directory := t.TempDir()
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	l := open(t, parameters(server, directory), clock)
	step(t, clock, 0)
	record(t, l, protocol.OperationTypeQRCode, 3)
	if err := l.Submit(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, path := range tallies(t, directory) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if left := tallies(t, directory); len(left) != 0 {
		t.Skipf("skipped: this system keeps the name of a file that was removed in use: %v", left)
	}
	// Another process takes this one for dead.
	other := open(t, parameters(server, directory), clock)
	if _, err := other.Info(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := other.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	// Still in the slot of which a part was submitted.
	record(t, l, protocol.OperationTypeQRCode, 4)
	if err := l.RecordAt(t.Context(), protocol.OperationTypeQRCode, 5, clock.Now().Unix()); err != nil {
		t.Error(err)
	}
	if _, err := l.DefineOperationType("MRZ"); err != nil {
		t.Error(err)
	}
	if err := l.Submit(context.Background()); err != nil || server.Total() != 12 {
		t.Errorf("%v, the server has %d", err, server.Total())
	}
	step(t, clock, 180*time.Second)
	if info, err := l.Info(t.Context()); err != nil || info.Flags&protocol.StateFlagStorageDegraded == 0 {
		t.Errorf("%+v, %v", info, err)
	}
	record(t, l, protocol.OperationTypeQRCode, 6)
	if err := l.Close(context.Background()); err != nil || server.Total() != 18 {
		t.Errorf("%v, the server has %d", err, server.Total())
	}
}

// TestAReceiptThatNeverCame for a report that is given up after 30 days: that the
// server had it turns out when the loss is declared.
func TestAReceiptThatNeverCame(t *testing.T) {
	directory := t.TempDir()
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	l := open(t, parameters(server, directory), clock)
	step(t, clock, 0)
	record(t, l, protocol.OperationTypeQRCode, 3)
	server.Intercept(func(_ http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		next(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	})
	if err := l.Submit(context.Background()); err == nil || server.Total() != 3 {
		t.Fatalf("%v, the server has %d", err, server.Total())
	}
	server.Intercept(func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		w.WriteHeader(http.StatusBadGateway)
	})
	record(t, l, protocol.OperationTypeQRCode, 4) // in the same slot; never arrives
	step(t, clock, 32*24*time.Hour)
	if err := l.Submit(context.Background()); err == nil {
		t.Error("nothing can be submitted")
	}
	if u := usage(t, l); u.Expired != 7 || u.Accepted != 0 {
		t.Errorf("before it is known better: %+v", u)
	}
	server.Intercept(nil)
	if err := l.Submit(context.Background()); err != nil {
		t.Fatal(err)
	}
	if u := usage(t, l); u.Recorded != 7 || u.Expired != 4 || u.Accepted != 3 || u.Pending != 0 {
		t.Errorf("afterwards: %+v", u)
	}
}

// heldDirectory is a data directory for a test that holds the ledger: a license which
// is closed meanwhile ends its work afterwards, and the directory lasts until then.
func heldDirectory(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	t.Cleanup(func() {
		eventually(t, "closed licenses end their work", func() bool {
			stacks := make([]byte, 1<<20)
			return !bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte("core/client.(*meter)"))
		})
	})
	return directory
}

// hold holds the ledger of a directory, as a process that was stopped in the midst of
// a transaction.
func hold(t *testing.T, directory string) (release func()) {
	t.Helper()
	release, err := filelock.Acquire(t.Context(), filepath.Join(directory, "ledger.lock"))
	if err != nil {
		t.Fatal(err)
	}
	return release
}

// TestALedgerThatOthersHold as a process does that was stopped in the midst of a
// transaction: each call keeps its deadline, recording goes on, a license can be
// opened, the server is asked, and nothing is lost.
func TestALedgerThatOthersHold(t *testing.T) {
	directory := heldDirectory(t)
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	l := open(t, parameters(server, directory), clock)
	step(t, clock, 0)
	record(t, l, protocol.OperationTypeQRCode, 3)
	before, err := l.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	release := hold(t, directory)
	const deadline = 300 * time.Millisecond
	// A call that misses its deadline waits for the ledger, which is 5 s. One that keeps it
	// comes back before that, also on a busy machine.
	const slack = 4 * time.Second
	within := func(what string, deadline time.Duration, do func(ctx context.Context)) {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), deadline)
		defer cancel()
		began := time.Now()
		do(ctx)
		if took := time.Since(began); took > deadline+slack {
			t.Errorf("%s took %v for %v", what, took, deadline)
		}
	}
	within("submitting", deadline, func(ctx context.Context) {
		if err := l.Submit(ctx); protocol.StatusOf(err) != protocol.StatusDeadlineExceeded {
			t.Errorf("submitting: %v", err)
		}
	})
	within("submitting at once", 0, func(ctx context.Context) {
		for range 20 { // whatever is looked at first
			if err := l.Submit(ctx); protocol.StatusOf(err) != protocol.StatusDeadlineExceeded {
				t.Errorf("submitting at once: %v", err)
			}
		}
	})
	within("submitting, after a wait in vain", 5*time.Second, func(ctx context.Context) {
		if err := l.Submit(ctx); protocol.StatusOf(err) != protocol.StatusDeadlineExceeded {
			t.Errorf("submitting: %v", err)
		}
	})
	within("asking for info", deadline, func(ctx context.Context) {
		info, err := l.Info(ctx)
		if err != nil || info.Usage != before.Usage || info.Flags&protocol.StateFlagStorageDegraded == 0 {
			t.Errorf("%+v, %v", info, err)
		}
	})
	within("defining a type", deadline, func(context.Context) {
		if _, err := l.DefineOperationType("MRZ"); err != nil {
			t.Error(err)
		}
	})
	within("recording with a time stamp", deadline, func(ctx context.Context) {
		if err := l.RecordAt(ctx, protocol.OperationTypeQRCode, 4, start.Add(-time.Hour).Unix()); err != nil {
			t.Error(err)
		}
	})
	within("asking for the client UUID", deadline, func(ctx context.Context) {
		id, err := client.DeviceUUID(ctx, parameters(server, directory))
		if err != nil || id != before.DeviceUUID {
			t.Errorf("%s, %v, but the device is %s", id, err, before.DeviceUUID)
		}
	})
	asked := server.Requests(protocol.PathAuthorizations)
	within("opening another license", 4*time.Second, func(ctx context.Context) {
		other, err := client.Open(ctx, parameters(server, directory), client.Environment{Clock: clock})
		if err != nil {
			t.Fatal(err)
		}
		record(t, other, protocol.OperationTypeQRCode, 5)
		within("asking that one", deadline, func(ctx context.Context) {
			info, err := other.Info(ctx)
			if err != nil || info.DeviceUUID != before.DeviceUUID || info.Usage.Recorded != 5 ||
				info.Flags&protocol.StateFlagStorageDegraded == 0 {
				t.Errorf("%+v, %v", info, err)
			}
		})
		within("closing that one", 0, func(ctx context.Context) {
			if err := other.Close(ctx); protocol.StatusOf(err) != protocol.StatusReportsPending {
				t.Errorf("closing: %v", err)
			}
		})
	})
	if server.Requests(protocol.PathAuthorizations) != asked+1 {
		t.Error("the server was not asked")
	}
	within("closing", 0, func(ctx context.Context) {
		if err := l.Close(ctx); protocol.StatusOf(err) != protocol.StatusReportsPending {
			t.Errorf("closing: %v", err)
		}
	})
	release()
	l = open(t, parameters(server, directory), clock)
	if err := l.Close(context.Background()); err != nil || server.Total() != 12 {
		t.Errorf("%v, the server has %d", err, server.Total())
	}
}

// TestALedgerThatOthersLetGo: the license that could not open it does so later.
func TestALedgerThatOthersLetGo(t *testing.T) {
	directory := heldDirectory(t)
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	release := hold(t, directory)
	p := parameters(server, directory)
	p.InitTimeout = 4 * time.Second // a quarter is for the ledger
	l := open(t, p, clock)
	record(t, l, protocol.OperationTypeQRCode, 3)
	step(t, clock, 0)
	release()
	step(t, clock, 180*time.Second)
	eventually(t, "the ledger is used", func() bool {
		info, err := l.Info(t.Context())
		return err == nil && info.Flags&protocol.StateFlagStorageDegraded == 0
	})
	if err := l.Submit(t.Context()); err != nil || server.Total() != 3 {
		t.Errorf("%v, the server has %d", err, server.Total())
	}
}

// TestAnAddressOfAnotherServer gets nothing from a license that is pinned, or was used
// before: no request, no report. The error says why.
func TestAnAddressOfAnotherServer(t *testing.T) {
	for _, pinned := range []bool{true, false} {
		clock := testkit.NewClock(start)
		ours, other := testkit.NewServer(t, clock.Now), testkit.NewServer(t, clock.Now)
		p := parameters(ours, t.TempDir())
		p.Resubmit = protocol.ResubmitInterval
		if pinned {
			p.ServerPublicKey = protocol.Encoding.EncodeToString(ours.SigningKey)
		}
		l := open(t, p, clock)
		record(t, l, protocol.OperationTypeQRCode, 3)
		if err := l.Submit(t.Context()); err != nil || ours.Total() != 3 {
			t.Fatal(err)
		}
		// The address leads elsewhere in mid-life, and at the next start.
		ours.Intercept(testkit.Impostor(other))
		var told string
		for life := range 2 {
			if life > 0 {
				if err := l.Close(context.Background()); protocol.StatusOf(err) != protocol.StatusReportsPending {
					t.Errorf("pinned %t, closing: %v", pinned, err)
				}
				l = open(t, p, clock)
			}
			before := other.Requests(protocol.PathReports)
			record(t, l, protocol.OperationTypeQRCode, 4)
			for range 3 {
				step(t, clock, 180*time.Second)
			}
			if err := l.Submit(t.Context()); protocol.StatusOf(err) != protocol.StatusServerKeyMismatch {
				t.Errorf("pinned %t, life %d: submitting: %v", pinned, life, err)
			}
			// What it is sent first in mid-life, it answers as no server of ours does.
			if sent := other.Requests(protocol.PathReports) - before; sent > 1-life {
				t.Errorf("pinned %t, life %d: %d batches went to another server", pinned, life, sent)
			}
			if info, err := l.Info(t.Context()); err != nil || life > 0 && info.Flags&protocol.StateFlagCacheUsed == 0 {
				t.Errorf("pinned %t, life %d: %+v, %v", pinned, life, info, err)
			} else {
				told = info.Message
			}
		}
		if asked := other.Requests(protocol.PathAuthorizations); pinned &&
			(asked != 0 || !strings.Contains(told, "sent nothing")) {
			t.Errorf("it was asked %d times; told %q", asked, told)
		}
		ours.Intercept(nil)
		if err := l.Submit(t.Context()); err != nil || ours.Total() != 11 {
			t.Errorf("pinned %t: %v, the server has %d of 11", pinned, err, ours.Total())
		}
	}
}

func TestQuotaStatesComeWithReceipts(t *testing.T) {
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	server.Modify(func(a *protocol.Authorization) { a.Quota.State = protocol.QuotaTolerance })
	l := open(t, parameters(server, t.TempDir()), clock)
	if info, err := l.Info(t.Context()); err != nil || info.Flags != protocol.StateFlagQuotaInTolerance ||
		info.Quota.Limit != 1000 {
		t.Errorf("%+v, %v", info, err)
	}
	if err := l.Record(protocol.OperationTypeQRCode, 1); err != nil {
		t.Errorf("recording in tolerance: %v", err)
	}
}

// TestCloseKeepsItsDeadline with a server that never answers.
func TestCloseKeepsItsDeadline(t *testing.T) {
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	l := open(t, parameters(server, t.TempDir()), clock)
	release := make(chan struct{})
	defer close(release)
	server.Intercept(func(_ http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	record(t, l, protocol.OperationTypeQRCode, 3)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := l.Close(ctx); err == nil {
		t.Error("closed without submitting, and said nothing")
	}
}

func TestSeveralLicensesAtOnce(t *testing.T) {
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	directory := t.TempDir()
	one := open(t, parameters(server, directory), clock)
	p := parameters(server, directory)
	p.HandshakeCode = "100001-other"
	two := open(t, p, clock)
	record(t, one, protocol.OperationTypeQRCode, 3)
	record(t, two, protocol.OperationTypeQRCode, 4)
	for _, l := range []*client.License{one, two} {
		if err := l.Submit(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	byCode := map[string]int64{}
	for key, report := range server.Stored() {
		byCode[key.HandshakeCode] += report.Counts["QR_CODE"]
	}
	if byCode["100001-reader"] != 3 || byCode["100001-other"] != 4 {
		t.Errorf("the server has %v", byCode)
	}
}

func TestDeviceUUID(t *testing.T) {
	p := license.Defaults()
	p.DataDirectory = t.TempDir()
	first, err := client.DeviceUUID(t.Context(), p)
	if err != nil || len(first) != 36 {
		t.Fatalf("%q, %v", first, err)
	}
	if again, err := client.DeviceUUID(t.Context(), p); err != nil || again != first {
		t.Errorf("%q, then %q (%v)", first, again, err)
	}
	p.DeviceUUID = "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6"
	if chosen, err := client.DeviceUUID(t.Context(), p); err != nil ||
		chosen != "f81d4fae-7dec-11d0-a765-00a0c91e6bf6" {
		t.Errorf("%q, %v", chosen, err)
	}
	p.DeviceUUID = "nonsense"
	if _, err := client.DeviceUUID(t.Context(), p); protocol.StatusOf(err) != protocol.StatusInvalidArgument {
		t.Error(err)
	}
	p.DeviceUUID, p.DataDirectory = "", "/dev/null/x"
	if _, err := client.DeviceUUID(t.Context(), p); protocol.StatusOf(err) != protocol.StatusLicenseBufferFailed {
		t.Error(err)
	}
}

// TestAskingForTheUUIDLeavesADamagedLedger to the license, which says so.
func TestAskingForTheUUIDLeavesADamagedLedger(t *testing.T) {
	clock := testkit.NewClock(start)
	p := parameters(testkit.NewServer(t, clock.Now), t.TempDir())
	first, err := client.DeviceUUID(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.DataDirectory, ledger.FileName), []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if again, err := client.DeviceUUID(t.Context(), p); again != first || err != nil {
		t.Errorf("%s, then %s, %v", first, again, err)
	}
	info, err := open(t, p, clock).Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.Flags&protocol.StateFlagStorageRecovered == 0 || info.DeviceUUID != first {
		t.Errorf("flags %d, device %s", info.Flags, info.DeviceUUID)
	}
}

func TestModules(t *testing.T) {
	oned, qr, aztec := protocol.LicenseModuleONED, protocol.LicenseModuleQRCode, protocol.LicenseModuleAztec
	for name, c := range map[string]struct{ granted, asked, want []protocol.LicenseModule }{
		"all":     {nil, nil, nil},
		"granted": {[]protocol.LicenseModule{oned, qr}, nil, []protocol.LicenseModule{oned, qr}},
		"asked":   {nil, []protocol.LicenseModule{qr}, []protocol.LicenseModule{qr}},
		"intersection": {[]protocol.LicenseModule{oned, qr}, []protocol.LicenseModule{qr, aztec},
			[]protocol.LicenseModule{qr}},
	} {
		clock := testkit.NewClock(start)
		server := testkit.NewServer(t, clock.Now)
		server.Modify(func(a *protocol.Authorization) { a.Item.Modules = c.granted })
		p := parameters(server, t.TempDir())
		p.LimitedLicenseModules = c.asked
		info, err := open(t, p, clock).Info(t.Context())
		if err != nil || !slices.Equal(info.Modules, c.want) {
			t.Errorf("%s: %v, %v", name, info.Modules, err)
		}
	}
}
