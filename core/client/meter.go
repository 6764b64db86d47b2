package client

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openlts/openlts/core/internal/datafile"
	"github.com/openlts/openlts/core/internal/device"
	"github.com/openlts/openlts/core/internal/ledger"
	"github.com/openlts/openlts/core/internal/report"
	"github.com/openlts/openlts/core/internal/tally"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
)

const (
	retention = protocol.RetentionDays * 24 * time.Hour
	// syncEvery is how often counters are written back to the disk, in case of a power cut. If only
	// the process dies, nothing is lost.
	syncEvery = time.Second
)

// meter does the background work of a license and holds what that needs: storage, counters,
// reports, the authorization. One goroutine keeps the counters, one submits.
//
//	          Open                     the clock, once a slot
//	           |                                |
//	       openStorage --> openMeter --> start: keep (seal, prepare)
//	                                     start: submitRegularly (adopt, purge, submit, renew)
//	                                            |
//	Close: stop --> sealAndSubmit --> park the tally --> release
type meter struct {
	notices
	parameters license.Parameters
	directory  string         // "" if nothing can be kept
	place      datafile.Place // where the directory was when the license was opened
	device     device.Identity
	ledger     *ledger.Ledger
	tally      *tally.Tally
	sealer     *report.Sealer
	submitter  *report.Submitter
	transport  http.RoundTripper
	recognized license.Recognition
	renewal    renewal
	watch      clockWatch
	failing    atomic.Bool // the ledger could not be written when last tried
	exposed    atomic.Bool // the tally's file was removed
	unbalanced atomic.Bool // the ledger was lost or damaged, and the missing units are not declared yet
	stop       context.CancelFunc
	working    sync.WaitGroup
	adopted    chan struct{} // closed once dead runs were adopted
	untaken    string        // the reason why some dead runs could not be adopted last time; only adopt uses it

	mu          sync.Mutex // guards what follows
	quota       protocol.Quota
	lastUsage   Account // as last read
	lastCounted int64   // what this run had counted then
}

func newMeter(parameters license.Parameters, environment Environment) (*meter, error) {
	m := &meter{parameters: parameters, transport: environment.Transport, adopted: make(chan struct{})}
	m.notices = notices{clock: environment.Clock, events: newEvents()}
	if m.clock == nil {
		m.clock = slot.System{}
	}
	if m.transport == nil {
		transport, err := license.NewTransport(&parameters)
		if err != nil {
			return nil, err
		}
		m.transport = transport
	}
	return m, nil
}

// open opens the storage, asks for an authorization, and makes the counters. After an error, call
// release.
func (m *meter) open(ctx context.Context, renewEvery time.Duration) error {
	if err := m.openStorage(ctx); err != nil {
		return err
	}
	granted, err := m.authorizer().Authorize(ctx)
	if err != nil {
		return err
	}
	m.renewal.begin(renewEvery, granted, m.clock.Elapsed())
	m.watch.begin(m.clock)
	m.quota = granted.Authorization.Quota
	if err := m.openMeter(ctx); err != nil {
		return err
	}
	m.flags.Or(uint32(granted.Flags))
	return nil
}

// openMeter makes the tally in which this license counts.
func (m *meter) openMeter(ctx context.Context) error {
	granted := m.grant()
	authorization := granted.Authorization
	account := tally.Account{LTS: granted.LTS, Device: m.device.UUID, HandshakeCode: authorization.HandshakeCode,
		Item: authorization.Item.ID}
	length := slot.Length(m.parameters.SlotSeconds)

	m.tally = unpark(m.directory, account, int64(length))
	parked := m.tally != nil
	if !parked {
		if err := m.createTally(ctx, account, length); err != nil {
			return err
		}
	}
	m.sealer = report.NewSealer(m.tally, m.ledger)
	ctx, cancel := storageTime(ctx)
	defer cancel()
	err := m.sealer.Meet(ctx)
	if err == nil && parked {
		err = m.leaveClock(ctx)
	}
	if err == nil {
		err = m.noteClock(ctx)
	}
	if err == nil {
		err = m.sealer.Prepare(ctx, m.clock)
	}
	if err != nil {
		// The counters hold what is recorded until the ledger can be written.
		m.storageFailed(err)
		m.sealer.PrepareQuickly(m.clock)
	}
	// Until the usage is first read, it is what comes now, and what is not folded.
	m.lastCounted = m.ledger.Counted(m.tally) - m.sealer.Unsealed()

	key, err := reportKey(m.device, authorization.ReportKey)
	if err != nil {
		return err
	}
	m.submitter = report.NewSubmitter(
		report.Submission{Ledger: m.ledger, Clock: m.clock, Transport: m.transport, Servers: m.parameters.Servers(),
			Timeout: m.parameters.RequestTimeout, Device: m.device.UUID, LTS: granted.LTS, Key: key,
			Recognition: &m.recognized, LockFile: m.inDirectory(lockFile)})
	return nil
}

// start starts the background work: one goroutine keeps the tally, another one submits, so that a
// slow server never delays the tally.
func (m *meter) start() {
	ctx, stop := context.WithCancel(context.Background())
	m.stop = stop
	m.working.Add(2)
	spawn(m.contained, func() { defer m.working.Done(); m.keep(ctx) })
	spawn(m.contained, func() { defer m.working.Done(); m.submitRegularly(ctx) })
}

// keep prepares each slot before it begins, seals each slot after it ended, and writes the counters
// back.
func (m *meter) keep(ctx context.Context) {
	nextSync := m.clock.Now().Add(syncEvery)
	for {
		now := m.clock.Now()
		slotEnd := time.Unix(m.tally.Slot.Next(now.Unix()), 0)
		wait := min(slotEnd.Sub(now), nextSync.Sub(now), syncEvery)
		alarm, stop := m.clock.After(max(wait, 0))
		select {
		case <-ctx.Done():
			stop()
			return
		case <-alarm:
		}
		now = m.clock.Now()
		if !now.Before(nextSync) {
			_ = m.tally.Sync() // again in the next second
			nextSync = now.Add(syncEvery)
		}
		m.sealer.PrepareQuickly(m.clock) // does not depend on the ledger
		m.checkTally()
		m.keepTime(ctx)
		err := m.seal(ctx, false)
		if err == nil && m.unbalanced.Load() {
			err = m.balance(ctx)
		}
		if err == nil {
			err = m.sealer.Prepare(ctx, m.clock)
		}
		if err == nil && m.failing.Load() {
			err = m.ledger.Try(ctx)
		}
		if ctx.Err() != nil {
			return // the license is being closed, which seals on its own
		}
		if err != nil {
			m.storageFailed(err)
		} else {
			m.storageWorks()
		}
	}
}

// seal moves to the ledger what was counted in slots that ended, or, with all, in every slot.
func (m *meter) seal(ctx context.Context, all bool) error {
	// This comes first, because what was counted before the clock was set must be kept apart.
	if _, err := m.followClock(ctx); err != nil {
		return err
	}
	_, err := m.sealer.Seal(ctx, m.clock, all)
	return err
}
