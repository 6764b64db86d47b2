package client_test

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/internal/tally"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/testkit"
)

// TestUsageOfTheDevice is over all licenses on the directory, at any moment: also what
// others counted in the current slot, and what is left of a closed one.
func TestUsageOfTheDevice(t *testing.T) {
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	directory := t.TempDir()
	one, two := open(t, parameters(server, directory), clock), open(t, parameters(server, directory), clock)
	elsewhere := open(t, parameters(server, t.TempDir()), clock)
	eventually(t, "all are at rest", func() bool { return clock.Waiting() == 6 })
	expect := func(recorded, accepted int64) {
		t.Helper()
		for _, l := range []*client.License{one, two} {
			if u := usage(t, l); u.Recorded != recorded || u.Accepted != accepted {
				t.Errorf("%+v, not %d recorded and %d accepted", u, recorded, accepted)
			}
		}
	}
	record(t, one, protocol.OperationTypeQRCode, 3)
	expect(3, 0)
	record(t, two, protocol.OperationTypeAztec, 40)
	record(t, elsewhere, protocol.OperationTypeQRCode, 1000)
	expect(43, 0)
	if err := two.RecordAt(t.Context(), protocol.OperationTypeQRCode, 500, start.Add(-time.Hour).Unix()); err != nil {
		t.Fatal(err)
	}
	expect(543, 0)
	if err := one.Submit(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(543, 3)
	if err := two.Submit(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(543, 543)
	record(t, two, protocol.OperationTypeQRCode, 7)
	if err := two.Close(over()); protocol.StatusOf(err) != protocol.StatusReportsPending {
		t.Fatal(err)
	}
	two = one
	expect(550, 543)
}

// TestUsageWhileItIsFolded never lacks what was recorded, nor has anything twice: while
// slots end, and the licenses submit.
func TestUsageWhileItIsFolded(t *testing.T) {
	server := testkit.NewServer(t, time.Now)
	directory := t.TempDir()
	one, two := open(t, parameters(server, directory), nil), open(t, parameters(server, directory), nil)
	var begun, acknowledged atomic.Int64
	stop := make(chan struct{})
	ended := make(chan struct{}, 4)
	spawn := func(do func()) {
		go func() {
			defer func() { ended <- struct{}{} }()
			for {
				select {
				case <-stop:
					return
				default:
					do()
				}
			}
		}()
	}
	for _, l := range []*client.License{one, two} {
		spawn(func() {
			begun.Add(1)
			if err := l.Record(protocol.OperationTypeQRCode, 1); err != nil {
				t.Error(err)
			}
			acknowledged.Add(1)
			time.Sleep(10 * time.Microsecond)
		})
		spawn(func() {
			if err := l.Submit(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	for i := range 200 {
		atLeast := acknowledged.Load()
		u := usage(t, []*client.License{one, two}[i%2])
		if atMost := begun.Load(); u.Recorded < atLeast || u.Recorded > atMost {
			t.Errorf("%d are recorded, not %d to %d", u.Recorded, atLeast, atMost)
		}
	}
	close(stop)
	for range cap(ended) {
		<-ended
	}
}

// TestUsageWhileOthersHoldTheLedger is what it was when last read, and what the license
// recorded since, whether or not that was folded meanwhile.
func TestUsageWhileOthersHoldTheLedger(t *testing.T) {
	for _, asked := range []bool{false, true} {
		directory := heldDirectory(t)
		clock := testkit.NewClock(start)
		server := testkit.NewServer(t, clock.Now)
		l := open(t, parameters(server, directory), clock)
		step(t, clock, 0)
		record(t, l, protocol.OperationTypeQRCode, 5)
		if asked {
			if u := usage(t, l); u.Recorded != 5 {
				t.Errorf("%+v", u)
			}
		}
		record(t, l, protocol.OperationTypeQRCode, 100)
		step(t, clock, 180*time.Second)
		record(t, l, protocol.OperationTypeQRCode, 1000)
		release := hold(t, directory)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		info, err := l.Info(ctx)
		cancel()
		release()
		if u := info.Usage; err != nil || u.Recorded != 1105 || u.Recorded != u.Accepted+u.Pending {
			t.Errorf("asked before: %t: %+v, %v", asked, u, err)
		}
	}
}

// TestUsageBesideStrangeTallies counts none of them: neither copies of a run, in the
// directory or in a copy of it, nor noise.
func TestUsageBesideStrangeTallies(t *testing.T) {
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	directory, copied := t.TempDir(), t.TempDir()
	one := open(t, parameters(server, directory), clock)
	other := open(t, parameters(server, copied), clock)
	eventually(t, "both are at rest", func() bool { return clock.Waiting() == 4 })
	record(t, one, protocol.OperationTypeQRCode, 3)
	record(t, other, protocol.OperationTypeQRCode, 20)
	path := tallies(t, directory)[0]
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	noise := append([]byte{}, content...)
	for i := 5000; i < len(noise); i++ {
		noise[i] = 0x7f
	}
	for name, content := range map[string][]byte{
		filepath.Join(copied, filepath.Base(path)):                                content,
		tally.Path(directory, "e0e0f7a0-0000-4000-8000-000000000000"):             content,
		tally.Path(directory, "e0e0f7a0-0000-4000-8000-000000000001"):             noise,
		tally.Path(directory, "e0e0f7a0-0000-4000-8000-000000000002"):             content[:5000],
		tally.Path(directory, "e0e0f7a0-0000-4000-8000-000000000003"):             nil,
		tally.Path(directory, filepath.Base(path[:len(path)-len(".tally")])+" x"): content,
	} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if u := usage(t, one); u.Recorded != 3 {
		t.Errorf("%+v", u)
	}
	if u := usage(t, other); u.Recorded != 20 {
		t.Errorf("of the other directory: %+v", u)
	}
}
