package ledger_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openlts/openlts/core/internal/filelock"
	"github.com/openlts/openlts/core/internal/ledger"
	"github.com/openlts/openlts/core/internal/tally"
	"github.com/openlts/openlts/core/protocol"
)

const slotStart = 1772323200

var now = time.Unix(slotStart+10, 0)

var options = ledger.Options{Now: func() time.Time { return now }}

var ctx = context.Background()

func open(t *testing.T, directory string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), directory, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func run(t *testing.T, l *ledger.Ledger) *tally.Tally {
	t.Helper()
	c, err := tally.Create("", tally.Account{LTS: "key", HandshakeCode: "100001-reader", Item: "scans"}, 180, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.MeetRun(ctx, c); err != nil {
		t.Fatal(err)
	}
	return c
}

func sums(counts map[int]uint64) *[tally.Types]uint64 {
	var s [tally.Types]uint64
	for operationType, n := range counts {
		s[operationType] = n
	}
	return &s
}

func pending(t *testing.T, l *ledger.Ledger) []ledger.PendingReport {
	t.Helper()
	p, err := l.Pending(ctx, "key", "", 100, func(ledger.ReportKey) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func account(t *testing.T, l *ledger.Ledger) ledger.Account {
	t.Helper()
	a, err := l.Account(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if a.Recorded != a.Accepted+a.Pending+a.Lost() {
		t.Errorf("recorded %d, but accepted %d + pending %d + lost %d", a.Recorded, a.Accepted, a.Pending, a.Lost())
	}
	return a
}

func fold(t *testing.T, l *ledger.Ledger, run *tally.Tally, frame int, slot int64, counts map[int]uint64) int64 {
	t.Helper()
	_, units, err := l.Fold(ctx, run, []ledger.FrameSums{{Frame: frame, Slot: slot, Sums: sums(counts)}})
	if err != nil {
		t.Fatal(err)
	}
	return units
}

func TestFoldingTwiceChangesNothing(t *testing.T) {
	l := open(t, t.TempDir())
	c := run(t, l)
	if units := fold(t, l, c, 0, slotStart, map[int]uint64{16: 3, 6: 2}); units != 5 {
		t.Errorf("%d units were new, want 5", units)
	}
	if units := fold(t, l, c, 0, slotStart, map[int]uint64{16: 3, 6: 2}); units != 0 {
		t.Errorf("%d units were new the second time", units)
	}
	p := pending(t, l)
	if len(p) != 1 || p[0].Report.Revision != 1 || p[0].Report.Counts["QR_CODE"] != 3 ||
		p[0].Report.Counts["EAN_13"] != 2 || len(p[0].Report.Counts) != 2 {
		t.Errorf("pending %+v", p)
	}
	// A late addition makes the report grow and gives it the next revision.
	fold(t, l, c, 0, slotStart, map[int]uint64{16: 4, 6: 2})
	if p := pending(t, l); len(p) != 1 || p[0].Report.Revision != 2 || p[0].Report.Counts["QR_CODE"] != 4 {
		t.Errorf("after a late addition: %+v", p)
	}
	if a := account(t, l); a.Recorded != 6 || a.Pending != 6 {
		t.Errorf("account %+v", a)
	}
}

func TestAcceptingConfirmsWhatWasSent(t *testing.T) {
	l := open(t, t.TempDir())
	c := run(t, l)
	fold(t, l, c, 0, slotStart, map[int]uint64{16: 3})
	sent := pending(t, l)
	fold(t, l, c, 0, slotStart, map[int]uint64{16: 10}) // while it was on its way
	for range 2 {                                       // a receipt that comes twice counts once
		if _, err := l.Accepted(ctx, sent); err != nil {
			t.Fatal(err)
		}
	}
	p := pending(t, l)
	if len(p) != 1 || p[0].Report.Revision != 2 || p[0].Report.Counts["QR_CODE"] != 10 || p[0].Units != 7 {
		t.Errorf("pending %+v", p)
	}
	if a := account(t, l); a.Accepted != 3 || a.Pending != 7 {
		t.Errorf("account %+v", a)
	}
	if _, err := l.Accepted(ctx, p); err != nil {
		t.Fatal(err)
	}
	if a := account(t, l); a.Accepted != 10 || len(pending(t, l)) != 0 {
		t.Errorf("account %+v", a)
	}
}

func TestPurgeDeclaresLossOnce(t *testing.T) {
	l := open(t, t.TempDir())
	c := run(t, l)
	fold(t, l, c, 0, slotStart, map[int]uint64{16: 3})
	if _, err := l.Accepted(ctx, pending(t, l)); err != nil {
		t.Fatal(err)
	}
	fold(t, l, c, 0, slotStart, map[int]uint64{16: 5})
	fold(t, l, c, 1, slotStart+180, map[int]uint64{16: 7})
	for i, want := range []int64{2, 0} {
		if units, err := l.Purge(ctx, slotStart+180, ledger.Unknown); err != nil || units != want {
			t.Errorf("purge %d: %d units, %v; want %d", i, units, err, want)
		}
	}
	a := account(t, l)
	if a.Expired != 2 || a.Accepted != 3 || a.Pending != 7 {
		t.Errorf("account %+v", a)
	}
	p := pending(t, l)
	if len(p) != 2 || p[0].Report.Lost != protocol.LostExpired || p[0].Report.Revision != 3 ||
		p[0].Report.Counts["QR_CODE"] != 5 {
		t.Errorf("declaration %+v", p)
	}
	if _, err := l.Accepted(ctx, p); err != nil {
		t.Fatal(err)
	}
	if a := account(t, l); a.Expired != 2 || a.Accepted != 10 || a.Pending != 0 {
		t.Errorf("account after the declaration arrived: %+v", a)
	}
}

// TestGivenUpUnderAWrongClock: what comes to a slot that another process gave up, whose
// clock is right, is reported as another run, and the books agree.
func TestGivenUpUnderAWrongClock(t *testing.T) {
	const days = 86400
	for _, ahead := range []int64{-50 * days, -4 * days, 4 * days, 50 * days} {
		l := open(t, t.TempDir())
		c := run(t, l)
		if err := l.NoteClock(ctx, c, ahead); err != nil {
			t.Fatal(err)
		}
		fold(t, l, c, 0, slotStart, map[int]uint64{16: 5})
		if units, err := l.Purge(ctx, slotStart-60*days, slotStart-ahead+180); err != nil || units != 5 {
			t.Errorf("%d: %d units, %v", ahead, units, err)
		}
		fold(t, l, c, 0, slotStart, map[int]uint64{16: 12})
		if a := account(t, l); a.Recorded != 12 || a.Expired != 5 || a.Pending != 7 {
			t.Errorf("%d: account %+v", ahead, a)
		}
		if lost, err := l.Balance(ctx); lost != 0 || err != nil {
			t.Errorf("%d: balance %d, %v", ahead, lost, err)
		}
	}
}

// TestNothingMovesToTheFuture: a process that did not live to see its clock being set
// counted some of it by the right one.
func TestNothingMovesToTheFuture(t *testing.T) {
	const days = 86400
	l := open(t, t.TempDir())
	c := run(t, l)
	if err := l.NoteClock(ctx, c, -50*days); err != nil {
		t.Fatal(err)
	}
	fold(t, l, c, 0, slotStart-50*days, map[int]uint64{16: 5})
	fold(t, l, c, 1, slotStart+360, map[int]uint64{16: 7})
	if units, err := l.CorrectClock(ctx, c, 0, slotStart+400); units != 5 || err != nil {
		t.Errorf("%d moved, %v", units, err)
	}
	got := map[int64]int64{}
	for _, p := range pending(t, l) {
		got[p.Key.Slot] += p.Report.Counts["QR_CODE"]
	}
	if want := map[int64]int64{slotStart: 5, slotStart + 360: 7}; !maps.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
}

// TestGivenUpOnItsWay: a report was on its way when another process gave it up. What
// comes of the report itself does not matter any more; what the server has by then,
// the answer to the declaration tells.
func TestGivenUpOnItsWay(t *testing.T) {
	refuse := func(l *ledger.Ledger, p ledger.PendingReport) (int64, error) { return l.Refused(ctx, p) }
	units := func(n int64) *int64 { return &n }
	for name, test := range map[string]struct {
		answer  func(*ledger.Ledger, ledger.PendingReport) (int64, error)
		missing *int64
		want    ledger.Account
	}{
		"counted before": {
			func(l *ledger.Ledger, p ledger.PendingReport) (int64, error) {
				return l.Accepted(ctx, []ledger.PendingReport{p})
			},
			units(0), ledger.Account{Recorded: 5, Accepted: 5},
		},
		"too late": {
			func(l *ledger.Ledger, p ledger.PendingReport) (int64, error) {
				return l.Accepted(ctx, []ledger.PendingReport{p})
			},
			units(5), ledger.Account{Recorded: 5, Expired: 5},
		},
		"refused":           {refuse, units(5), ledger.Account{Recorded: 5, Expired: 5}},
		"refused, and some": {refuse, units(2), ledger.Account{Recorded: 5, Accepted: 3, Expired: 2}},
	} {
		for _, declared := range []bool{false, true} { // when the answer comes
			t.Run(fmt.Sprintf("%s, declared %v", name, declared), func(t *testing.T) {
				l := open(t, t.TempDir())
				c := run(t, l)
				fold(t, l, c, 0, slotStart, map[int]uint64{16: 5})
				onItsWay := pending(t, l)[0]
				if _, err := l.Purge(ctx, slotStart+180, ledger.Unknown); err != nil {
					t.Fatal(err)
				}
				declare := func() {
					declaration := pending(t, l)[0]
					declaration.Missing = test.missing
					if _, err := l.Accepted(ctx, []ledger.PendingReport{declaration}); err != nil {
						t.Fatal(err)
					}
				}
				if declared {
					declare()
				}
				if n, err := test.answer(l, onItsWay); n != 0 || err != nil {
					t.Errorf("%d units, %v", n, err)
				}
				if !declared {
					if a := account(t, l); a.Expired != 5 {
						t.Errorf("account %+v", a)
					}
					declare()
				}
				if lost, err := l.Balance(ctx); lost != 0 || err != nil {
					t.Errorf("balance %d, %v", lost, err)
				}
				if a := account(t, l); a != test.want || len(pending(t, l)) != 0 {
					t.Errorf("account %+v, want %+v", a, test.want)
				}
			})
		}
	}
}

// TestAClosedSlotThatComesAgain: what is counted in a slot whose reports were
// deleted, given up or refused, because the clock was turned back, is reported as
// another run: the server has those reports, and would take a new one of a lower
// revision for an old one.
func TestAClosedSlotThatComesAgain(t *testing.T) {
	accept := func(t *testing.T, l *ledger.Ledger) {
		if _, err := l.Accepted(ctx, pending(t, l)); err != nil {
			t.Fatal(err)
		}
	}
	purge := func(t *testing.T, l *ledger.Ledger) {
		if _, err := l.Purge(ctx, slotStart+180*1000, ledger.Unknown); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		close func(*testing.T, *ledger.Ledger) // of a slot with 5 operations
		was   ledger.Account                   // when 4 more were recorded
	}{
		"deleted": {func(t *testing.T, l *ledger.Ledger) { accept(t, l); purge(t, l) },
			ledger.Account{Recorded: 9, Accepted: 5, Pending: 4}},
		"given up": {purge, ledger.Account{Recorded: 9, Expired: 5, Pending: 4}},
		"given up for good": {func(t *testing.T, l *ledger.Ledger) { purge(t, l); accept(t, l) },
			ledger.Account{Recorded: 9, Expired: 5, Pending: 4}},
		"refused": {func(t *testing.T, l *ledger.Ledger) {
			if _, err := l.Refused(ctx, pending(t, l)[0]); err != nil {
				t.Fatal(err)
			}
		}, ledger.Account{Recorded: 9, Refused: 5, Pending: 4}},
	} {
		t.Run(name, func(t *testing.T) {
			l := open(t, t.TempDir())
			c := run(t, l)
			c.DefineType("MRZ")
			fold(t, l, c, 0, slotStart, map[int]uint64{16: 3, 128: 2})
			first := pending(t, l)[0].Run
			test.close(t, l)
			if units := fold(t, l, c, 0, slotStart, map[int]uint64{16: 4, 128: 4}); units != 3 {
				t.Errorf("%d units were new, want 3", units)
			}
			if err := l.Record(ctx, c, slotStart, 16, 1); err != nil {
				t.Fatal(err)
			}
			if a := account(t, l); a != test.was {
				t.Errorf("account %+v", a)
			}
			p := pending(t, l)
			last := p[len(p)-1]
			if last.Run == first || last.Report.Lost != "" || last.Report.Counts["QR_CODE"] != 2 ||
				last.Report.Counts["MRZ"] != 2 {
				t.Errorf("pending %+v, the first run was %s", p, first)
			}
			accept(t, l)
			want := test.was
			want.Accepted, want.Pending = want.Accepted+4, 0
			if a := account(t, l); a != want || len(pending(t, l)) != 0 {
				t.Errorf("account %+v", a)
			}
		})
	}
}

// TestARunThatIsEnteredAgain: another process took a run for dead whose tally it
// did not find, and finished and forgot it. What comes after that is reported under
// another name, also if nothing of the tally was ever folded.
func TestARunThatIsEnteredAgain(t *testing.T) {
	for _, forget := range []bool{false, true} {
		l := open(t, t.TempDir())
		c := run(t, l)
		record := func(n int64) ledger.PendingReport {
			if err := l.Record(ctx, c, slotStart, 16, n); err != nil {
				t.Fatal(err)
			}
			return pending(t, l)[0]
		}
		first := record(3)
		if _, err := l.Accepted(ctx, []ledger.PendingReport{first}); err != nil {
			t.Fatal(err)
		}
		if err := l.FinishRun(ctx, c.Run); err != nil {
			t.Fatal(err)
		}
		if forget {
			if err := l.ForgetRuns(ctx, func(string) bool { return false }); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := l.MeetRun(ctx, c); err != nil {
			t.Fatal(err)
		}
		if second := record(2); second.Run == first.Run || second.Report.Counts["QR_CODE"] != 2 {
			t.Errorf("forgotten %v: %+v after %+v", forget, second, first)
		}
	}
}

// TestWhatOthersChanged is seen, whatever the file of the lock holds: nothing but the ledger
// itself says whether it changed.
func TestWhatOthersChanged(t *testing.T) {
	directory := t.TempDir()
	one, two := open(t, directory), open(t, directory)
	c, d := run(t, one), run(t, two)
	lock := filepath.Join(directory, "ledger.lock")
	for n := uint64(1); n < 5; n++ {
		fold(t, one, c, 0, slotStart, map[int]uint64{16: n})
		before, err := os.ReadFile(lock)
		if err != nil {
			t.Fatal(err)
		}
		fold(t, two, d, 0, slotStart, map[int]uint64{16: 10 * n})
		if err := os.WriteFile(lock, before, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, l := range []*ledger.Ledger{one, two} {
			if a := account(t, l); a.Recorded != int64(11*n) || a.Pending != a.Recorded {
				t.Errorf("round %d: account %+v", n, a)
			}
		}
	}
}

// TestALedgerRemovedInUse by two processes: one writes it anew, and the other goes on
// with that one. Nothing is said to be damaged, and neither caller sees anything of it.
func TestALedgerRemovedInUse(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows lets nobody remove a file that SQLite has open")
	}
	for name, files := range map[string][]string{
		"the file":          {ledger.FileName},
		"its journal, too":  {ledger.FileName, ledger.FileName + "-journal"},
		"the lock, too":     {ledger.FileName, "ledger.lock"},
		"all but the lock":  {ledger.FileName, ledger.FileName + "-journal", ledger.WitnessName},
		"all":               {ledger.FileName, ledger.FileName + "-journal", ledger.WitnessName, "ledger.lock"},
		"the directory":     {""},
		"its journal alone": {ledger.FileName + "-journal"},
		"its lock alone":    {"ledger.lock"},
	} {
		t.Run(name, func(t *testing.T) {
			directory := filepath.Join(t.TempDir(), "device")
			if err := os.Mkdir(directory, 0o700); err != nil {
				t.Fatal(err)
			}
			one, two := open(t, directory), open(t, directory)
			c, d := run(t, one), run(t, two)
			fold(t, one, c, 0, slotStart, map[int]uint64{16: 1})
			fold(t, two, d, 0, slotStart, map[int]uint64{16: 2})
			for round := range uint64(3) {
				for _, file := range files {
					if err := os.RemoveAll(filepath.Join(directory, file)); err != nil {
						t.Fatal(err)
					}
				}
				fold(t, one, c, 0, slotStart, map[int]uint64{16: 4 + round})
				fold(t, two, d, 0, slotStart, map[int]uint64{16: 5 + round})
				for _, l := range []*ledger.Ledger{one, two} {
					if lost, err := l.Balance(ctx); lost != 0 || err != nil || l.Damage() != "" {
						t.Errorf("lost %d, %v, damage %q", lost, err, l.Damage())
					}
					if a := account(t, l); a.Recorded != 9+2*int64(round) || a.Pending != a.Recorded {
						t.Errorf("round %d: account %+v", round, a)
					}
				}
			}
		})
	}
}

// TestALedgerThatCanNotBeWrittenAnew after it was removed is, once that can be done.
func TestALedgerThatCanNotBeWrittenAnew(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows lets nobody remove a file that SQLite has open")
	}
	directory := t.TempDir()
	l := open(t, directory)
	c := run(t, l)
	fold(t, l, c, 0, slotStart, map[int]uint64{16: 1})
	path := filepath.Join(directory, ledger.FileName)
	inTheWay := filepath.Join(path+".new", "full")
	if err := errors.Join(os.Remove(path), os.MkdirAll(inTheWay, 0o700)); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := l.Try(ctx); err == nil || !strings.Contains(err.Error(), "can't be written anew") {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(path + ".new"); err != nil {
		t.Fatal(err)
	}
	for l.Try(ctx) != nil {
		time.Sleep(10 * time.Millisecond)
	}
	if a := account(t, l); a.Pending != 1 || l.Damage() != "" {
		t.Errorf("%+v, %s", a, l.Damage())
	}
}

// TestReportsBelongToADevice: one that has another client UUID, because its license
// asks for another way to make it, does not report them as its own.
func TestReportsBelongToADevice(t *testing.T) {
	l := open(t, t.TempDir())
	for _, device := range []string{"one", "two"} {
		c, err := tally.Create("", tally.Account{LTS: "key", Device: device}, 180, now)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.MeetRun(ctx, c); err != nil {
			t.Fatal(err)
		}
		fold(t, l, c, 0, slotStart, map[int]uint64{16: 3})
	}
	for _, device := range []string{"one", "two"} {
		p, err := l.Pending(ctx, "key", device, 100, func(ledger.ReportKey) bool { return false })
		if err != nil || len(p) != 1 || p[0].Units != 3 {
			t.Errorf("%s: %+v, %v", device, p, err)
		}
	}
}

// TestALedgerOfALaterVersion of the same generation is used as it is: SDKs of
// different age share a data directory.
func TestALedgerOfALaterVersion(t *testing.T) {
	directory := t.TempDir()
	if err := open(t, directory).Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", filepath.Join(directory, ledger.FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, table := range []string{"ledger", "server_key", "authorization", "mark", "run", "watermark", "report",
		"report_count", "account"} {
		if _, err := db.Exec("ALTER TABLE " + table + " ADD COLUMN later INTEGER NOT NULL DEFAULT 7"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Exec("PRAGMA user_version = 199"); err != nil {
		t.Fatal(err)
	}
	l := open(t, directory)
	c := run(t, l)
	c.DefineType("MRZ")
	fold(t, l, c, 0, slotStart, map[int]uint64{128: 3})
	if err := l.SaveGrant(ctx, ledger.Grant{FirstMet: "server"}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Accepted(ctx, pending(t, l)); err != nil {
		t.Fatal(err)
	}
	if a := account(t, l); a.Accepted != 3 || l.Damage() != "" {
		t.Errorf("account %+v, %s", a, l.Damage())
	}
	var version int
	if err := db.QueryRow("PRAGMA user_version").Scan(&version); err != nil || version != 199 {
		t.Errorf("the version is %d now, %v", version, err)
	}
}

// TestALedgerOfAnEarlierVersion is brought up to date, with all that is in it.
func TestALedgerOfAnEarlierVersion(t *testing.T) {
	directory := t.TempDir()
	l := open(t, directory)
	c := run(t, l)
	fold(t, l, c, 0, slotStart, map[int]uint64{16: 3})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", filepath.Join(directory, ledger.FileName))
	if err != nil {
		t.Fatal(err)
	}
	// As version 1 was.
	if _, err := db.Exec(
		`DROP TABLE reserve; ALTER TABLE run DROP COLUMN closed_before; ALTER TABLE run DROP COLUMN device;
		ALTER TABLE report DROP COLUMN sent; ALTER TABLE run DROP COLUMN ahead; ALTER TABLE ledger ADD COLUMN moved INTEGER NOT NULL DEFAULT 0;
		CREATE TABLE operation_type (run INTEGER NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL);
		DROP TABLE identity; PRAGMA user_version = 1; PRAGMA journal_mode = WAL`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		l := open(t, directory)
		if l.Damage() != "" {
			t.Error(l.Damage())
		}
		if a := account(t, l); a.Pending != 3 {
			t.Errorf("account %+v", a)
		}
		if _, err := l.Purge(ctx, slotStart, ledger.Unknown); err != nil {
			t.Error(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRefusedReportsAreLost(t *testing.T) {
	l := open(t, t.TempDir())
	c := run(t, l)
	fold(t, l, c, 0, slotStart, map[int]uint64{16: 3})
	if units, err := l.Refused(ctx, pending(t, l)[0]); err != nil || units != 3 {
		t.Errorf("refused %d, %v", units, err)
	}
	if a := account(t, l); a.Refused != 3 || len(pending(t, l)) != 0 {
		t.Errorf("account %+v", a)
	}
}

func TestAFinishedRunIsForgottenOnceNothingIsLeft(t *testing.T) {
	l := open(t, t.TempDir())
	c := run(t, l)
	fold(t, l, c, 0, slotStart, map[int]uint64{16: 3})
	if err := l.FinishRun(ctx, c.Run); err != nil {
		t.Fatal(err)
	}
	state := func() ledger.RunState {
		s, err := l.RunState(ctx, c.Run)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	forget := func(present bool) {
		if err := l.ForgetRuns(ctx, func(string) bool { return present }); err != nil {
			t.Fatal(err)
		}
	}
	if forget(false); state() != ledger.RunFinished {
		t.Error("forgotten with a report pending")
	}
	if _, err := l.Accepted(ctx, pending(t, l)); err != nil {
		t.Fatal(err)
	}
	if forget(true); state() != ledger.RunFinished {
		t.Error("forgotten while its tally file is there")
	}
	if forget(false); state() != ledger.RunUnknown {
		t.Error("not forgotten")
	}
	account(t, l)
}

// TestARunTheLedgerLost: what the tally knows to be folded is not folded again,
// and what is new is reported as another run, because the server may hold reports
// of this one that nobody here remembers.
func TestARunTheLedgerLost(t *testing.T) {
	l := open(t, t.TempDir())
	c, err := tally.Create("", tally.Account{LTS: "key"}, 180, now)
	if err != nil {
		t.Fatal(err)
	}
	c.SetTypeName(128, "MRZ")
	c.Relabel(0, slotStart)
	c.SetKnown()
	c.SetFolded(0, sums(map[int]uint64{16: 100}))
	if _, err := l.MeetRun(ctx, c); err != nil {
		t.Fatal(err)
	}
	if units := fold(t, l, c, 0, slotStart, map[int]uint64{16: 103, 128: 2}); units != 5 {
		t.Errorf("%d units were new, want 5", units)
	}
	first := pending(t, l)[0]
	if first.Run == c.Run {
		t.Error("what is new is added to a report the server may have")
	}
	// The name of a type is in the tally.
	if first.Report.Counts["MRZ"] != 2 || first.Report.Counts["QR_CODE"] != 3 {
		t.Errorf("counts %v", first.Report.Counts)
	}
	// Again: folded further than the ledger knows. Its account does not know that
	// either, and what is missing is declared.
	c.AddTo(0, 16, 110)
	c.AddTo(0, 128, 2)
	c.SetFolded(0, sums(map[int]uint64{16: 110, 128: 2}))
	marks, err := l.MeetRun(ctx, c)
	if err != nil || marks[0][16] != 110 {
		t.Fatalf("folded to %d, %v", marks[0][16], err)
	}
	fold(t, l, c, 0, slotStart, map[int]uint64{16: 111, 128: 2})
	p := pending(t, l)
	if lost, err := l.Balance(ctx); lost != 7 || err != nil {
		t.Errorf("lost %d, %v", lost, err)
	}
	if a := account(t, l); a.Recorded != 13 || a.Storage != 7 {
		t.Errorf("account %+v", a)
	}
	if len(p) != 2 || p[0].Run != first.Run || p[0].Report.Counts["QR_CODE"] != 3 || p[1].Run == first.Run ||
		p[1].Report.Counts["QR_CODE"] != 1 {
		t.Errorf("pending %+v", p)
	}
}

func TestDamagedLedgersAreSetAside(t *testing.T) {
	newer := func(path string) error {
		db, err := sql.Open("sqlite3", path)
		if err != nil {
			return err
		}
		defer func() { _ = db.Close() }()
		_, err = db.Exec("PRAGMA user_version = 999")
		return err
	}
	foreign := func(path string) error {
		db, err := sql.Open("sqlite3", path)
		if err != nil {
			return err
		}
		defer func() { _ = db.Close() }()
		_, err = db.Exec("CREATE TABLE other (x); PRAGMA user_version = 1")
		return err
	}
	// A bad page somewhere in the middle, which opening the file does not need.
	page := func(path string) error {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		copy(text[3*len(text)/4/4096*4096:], strings.Repeat("x", 4096))
		return os.WriteFile(path, text, 0o600)
	}
	for name, damage := range map[string]func(path string) error{
		"bad page": page,
		"garbage":  func(path string) error { return os.WriteFile(path, []byte(strings.Repeat("x", 5000)), 0o600) },
		"cut":      func(path string) error { return os.Truncate(path, 700) },
		"sparse": func(path string) error {
			return errors.Join(os.WriteFile(path, []byte("x"), 0o600), os.Truncate(path, 200<<30))
		},
		"newer":             newer,
		"another program's": foreign,
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			path := filepath.Join(directory, ledger.FileName)
			if name == "cut" || name == "newer" || name == "bad page" {
				first := open(t, directory)
				if err := first.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if err := damage(path); err != nil {
				t.Fatal(err)
			}
			l := open(t, directory)
			if l.Damage() == "" || !l.Durable() {
				t.Errorf("damage %q, durable %v", l.Damage(), l.Durable())
			}
			if aside, _ := filepath.Glob(path + ".damaged-*"); len(aside) == 0 {
				t.Error("the damaged file is gone")
			}
			c := run(t, l)
			fold(t, l, c, 0, slotStart, map[int]uint64{16: 3})
			account(t, l)
		})
	}
}

// TestOddDirectories: whatever a directory is called, the ledger is in it, and can be
// written anew there.
func TestOddDirectories(t *testing.T) {
	long := strings.Repeat("/"+strings.Repeat("l", 150), 12)
	names := []string{"ä #%20&x=y", "x[1]", "'quoted", long}
	if runtime.GOOS != "windows" { // which has no such names
		names = append(names, "?x", `back\slash`, "a*b", "two\nlines", `"`)
	}
	for _, name := range names {
		directory := filepath.Join(t.TempDir(), name)
		if err := os.MkdirAll(directory, 0o700); err != nil {
			t.Fatal(err)
		}
		if len(name) > 500 && runtime.GOOS != "linux" && runtime.GOOS != "windows" {
			t.Log("skipped: paths of more than 490 bytes work on Linux and Windows only")
			continue
		}
		l := open(t, directory)
		c := run(t, l)
		path := filepath.Join(directory, ledger.FileName)
		for n := range uint64(3) {
			fold(t, l, c, 0, slotStart, map[int]uint64{16: n})
			remove := os.Remove
			if runtime.GOOS == "windows" { // nobody can, while it is open
				remove = func(path string) error { _, err := os.Lstat(path); return err }
			}
			if err := remove(path); err != nil {
				t.Errorf("the ledger of %.20q is elsewhere: %v", name, err)
			}
		}
		if a := account(t, l); a.Recorded != 2 || l.Damage() != "" {
			t.Errorf("%.20q: %+v, %s", name, a, l.Damage())
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if a := account(t, open(t, directory)); a.Recorded != 2 {
			t.Errorf("%.20q, opened again: %+v", name, a)
		}
	}
}

func TestAnchorsAndKeys(t *testing.T) {
	for name, directory := range map[string]string{"file": t.TempDir(), "memory": ""} {
		l := open(t, directory)
		if l.Durable() != (directory != "") {
			t.Errorf("%s: durable %v", name, l.Durable())
		}
		for _, anchor := range []ledger.Anchor{{Server: 5, Wall: 6}, {Server: 3, Wall: 4}} {
			if err := l.SetAnchor(ctx, "lts", anchor); err != nil {
				t.Fatal(err)
			}
		}
		if anchor, found, err := l.Anchor(ctx, "lts"); anchor != (ledger.Anchor{Server: 3, Wall: 4}) ||
			!found || err != nil {
			t.Errorf("%s: anchor %+v, %v, %v", name, anchor, found, err)
		}
		for _, key := range []string{"first", "second"} {
			grant := ledger.Grant{
				FirstMet: "https://lts", CachedAuthorization: ledger.CachedAuthorization{PublicKey: key},
			}
			if err := l.SaveGrant(ctx, grant); err != nil {
				t.Fatal(err)
			}
		}
		if key, _ := l.ServerKey(ctx, "https://lts"); key != "first" {
			t.Errorf("%s: the key first seen is %q", name, key)
		}
		if a, err := l.Authorization(ctx, "none"); a != nil || err != nil {
			t.Errorf("%s: %v, %v", name, a, err)
		}
		if err := l.SaveGrant(ctx, ledger.Grant{Request: "r",
			CachedAuthorization: ledger.CachedAuthorization{JWS: "a.b.c", ReceivedAt: 7}}); err != nil {
			t.Fatal(err)
		}
		if a, _ := l.Authorization(ctx, "r"); a == nil || a.JWS != "a.b.c" || a.ReceivedAt != 7 {
			t.Errorf("%s: cached %+v", name, a)
		}
		if err := l.DropAuthorization(ctx, "r"); err != nil {
			t.Fatal(err)
		}
		if a, _ := l.Authorization(ctx, "r"); a != nil {
			t.Errorf("%s: still cached", name)
		}
	}
}

// TestManyOpenAtOnce: processes that start together in a new directory all get
// the one ledger; nobody takes another's half-made one for damaged.
func TestManyOpenAtOnce(t *testing.T) {
	for range 20 {
		directory := t.TempDir()
		var starters sync.WaitGroup
		for range 8 {
			starters.Go(func() {
				l, err := ledger.Open(ctx, directory, options)
				if err != nil {
					t.Error(err)
					return
				}
				if l.Damage() != "" || !l.Durable() {
					t.Errorf("damage %q, durable %v", l.Damage(), l.Durable())
				}
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		starters.Wait()
	}
}

// TestAWatermarkThatCanNotBe is no reason to lose what is counted from now on, or to
// count what was counted: the tally knows how far it was folded.
func TestAWatermarkThatCanNotBe(t *testing.T) {
	for _, absurd := range []int64{-1, 1 << 60, 1<<63 - 1} {
		directory := t.TempDir()
		l := open(t, directory)
		c, err := tally.Create(directory, tally.Account{LTS: "key"}, 180, now)
		if err != nil {
			t.Fatal(err)
		}
		c.Relabel(0, slotStart)
		c.AddTo(0, 16, 5)
		fold(t, l, c, 0, slotStart, map[int]uint64{16: 5})
		c.SetFolded(0, sums(map[int]uint64{16: 5}))
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open("sqlite3", filepath.Join(directory, ledger.FileName))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec("UPDATE watermark SET folded = ?", absurd); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		l = open(t, directory)
		c.AddTo(0, 16, 2)
		if units := fold(t, l, c, 0, slotStart, map[int]uint64{16: 7}); units != 2 {
			t.Errorf("%d: %d units were new, want 2", absurd, units)
		}
		if a := account(t, l); a.Recorded != 7 || a.Pending != 7 {
			t.Errorf("%d: %+v", absurd, a)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestAShortWait of one caller, while others have the ledger, leaves the next one the
// time it has.
func TestAShortWait(t *testing.T) {
	directory := t.TempDir()
	l := open(t, directory)
	release, err := filelock.Acquire(t.Context(), filepath.Join(directory, "ledger.lock"))
	if err != nil {
		t.Fatal(err)
	}
	soon, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := l.KeepIdentity(soon, "one"); !errors.Is(err, ledger.ErrBusy) {
		t.Errorf("others have the ledger: %v", err)
	}
	time.AfterFunc(200*time.Millisecond, release)
	if err := l.KeepIdentity(t.Context(), "two"); err != nil {
		t.Errorf("there was time enough: %v", err)
	}
}
