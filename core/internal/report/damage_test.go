package report_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/openlts/openlts/core/internal/ledger"
	"github.com/openlts/openlts/core/internal/report"
	"github.com/openlts/openlts/core/testkit"
)

// attacked is a device whose files are damaged while it lives.
type attacked struct {
	*meter
	directory string
	server    *testkit.Server
	network   *testkit.Network
	submitter *report.Submitter
	recorded  int64
	snapshot  map[string][]byte // files of the ledger at some moment
	told      int               // how often damage was noticed
	missing   int               // tallies that were found gone

	unbalanced bool // damage was noticed, and the account not balanced yet
}

func newAttacked(t *testing.T, seed uint64) *attacked {
	t.Helper()
	a := &attacked{meter: newMeter(t, t.TempDir()), network: testkit.NewNetwork(seed)}
	a.directory = filepath.Join(t.TempDir(), "device")
	if err := os.Mkdir(a.directory, 0o700); err != nil {
		t.Fatal(err)
	}
	a.server = testkit.NewServer(t, a.clock.Now)
	a.start()
	return a
}

// start is what a process does that opens a license.
func (a *attacked) start() {
	a.t.Helper()
	var err error
	a.ledger, err = ledger.Open(context.Background(), a.directory,
		ledger.Options{Now: a.clock.Now, Notify: func(n ledger.Notice) {
			if n.Damage != "" {
				a.told++
				a.unbalanced = true
			}
		}})
	if err != nil {
		a.t.Fatal(err)
	}
	a.submitter = a.meter.submitter(a.server, a.directory)
	a.submitter.Transport = a.network
	adoption, err := report.Adopt(context.Background(), a.directory, a.ledger)
	if err != nil && !strings.Contains(err.Error(), "not a tally") {
		a.t.Fatal(err)
	}
	a.missing += adoption.Missing
}

// die is what the kernel does when it ends a process.
func (a *attacked) die() {
	a.t.Helper()
	if err := a.tally.Close(); err != nil {
		a.t.Fatal(err)
	}
	if err := a.ledger.Close(); err != nil {
		a.t.Fatal(err)
	}
}

// seal is what License.seal does.
func (a *attacked) seal(all bool) {
	a.t.Helper()
	a.meter.seal(all)
	if a.unbalanced {
		a.unbalanced = false
		if _, err := a.ledger.Balance(context.Background()); err != nil {
			a.t.Fatal(err)
		}
	}
}

func (a *attacked) submit() {
	a.seal(true)
	_, _ = a.submitter.Submit(context.Background(), true) // the network may be broken
}

func (a *attacked) ledgerFiles() []string {
	paths, _ := filepath.Glob(filepath.Join(a.directory, ledger.FileName+"*"))
	var files []string
	for _, path := range paths {
		if !strings.Contains(path, "damaged") && !strings.HasSuffix(path, "-shm") {
			files = append(files, path)
		}
	}
	return files
}

func (a *attacked) takeSnapshot() {
	a.snapshot = map[string][]byte{}
	for _, path := range a.ledgerFiles() {
		text, err := os.ReadFile(path)
		if err != nil {
			a.t.Fatal(err)
		}
		a.snapshot[path] = text
	}
}

func (a *attacked) removeLedger() {
	for _, path := range append(a.ledgerFiles(), filepath.Join(a.directory, ledger.FileName+"-shm")) {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			if runtime.GOOS == "windows" {
				a.t.Skipf("skipped: on Windows, nobody can remove a ledger in use: %v", err)
			}
			a.t.Fatal(err)
		}
	}
}

