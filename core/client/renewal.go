package client

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/openlts/openlts/core/internal/ledger"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
)

const (
	// renewEvery is how often a license that is in use asks for a new authorization:
	// what changes at the server takes effect in processes that never end.
	renewEvery = 24 * time.Hour
	// retryEvery is how soon it asks again if no server was reached.
	retryEvery = time.Hour
	// introduceAfter is how long to wait before a server is asked once more that does
	// not know the device, though it authorized it just now; twice as long each time,
	// up to retryEvery.
	introduceAfter = time.Minute
	// anchorEvery is how often the server's time is kept for the next process.
	anchorEvery = time.Hour
	// seenStep is the least by which a clock is said to have been set.
	seenStep = time.Minute
)

// grantFlags are the state flags that an authorization decides.
const grantFlags = protocol.StateFlagCacheUsed | protocol.StateFlagStandbyUsed | protocol.StateFlagTrial |
	protocol.StateFlagExpiredInTolerance | protocol.StateFlagAuthorizationLapsed

// renewal keeps the authorization of a license up to date. It runs where reports are
// submitted, and never stops the recording: a license that was refused, or ran out,
// while it is in use is a flag and an event, and the next start will fail.
type renewal struct {
	every time.Duration
	turn  chan struct{} // holds a token while somebody asks

	mu      sync.Mutex
	granted *license.Granted
	// Readings of the clock that nobody can set:
	due       time.Duration // when to ask again
	introduce time.Duration // when to ask again because the server does not know us
	wait      time.Duration // until the introduction after that
}

// begin takes up the first authorization.
func (r *renewal) begin(every time.Duration, granted *license.Granted, now time.Duration) {
	if every <= 0 {
		every = renewEvery
	}
	r.every, r.turn, r.granted, r.wait = every, make(chan struct{}, 1), granted, introduceAfter
	r.due = now + r.next(granted.Reason)
}

// next is how long to wait with the next question, by why there was no answer to the
// last. The devices of a fleet that was switched on together do not ask together.
func (r *renewal) next(failure error) time.Duration {
	if failure != nil && !errors.Is(failure, license.ErrRefused) {
		return min(r.every, retryEvery)
	}
	return r.every - upTo(r.every/10)
}

// upTo is a time of up to the longest by chance, and another one in each process that
// was forked from the same program.
func upTo(longest time.Duration) time.Duration {
	var drawn [8]byte
	_, _ = rand.Read(drawn[:]) // never fails
	return time.Duration(binary.LittleEndian.Uint64(drawn[:]) % uint64(longest+1))
}

// grant is the authorization in force.
func (m *meter) grant() *license.Granted {
	m.renewal.mu.Lock()
	defer m.renewal.mu.Unlock()
	return m.renewal.granted
}

func (m *meter) authorizer() *license.Authorizer {
	return &license.Authorizer{Parameters: &m.parameters, Device: m.device, Ledger: m.ledger,
		Transport: m.transport, Clock: m.clock, Library: "openlts/" + Version, Recognition: &m.recognized}
}

// renewRegularly asks for a new authorization when it is time to, and notes when the
// one in force is over.
func (m *meter) renewRegularly(ctx context.Context) {
	m.renewal.mu.Lock()
	due := m.clock.Elapsed() >= m.renewal.due
	m.renewal.mu.Unlock()
	if due {
		_ = m.renew(ctx) // it tells by events
	}
	if g := m.grant(); ctx.Err() == nil && g.Over(m.clock) && m.setFlag(protocol.StateFlagAuthorizationLapsed) {
		m.event(protocol.EventKindStateChanged, protocol.StatusFailedToReachLTS, 0, fmt.Sprintf(
			"the authorization could be used without the server until %s; recording goes on, and the next start "+
				"needs the server",
			time.Unix(g.BufferUntil(), 0).UTC().Format(time.DateOnly)))
	}
}

