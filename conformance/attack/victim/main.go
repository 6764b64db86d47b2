// Command victim is the process whose store is attacked: it opens a license,
// records operations in each way there is, submits, lets a time slot end,
// closes, opens again, and keeps books for the judge all the while. Its clock is
// simulated, so that it does the same each time, in no time.
//
// It goes on whatever fails, as a host would, and states in the end what it was
// told.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/openlts/openlts/conformance/attack/books"
	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/testkit"
)

const slotSeconds = 180

// patience bounds what waits for the library. Nothing is concluded from it but
// that the library hangs.
const patience = 60 * time.Second

func main() {
	v := victim{parameters: license.Defaults()}
	mode := flag.String("mode", "run",
		"run; leave (be killed in the middle, without a network); beside (wait in the middle); settle")
	flag.StringVar(&v.parameters.MainServerURL, "server", "", "address of the server")
	flag.StringVar(&v.parameters.HandshakeCode, "code", "", "handshake code")
	flag.StringVar(&v.parameters.DataDirectory, "data", "", "data directory")
	ledger := flag.String("books", "", "file of the judge's books")
	flag.StringVar(&v.path, "statement", "", "file for the statement")
	now := flag.Int64("now", 0, "what time it is, in seconds since 1970")
	flag.IntVar(&v.hold, "hold", 0, "negative control: acknowledge so many operations before they are recorded")
	flag.Parse()
	v.parameters.SlotSeconds = slotSeconds
	v.clock = testkit.NewClock(time.Unix(*now, 0))
	v.network = &network{next: &http.Transport{DisableKeepAlives: true}}
	var err error
	if v.books, err = books.Open(*ledger); err != nil {
		fmt.Fprintln(os.Stderr, "victim:", err)
		os.Exit(1)
	}
	switch *mode {
	case "leave":
		v.leave()
	case "beside":
		v.beside()
	case "settle":
		v.settle()
	default:
		v.run()
	}
	v.conclude()
}

type victim struct {
	parameters license.Parameters
	path       string
	hold       int
	held       [len(books.Types)]int64
	clock      *testkit.Clock
	network    *network
	books      *books.Books
	license    *client.License
	attack     protocol.OperationType // defined by us; 0 if that failed
	volatile   bool                   // the library told that usage is in memory
	statement  books.Statement
}

// network is a transport that can be cut.
type network struct {
	next http.RoundTripper
	cut  bool
}

type errCut struct{}

func (errCut) Error() string { return "the network is cut" }

func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	if n.cut {
		return nil, errCut{}
	}
	return n.next.RoundTrip(r)
}

// The types, by their place in the books.
const (
	qrCode = iota
	ean13
	attack
)

// run is what is attacked.
func (v *victim) run() {
	v.open()
	v.records()
	v.submit()
	v.records()
	v.advance(slotSeconds) // the slot ends, and is sealed and submitted
	v.records()
	v.info()
	v.close(true)
	v.open() // takes the tally up that closing left
	v.records()
	v.submit()
	v.advance(1) // the counters are written back
	v.records()
	v.close(false) // some reports are left
}

// leave is killed with operations in each state: pending, sealed, and counted.
func (v *victim) leave() {
	v.open()
	v.network.cut = true
	v.records()
	v.submit() // fails
	v.records()
	v.advance(slotSeconds)
	v.records()
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

// beside is another process on the directory, with the ledger open. It lets another
// one come and go, and goes on with what that left.
func (v *victim) beside() {
	v.open()
	v.records()
	v.submit()
	v.records()
	v.info()
	if _, err := fmt.Println("ready"); err != nil {
		return
	}
	_, _ = os.Stdin.Read(make([]byte, 1)) // until it may go on
	v.records()
	v.info()
	v.advance(slotSeconds)
	v.submit()
	v.records()
	v.close(true)
}

// settle submits all that is left.
func (v *victim) settle() {
	v.open()
	v.submit()
	v.info()
	v.close(true)
}

// timed does what calls the library, and notes how long that took.
func (v *victim) timed(doing string, do func() error) {
	began := time.Now()
	err := do()
	if seconds := time.Since(began).Seconds(); seconds > v.statement.Longest.Seconds {
		v.statement.Longest = books.Duration{Doing: doing, Seconds: seconds}
	}
	if err != nil {
		v.failed(doing, err)
	}
}

func (v *victim) open() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	v.timed("open", func() (err error) {
		v.license, err = client.Open(ctx, v.parameters, client.Environment{Clock: v.clock, Transport: v.network})
		return err
	})
	v.attack, v.volatile = 0, false
	if v.license == nil {
		return
	}
	v.listen()
	v.rest()
	v.timed("define", func() (err error) {
		v.attack, err = v.license.DefineOperationType(books.Types[attack])
		return err
	})
}