func (a *attacked) restoreSnapshot() {
	a.removeLedger()
	for path, text := range a.snapshot {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
}

func (a *attacked) spoilLedger() {
	if err := os.WriteFile(filepath.Join(a.directory, ledger.FileName), []byte(strings.Repeat("noise", 5000)),
		0o600); err != nil {
		a.t.Fatal(err)
	}
}

// live records, seals and submits for a while.
func (a *attacked) live(random *rand.Rand) {
	for range 1 + random.IntN(12) {
		switch random.IntN(6) {
		case 0:
			a.submit()
		case 1:
			a.seal(random.IntN(2) == 0)
		case 2: // a time stamp of the host's, in one of the slots around now
			n := 1 + random.Int64N(9)
			slot := a.tally.Slot.Start(a.clock.Now().Unix() - random.Int64N(300))
			if err := a.ledger.Record(context.Background(), a.tally, slot, 16, n); err != nil {
				a.t.Fatal(err)
			}
			a.recorded += n
		default:
			a.clock.Advance(time.Duration(random.IntN(150)) * time.Second)
			n := 1 + random.Uint64N(9)
			a.record(n)
			a.recorded += int64(n)
		}
	}
}

// account settles everything and gives what the device says in the end.
func (a *attacked) settle() ledger.Account {
	a.t.Helper()
	a.network.Repair()
	a.die()
	a.start()
	if _, err := a.submitter.Submit(context.Background(), true); err != nil {
		a.t.Fatal(err)
	}
	account, err := a.ledger.Account(context.Background())
	if err != nil {
		a.t.Fatal(err)
	}
	if account.Recorded != account.Accepted+account.Pending+account.Lost() || account.Pending != 0 ||
		account.Accepted < 0 || account.Storage < 0 {
		a.t.Errorf("the books do not agree: %+v", account)
	}
	if total := a.server.Total(); total > a.recorded {
		a.t.Errorf("recorded %d, and the server counted %d", a.recorded, total)
	}
	return account
}

// TestALedgerThatIsGone: removed or spoiled, between two lives of the process or
// (removed) within one, as often as it likes. Nothing is doubled, and exactly what
// the server does not get is declared lost.
func TestALedgerThatIsGone(t *testing.T) {
	for _, answersLost := range []bool{false, true} {
		for seed := range uint64(12) {
			t.Run(fmt.Sprintf("seed %d, answers lost %v", seed, answersLost), func(t *testing.T) {
				a := newAttacked(t, seed)
				random := rand.New(rand.NewPCG(seed, 2))
				damages := 0
				for range 2 + random.IntN(5) {
					if answersLost {
						a.network.Break()
					}
					a.live(random)
					switch random.IntN(5) {
					case 0:
						a.removeLedger() // in the middle of its life: it is written anew
						a.seal(false)
						a.live(random)
					case 1:
						a.die()
						a.start()
					case 2:
						a.die()
						a.removeLedger()
						a.start()
						damages++
					default:
						a.die()
						a.spoilLedger()
						a.start()
						damages++
					}
				}
				account := a.settle()
				if a.told != damages || a.missing != 0 {
					t.Errorf("told %d times of %d damages, %d tallies missing", a.told, damages, a.missing)
				}
				gone := a.recorded - a.server.Total()
				if account.Recorded != a.recorded || account.Storage < gone || !answersLost && account.Storage != gone {
					t.Errorf("recorded %d, the server has %d: %d are gone; the device says %+v", a.recorded,
						a.server.Total(), gone, account)
				}
			})
		}
	}
}

// TestALedgerThatFellBack to an older copy of itself, as from a backup, or because
// its log was cut: nothing is doubled, and it is told.
func TestALedgerThatFellBack(t *testing.T) {
	for seed := range uint64(16) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			a := newAttacked(t, seed)
			random := rand.New(rand.NewPCG(seed, 3))
			fellBack := 0
			for range 2 + random.IntN(4) {
				if seed%2 == 1 {
					a.network.Break()
				}
				a.takeSnapshot()
				a.live(random)
				a.record(1)
				a.recorded++
				a.seal(true) // at least one change after the copy
				if random.IntN(3) == 0 {
					a.restoreSnapshot()
					a.seal(false)
					a.live(random)
				} else {
					a.die()
					a.restoreSnapshot()
					a.start()
				}
				fellBack++
			}
			account := a.settle()
			if account.Recorded != a.recorded || a.told != fellBack {
				t.Errorf("recorded %d, told %d times of %d: %+v", a.recorded, a.told, fellBack, account)
			}
			if gone := a.recorded - a.server.Total(); account.Storage < gone || seed%2 == 0 && account.Storage != gone {
				t.Errorf("%d are gone; the device says %+v", gone, account)
			}
		})
	}
}

// TestTheWitnessIsGone, too: the account begins anew, and nothing is doubled.
func TestTheWitnessIsGone(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			a := newAttacked(t, seed)
			random := rand.New(rand.NewPCG(seed, 4))
			for range 2 + random.IntN(4) {
				a.takeSnapshot()
				a.live(random)
				a.die()
				switch random.IntN(3) {
				case 0:
					a.removeLedger()
				case 1:
					a.restoreSnapshot()
				}
				if err := os.Remove(filepath.Join(a.directory, ledger.WitnessName)); err != nil {
					t.Fatal(err)
				}
				a.start()
			}
			a.settle()
		})
	}
}

// TestTalliesThatAreGone or fell back between two lives: nothing is doubled, and
// a tally that is gone is told.
func TestTalliesThatAreGone(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			a := newAttacked(t, seed)
			random := rand.New(rand.NewPCG(seed, 5))
			gone := 0
			for range 2 + random.IntN(4) {
				path := filepath.Join(a.directory, a.tally.Run+".tally")
				copied, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				a.live(random)
				a.die()
				switch random.IntN(3) {
				case 0:
					gone++
					if err := os.Remove(path); err != nil {
						t.Fatal(err)
					}
				case 1:
					if err := os.WriteFile(path, copied, 0o600); err != nil {
						t.Fatal(err)
					}
				}
				a.start()
			}
			a.settle()
			if a.missing < gone {
				t.Errorf("%d tallies were removed, and %d missed", gone, a.missing)
			}
		})
	}
}
