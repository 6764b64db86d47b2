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
	// renewEvery is how often a license in use asks for a new authorization, so that changes at the
	// server reach processes that never end.
	renewEvery = 24 * time.Hour
	// retryEvery is how soon it asks again if no server was reached.
	retryEvery = time.Hour
	// introduceAfter is how long to wait before asking again a server that has just authorized the
	// device and still does not know it. The wait doubles each time, up to retryEvery.
	introduceAfter = time.Minute
	// anchorEvery is how often the server's time is stored for the next process.
	anchorEvery = time.Hour
	// seenStep is the smallest change of the clock that counts as setting it.
	seenStep = time.Minute
)

// grantFlags are the state flags that depend on the authorization.
const grantFlags = protocol.StateFlagCacheUsed | protocol.StateFlagStandbyUsed | protocol.StateFlagTrial |
	protocol.StateFlagExpiredInTolerance | protocol.StateFlagAuthorizationLapsed

// renewal keeps the authorization of a license up to date. It runs in the goroutine that submits
// reports, and never stops recording: if a license is refused or expires while it is in use, it
// sets a flag and sends an event, and the next start will fail.
type renewal struct {
	every time.Duration
	turn  chan struct{} // holds a token while a goroutine asks

	mu      sync.Mutex
	granted *license.Granted
	// Readings of the clock that nobody can set:
	due       time.Duration // when to ask again
	introduce time.Duration // when to ask again because the server does not know us
	wait      time.Duration // until the introduction after that
}

// begin starts with the first authorization.
func (r *renewal) begin(every time.Duration, granted *license.Granted, now time.Duration) {
	if every <= 0 {
		every = renewEvery
	}
	r.every, r.turn, r.granted, r.wait = every, make(chan struct{}, 1), granted, introduceAfter
	r.due = now + r.next(granted.Reason)
}

// next is how long to wait before the next request, depending on how the last one failed. It is
// partly random, so that devices that were switched on together do not ask together.
func (r *renewal) next(failure error) time.Duration {
	if failure != nil && !errors.Is(failure, license.ErrRefused) {
		return min(r.every, retryEvery)
	}
	return r.every - upTo(r.every/10)
}

// upTo is a random time of at most longest. It differs between processes that were forked from the
// same one.
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

// renewRegularly asks for a new authorization when that is due, and notes when the one in force has
// expired.
func (m *meter) renewRegularly(ctx context.Context) {
	m.renewal.mu.Lock()
	due := m.clock.Elapsed() >= m.renewal.due
	m.renewal.mu.Unlock()
	if due {
		_ = m.renew(ctx) // it sends events
	}
	if g := m.grant(); ctx.Err() == nil && g.Over(m.clock) && m.setFlag(protocol.StateFlagAuthorizationLapsed) {
		m.event(protocol.EventKindStateChanged, protocol.StatusFailedToReachLTS, 0, fmt.Sprintf(
			"the authorization could be used without the server until %s; recording goes on, and the next start "+
				"needs the server",
			time.Unix(g.BufferUntil(), 0).UTC().Format(time.DateOnly)))
	}
}

// renew asks the servers for a new authorization and applies it.
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

// takeUp applies a new authorization.
func (m *meter) takeUp(ctx context.Context, granted *license.Granted) error {
	before := m.grant()
	if granted.LTS != before.LTS {
		// A standby server with another key: the counts here belong to the main server.
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

// introduced asks for a new authorization because the server does not know this device, for example
// since it was restored from a backup. It tells whether the server knows the device now, so that
// the reports can be sent again. If an attacker forges the answer "unknown device", the only effect
// is an occasional request.
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

// keepTime notices when somebody sets the clock, and stores the server's time, from which the next
// process reckons.
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
	if r.granted != g { // it was renewed just now, with its own time
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