// records records operations in each way.
func (v *victim) records() {
	if v.license == nil {
		return
	}
	v.listen()
	v.record(qrCode, protocol.OperationTypeQRCode, 3)
	v.record(ean13, protocol.OperationTypeEAN13, 2)
	if v.attack != 0 {
		v.record(attack, v.attack, 5)
	}
	v.keep("record at", ean13, 7, func(n uint32) error {
		return v.license.RecordAt(context.Background(), protocol.OperationTypeEAN13, n,
			v.clock.Now().Add(-time.Hour).Unix())
	})
	v.listen()
}

func (v *victim) record(place int, operationType protocol.OperationType, n uint32) {
	if v.hold > 0 {
		v.control(place, n)
		return
	}
	v.keep("record", place, n, func(n uint32) error { return v.license.Record(operationType, n) })
}

// keep does what counts n operations, with the books raised around it.
func (v *victim) keep(doing string, place int, n uint32, do func(n uint32) error) {
	v.books.Begun[place].Add(int64(n))
	counted := false
	v.timed(doing, func() error {
		err := do(n)
		counted = err == nil
		return err
	})
	switch {
	case !counted:
	case v.volatile:
		v.books.Volatile[place].Add(int64(n))
	default:
		v.books.Acknowledged[place].Add(int64(n))
	}
}

// control is the mistake that the judge has to notice: operations are
// acknowledged and held back, until they are enough or the license is closed.
func (v *victim) control(place int, n uint32) {
	v.books.Begun[place].Add(int64(n))
	v.books.Acknowledged[place].Add(int64(n))
	if v.held[place] += int64(n); v.held[place] >= int64(v.hold) {
		v.flush()
	}
}

// flush records what is held back.
func (v *victim) flush() {
	for place, operationType := range []protocol.OperationType{protocol.OperationTypeQRCode,
		protocol.OperationTypeEAN13, v.attack} {
		if v.held[place] > 0 {
			_ = v.license.Record(operationType, uint32(v.held[place]))
			v.held[place] = 0
		}
	}
}

func (v *victim) submit() {
	if v.license == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	v.timed("submit", func() error { return v.confirm(v.license.Submit(ctx)) })
	v.listen()
}

// confirm notes that nothing is left, if that is what the library says. Then it
// does not matter any more what was in memory only.
func (v *victim) confirm(err error) error {
	for place := range books.Types {
		if err == nil {
			v.books.Acknowledged[place].Add(v.books.Volatile[place].Swap(0))
			v.books.Submitted[place].Store(v.books.Acknowledged[place].Load())
		}
	}
	return err
}

func (v *victim) close(submit bool) {
	if v.license == nil {
		return
	}
	v.flush()
	v.info()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if !submit {
		cancel()
	}
	v.timed("close", func() error { return v.confirm(v.license.Close(ctx)) })
	v.listen()
}

func (v *victim) advance(seconds int) {
	v.clock.Advance(time.Duration(seconds) * time.Second)
	v.rest()
	v.listen()
}

// rest waits until the two goroutines of the license wait for the clock.
func (v *victim) rest() {
	if v.license == nil {
		return
	}
	for deadline := time.Now().Add(patience); v.clock.Waiting() != 2; {
		if time.Now().After(deadline) {
			v.statement.Restless = true
			return
		}
		time.Sleep(100 * time.Microsecond)
	}
}

func (v *victim) info() {
	if v.license == nil {
		return
	}
	var info client.Info
	failed := false
	v.timed("info", func() (err error) {
		info, err = v.license.Info(context.Background())
		failed = err != nil
		return err
	})
	if failed {
		return
	}
	v.flags(info.Flags)
	u := info.Usage
	v.statement.Device = info.DeviceUUID
	v.statement.Accounts = append(v.statement.Accounts, books.Account{
		Recorded: u.Recorded, Accepted: u.Accepted, Pending: u.Pending, Lost: u.Lost(),
	})
}

// failed notes what the library said.
func (v *victim) failed(doing string, err error) {
	status := protocol.StatusOf(err)
	if status == protocol.StatusLicenseBufferFailed || doing == "open" {
		v.books.Told.Add(1)
	}
	v.statement.Failures = append(v.statement.Failures, books.Failure{
		Doing: doing, Status: status.Name(), Message: err.Error(),
	})
}

// listen takes the events that came.
func (v *victim) listen() {
	if v.license == nil {
		return
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	for {
		event, ok := v.license.Poll(over)
		if !ok {
			return
		}
		v.flags(event.Flags)
		if event.Status == protocol.StatusLicenseBufferFailed || event.Kind == protocol.EventKindInternalError {
			v.books.Told.Add(1)
		}
		if strings.Contains(event.Message, "in memory") {
			v.volatile = true
		}
		v.statement.Events = append(v.statement.Events, books.Event{
			Kind: int(event.Kind), Status: event.Status.Name(), Message: event.Message,
		})
	}
}

func (v *victim) flags(flags protocol.StateFlag) { v.books.Flags.Or(int64(flags)) }

// conclude writes the statement down.
func (v *victim) conclude() {
	v.statement.Flags = v.books.Flags.Load()
	text, err := json.MarshalIndent(v.statement, "", "  ")
	if err == nil {
		err = os.WriteFile(v.path, text, 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "victim:", err)
		os.Exit(1)
	}
}