// renew asks the servers for a new authorization and takes it up.
func (m *meter) renew(ctx context.Context) error {
	r := &m.renewal
	select {
	case r.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-r.turn }()
	ctx, cancel := context.WithTimeout(ctx, m.parameters.InitTimeout)
	defer cancel()
	granted, err := m.authorizer().Renew(ctx)
	if err == nil {
		err = m.takeUp(ctx, granted)
	}
	r.mu.Lock()
	r.due = m.clock.Elapsed() + r.next(err)
	r.mu.Unlock()
	if errors.Is(err, license.ErrRefused) && m.setFlag(protocol.StateFlagAuthorizationLapsed) {
		m.event(protocol.EventKindStateChanged, protocol.StatusOf(err), 0,
			fmt.Sprintf("the server refuses to authorize any longer: %v Recording goes on, and the next start "+
				"will be refused", err))
	}
	return err
}

// takeUp goes on with an authorization that was granted anew.
func (m *meter) takeUp(ctx context.Context, granted *license.Granted) error {
	before := m.grant()
	if granted.LTS != before.LTS {
		// A standby with a key of its own: what is counted here is the main server's.
		return protocol.Errorf(protocol.StatusServerKeyMismatch,
			"the authorization is another server's than the one in force")
	}
	now, was := granted.Authorization, before.Authorization
	key, err := reportKey(m.device, now.ReportKey)
	if err != nil {
		return err
	}
	moved := now.HandshakeCode != was.HandshakeCode || now.Item.ID != was.Item.ID
	if moved {
		account := m.tally.CountedUnder()
		account.HandshakeCode, account.Item = now.HandshakeCode, now.Item.ID
		if err := m.sealer.CountUnder(ctx, account); err != nil {
			return ledger.Failed("taking up the renewed license", err)
		}
	}
	if err := m.submitter.Rekey(ctx, key); err != nil {
		return err
	}
	m.renewal.mu.Lock()
	m.renewal.granted = granted
	m.renewal.mu.Unlock()
	flags := protocol.StateFlag(m.flags.Load())
	m.clearFlag(grantFlags &^ granted.Flags)
	m.setFlag(granted.Flags & (grantFlags | protocol.StateFlagClockAnomaly))
	switch {
	case moved:
		m.event(protocol.EventKindStateChanged, protocol.StatusOK, 0, fmt.Sprintf(
			"the license was renewed: operations count on item %s of %s from now on", now.Item.ID, now.HandshakeCode))
	case flags != protocol.StateFlag(m.flags.Load()) || now.ValidUntil != was.ValidUntil:
		m.event(protocol.EventKindStateChanged, protocol.StatusOK, 0, fmt.Sprintf(
			"the server authorized anew; the license is valid until %s",
			time.Unix(now.ValidUntil, 0).UTC().Format(time.DateOnly)))
	}
	m.noteQuota(now.Quota)
	return nil
}

// introduced tells whether a server that does not know this device, because it was
// restored from a backup say, knows it now: then what it did not take can be sent
// again. Whoever forges such an answer makes us ask now and then, no more.
func (m *meter) introduced(ctx context.Context) bool {
	r, now := &m.renewal, m.clock.Elapsed()
	r.mu.Lock()
	early := now < r.introduce
	if !early {
		r.introduce = now + r.wait
		r.wait = min(2*r.wait, retryEvery)
	}
	r.mu.Unlock()
	return !early && m.renew(ctx) == nil
}

// known notes that the server knows the device.
func (r *renewal) known() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wait = introduceAfter
}

// keepTime sees when the clock is set, and keeps how far the server's time has come:
// the next process reckons from there.
func (m *meter) keepTime(ctx context.Context) {
	g := m.grant()
	step := g.Time.Step(m.clock)
	if step.Abs() < seenStep && g.Time.Age(m.clock) < anchorEvery {
		return
	}
	moved := *g
	moved.Time = g.Time.Moved(m.clock)
	r := &m.renewal
	r.mu.Lock()
	if r.granted != g { // renewed just now, with a time of its own
		r.mu.Unlock()
		return
	}
	r.granted = &moved
	if step.Abs() >= seenStep {
		r.due = m.clock.Elapsed()
	}
	r.mu.Unlock()
	_ = moved.Time.Keep(ctx, m.ledger, moved.LTS) // again in an hour
	if step.Abs() >= seenStep {
		m.setFlag(protocol.StateFlagClockAnomaly)
		m.event(protocol.EventKindStateChanged, protocol.StatusOK, 0,
			fmt.Sprintf("the clock was set by %s; the authorization stays what it was", step.Round(time.Second)))
	}
}
