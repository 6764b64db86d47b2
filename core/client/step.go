package client

import (
	"context"
	"fmt"
	"time"

	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
)

// farOff is by how much a clock is wrong if what was counted by it has to move. A few
// slots more or less make no difference.
const farOff = 24 * time.Hour

// clockWatch sees when the clock is set by much while a license is in use, and moves
// what was counted by a wrong clock once that is corrected: on a device that starts in
// 1970 and learns the time, or whose user mistyped a date. It would be given up as too
// old, or be refused as of the future. Which clock is right, the server's tells.
type clockWatch struct {
	turn chan struct{} // holds a token while somebody looks
	seen license.Timekeeper
	// wrong is set while there may be something that was counted by a wrong clock: also
	// at first, because of processes that did not live to see it corrected.
	wrong bool
	// ahead is by how much the ledger says that the clock is wrong now: 0 if it is right,
	// or nobody knows.
	ahead time.Duration
}

func (w *clockWatch) begin(clock slot.Clock) {
	w.turn, w.seen, w.wrong = make(chan struct{}, 1), license.Watch(clock), true
}

// lock waits until nobody else looks.
func (w *clockWatch) lock(ctx context.Context) error {
	select {
	case w.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *clockWatch) unlock() { <-w.turn }

// look looks for what was counted by a wrong clock the next time, too.
func (w *clockWatch) look(ctx context.Context) {
	if w.lock(ctx) == nil {
		w.wrong = true
		w.unlock()
	}
}

// noteClock notes that the clock is wrong, for the process that finds it right: this one
// may not live to. Whether it is can only a server tell that authorized this process.
func (m *meter) noteClock(ctx context.Context) error {
	w := &m.watch
	if err := w.lock(ctx); err != nil {
		return err
	}
	defer w.unlock()
	return m.noteAhead(ctx, m.ahead())
}

// leaveClock keeps apart what a license that was closed counted by a wrong clock: nobody
// saw whether that was set since.
func (m *meter) leaveClock(ctx context.Context) error {
	ahead, err := m.ledger.Ahead(ctx, m.tally)
	if err != nil || ahead == 0 {
		return err
	}
	if _, err := m.sealer.SealSlots(ctx, func(int64) bool { return true }); err != nil {
		return err
	}
	return m.ledger.EndClock(ctx, m.tally, ahead)
}

// ahead is by how much our clock is ahead of the server's.
func (m *meter) ahead() time.Duration {
	return time.Duration(m.clock.Now().Unix()-m.serverTime().Unix()) * time.Second
}

// noteAhead is noteClock, with a turn of the watch.
func (m *meter) noteAhead(ctx context.Context, ahead time.Duration) error {
	w := &m.watch
	if ahead.Abs() < farOff {
		ahead = 0
	}
	if !m.told() || ahead == w.ahead || ahead != 0 && w.ahead != 0 && (ahead-w.ahead).Abs() < farOff {
		return nil
	}
	if err := m.ledger.NoteClock(ctx, m.tally, int64(ahead/time.Second)); err != nil {
		return err
	}
	w.ahead = ahead
	return nil
}

// followClock notes when the clock was set by a day or more. If it is right now, what
// was counted by a wrong one, and no server can know, moves to the slots it belongs
// to. If that fails, it has to be done before anything is given up for its age.
func (m *meter) followClock(ctx context.Context) error {
	w := &m.watch
	if err := w.lock(ctx); err != nil {
		return err
	}
	defer w.unlock()
	step, moved, ahead := w.seen.Step(m.clock), w.seen.Moved(m.clock), m.ahead()
	if step.Abs() >= farOff {
		if err := m.endClock(ctx, m.clock.Now().Unix(), ahead-step); err != nil {
			return err
		}
	}
	w.seen = moved
	if err := m.noteAhead(ctx, ahead); err != nil {
		return err
	}
	if !w.wrong || ahead.Abs() >= farOff {
		return nil
	}
	units, err := m.ledger.CorrectClock(ctx, m.tally, int64(ahead/time.Second), m.clock.Now().Unix())
	if err != nil {
		return err
	}
	w.wrong = false
	if units > 0 {
		m.event(protocol.EventKindStateChanged, protocol.StatusOK, units, fmt.Sprintf(
			"the clock is right again; %d operations that were recorded while it was wrong moved to their own time",
			units))
	}
	return nil
}

// endClock keeps what was counted before the clock was set apart from what comes.
func (m *meter) endClock(ctx context.Context, now int64, ahead time.Duration) error {
	// The clock was set since it was last looked at. What the new time saw since is in
	// its own slot already.
	length := m.tally.Slot
	first, last := length.Start(now-int64(m.watch.seen.Age(m.clock)/time.Second)-1), length.Next(now)
	before := func(slotStart int64) bool { return slotStart < first || slotStart > last }
	if _, err := m.sealer.SealSlots(ctx, before); err != nil {
		return err
	}
	if ahead.Abs() < farOff {
		ahead = 0
	}
	if err := m.ledger.EndClock(ctx, m.tally, int64(ahead/time.Second)); err != nil {
		return err
	}
	m.watch.wrong = m.watch.wrong || ahead != 0
	m.watch.ahead = 0
	return nil
}

// ageingTime is the time by which usage gets old: our clock or the server's, whichever
// is behind, so that no wrong clock makes anything be given up early.
func (m *meter) ageingTime() time.Time {
	now, server := m.clock.Now(), m.serverTime()
	if server.Before(now) {
		return server
	}
	return now
}

// serverTime is what the server's clock shows now: reckoned from the grant, whatever our
// clock was set to since. It is right if a server told this process; see told.
func (m *meter) serverTime() time.Time { return time.Unix(m.grant().Time.Server(m.clock), 0) }

// told tells whether a server told this process what time it is.
func (m *meter) told() bool { return m.grant().Reason == nil }
