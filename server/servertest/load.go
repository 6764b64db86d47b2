package servertest

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
)

// Load is devices that report while servers and databases fail and return. Each report is sent
// until it is acknowledged, and some once more.
type Load struct {
	// Address is the base URL to try next.
	Address func() string
	// Code and Item are the code and the item of the reports, charged by scans.
	Code, Item string
	// Now is the clock of the devices; nil: the machine's.
	Now func() time.Time

	Sent         atomic.Int64 // requests
	Acknowledged atomic.Int64
	Units        atomic.Int64 // that were recorded, of what was acknowledged

	stopped, abandoned atomic.Bool
}

// Endless is how many slots are reported on until Stop is called.
const Endless = 1 << 40

// patience is how long a device tries without an answer before the test fails.
const patience = 2 * time.Minute

// Start authorizes so many devices, each of which reports for so many slots. done is closed when
// everything is acknowledged, or when the test has failed.
func (l *Load) Start(t testing.TB, devices int, slots int64) (done <-chan struct{}) {
	t.Helper()
	var all sync.WaitGroup
	for range devices {
		d := NewDevice("")
		d.Now = l.Now
		if !l.until(t, d, func() error {
			_, err := d.Authorize(d.Request(l.Code))
			return err
		}) {
			break
		}
		all.Go(func() { l.report(t, d, slots) })
	}
	ended := make(chan struct{})
	go func() {
		all.Wait()
		close(ended)
	}()
	t.Cleanup(func() { // a test that failed leaves it as it is
		l.abandoned.Store(true)
		<-ended
	})
	return ended
}

// Stop has each device end after the slot that it reports on.
func (l *Load) Stop() { l.stopped.Store(true) }

// Await waits until so many more reports are acknowledged, and returns whether all are.
func (l *Load) Await(done <-chan struct{}, more int64) (all bool) {
	for target := l.Acknowledged.Load() + more; l.Acknowledged.Load() < target; {
		select {
		case <-done:
			return true
		case <-time.After(time.Millisecond):
		}
	}
	return false
}

func (l *Load) report(t testing.TB, d *Device, slots int64) {
	run := uuid.NewString()
	for slot := int64(0); slot < slots && !l.stopped.Load(); slot++ {
		var count int64
		for revision := range int64(3) {
			count += 1 + rand.Int64N(50)
			batch := d.Batch(protocol.ReportGroup{Run: run, HandshakeCode: l.Code, Item: l.Item, SlotSeconds: 1,
				Reports: []protocol.Report{
					{Slot: slot, Revision: revision + 1, Counts: map[string]int64{"QR_CODE": count}}}})
			for range 1 + rand.IntN(2) {
				if !l.until(t, d, func() error {
					l.Sent.Add(1)
					_, err := d.Report(batch)
					return err
				}) {
					return
				}
				l.Acknowledged.Add(1)
			}
		}
		l.Units.Add(count)
	}
}

// until tries until it succeeds. It asks again only if the server can't serve now, or can't be
// reached.
func (l *Load) until(t testing.TB, d *Device, try func() error) bool {
	for deadline := time.Now().Add(patience); ; {
		d.BaseURL = l.Address()
		err := try()
		if err == nil {
			return true
		}
		var problem *Problem
		if errors.As(err, &problem) && problem.Status != http.StatusServiceUnavailable {
			t.Errorf("refused: %v", err)
			return false
		}
		if late := time.Now().After(deadline); late || l.abandoned.Load() {
			t.Errorf("no answer: %v", err)
			return false
		}
		time.Sleep(time.Millisecond)
	}
}
