package client

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
)

// farOff is how wrong a clock must be before usage that was counted by it is moved. A few slots
// make no difference.
const farOff = 24 * time.Hour

// clockWatch notices when the clock is set by a day or more while a license is in use. Once the
// clock is right, it moves the usage that was counted by a wrong one: on a device that starts in
// 1970 and then learns the time, or whose user mistyped a date. Otherwise that usage would be given
// up as too old, or refused because it lies in the future. The server's time decides which clock is
// right.
type clockWatch struct {
	turn chan struct{} // holds a token while a goroutine looks
	seen atomic.Pointer[license.Timekeeper]
	// wrong is set while there may be usage that was counted by a wrong clock. It is set at the
	// start, because earlier processes may have ended before the clock was corrected.
	wrong bool
	// ahead is how far the clock is ahead according to the ledger; 0 if it is right or unknown.
	ahead time.Duration
}

func (w *clockWatch) begin(clock slot.Clock) {
	w.turn, w.wrong = make(chan struct{}, 1), true
	seen := license.Watch(clock)
	w.seen.Store(&seen)
}

// stepped tells whether the clock was set since the last look.
func (w *clockWatch) stepped(clock slot.Clock) bool {
	return w.seen.Load().Step(clock).Abs() >= farOff
}

// lock waits until no other goroutine looks.
func (w *clockWatch) lock(ctx context.Context) error {
	select {
	case w.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *clockWatch) unlock() { <-w.turn }

// look makes the next check look for usage that was counted by a wrong clock.
func (w *clockWatch) look(ctx context.Context) {
	if w.lock(ctx) == nil {
		w.wrong = true
		w.unlock()
	}
}

// noteClock stores that the clock is wrong, because it may be another process that finds it right.
// Only a server that authorized this process can tell whether it is wrong.
func (m *meter) noteClock(ctx context.Context) error {
	w := &m.watch
	if err := w.lock(ctx); err != nil {
		return err
	}
	defer w.unlock()
	return m.noteAhead(ctx, m.bothClocks())
}

// leaveClock keeps apart what a closed license counted by a wrong clock: nobody can tell whether
// the clock was set since.
func (m *meter) leaveClock(ctx context.Context) error {
	ahead, err := m.ledger.Ahead(ctx, m.tally)
	if err != nil || ahead == 0 {
		return err
	}
	if _, err := m.sealer.SealAll(ctx); err != nil {
		return err
	}
	return m.ledger.EndClock(ctx, m.tally, ahead)
}

// clocks is what our clock and the server's show at one moment. What is noted of a clock and what is
// given up for its age must come from one reading, because a renewal may correct the server's time.
type clocks struct {
	own    time.Time
	server time.Time // reckoned from the grant, however our clock was set since
	told   bool      // the server's time is right, because a server told it to this process
}

func (m *meter) bothClocks() clocks {
	granted := m.grant()
	return clocks{own: m.clock.Now(), server: time.Unix(granted.Time.Server(m.clock), 0), told: granted.Reason == nil}
}

// ahead is how far our clock is ahead of the server's.
func (c clocks) ahead() time.Duration {
	return time.Duration(c.own.Unix()-c.server.Unix()) * time.Second
}

// ageing is the time by which the age of usage is measured: our clock or the server's, whichever is
// behind, so that no wrong clock makes us give up anything early.
func (c clocks) ageing() time.Time {
	if c.server.Before(c.own) {
		return c.server
	}
	return c.own
}

// noteAhead does the work of noteClock. The caller holds the watch's token.
func (m *meter) noteAhead(ctx context.Context, now clocks) error {
	w, ahead := &m.watch, now.ahead()
	if ahead.Abs() < farOff {
		ahead = 0
	}
	if !now.told || ahead == w.ahead || ahead != 0 && w.ahead != 0 && (ahead-w.ahead).Abs() < farOff {
		return nil
	}
	if err := m.ledger.NoteClock(ctx, m.tally, int64(ahead/time.Second)); err != nil {
		return err
	}
	w.ahead = ahead
	return nil
}

// followClock notices when the clock was set by a day or more. If it is right now, usage that was
// counted by a wrong clock, and that no server can know, moves to the slots where it belongs. If
// that fails, do not give up anything for its age before it has succeeded. followClock returns the
// clocks that it went by.
func (m *meter) followClock(ctx context.Context) (clocks, error) {
	w := &m.watch
	if err := w.lock(ctx); err != nil {
		return clocks{}, err
	}
	defer w.unlock()
	seen, now := w.seen.Load(), m.bothClocks()
	step, moved := seen.Step(m.clock), seen.Moved(m.clock)
	if step.Abs() >= farOff {
		if err := m.endClock(ctx, now.own.Unix(), now.ahead()-step); err != nil {
			return now, err
		}
	}
	w.seen.Store(&moved)
	if err := m.noteAhead(ctx, now); err != nil {
		return now, err
	}
	if !w.wrong || now.ahead().Abs() >= farOff {
		return now, nil
	}
	units, err := m.ledger.CorrectClock(ctx, m.tally, int64(now.ahead()/time.Second), now.own.Unix())
	if err != nil {
		return now, err
	}
	w.wrong = false
	if units > 0 {
		m.event(protocol.EventKindStateChanged, protocol.StatusOK, units, fmt.Sprintf(
			"the clock is right again; %d operations that were recorded while it was wrong moved to their own time",
			units))
	}
	return now, nil
}

// noticeWithin is how long a caller waits until what an old time counted is kept apart, of the 2
// seconds that recording may take.
const noticeWithin = time.Second

// noticeSet looks at the clock at once if somebody set it since the last look, because a time stamp
// that a caller gives now is by the clock as it is set now. If the ledger is held meanwhile, what the
// old time counted is told apart by its slots, as far as that goes.
func (m *meter) noticeSet(ctx context.Context) {
	if m.watch.stepped(m.clock) {
		ctx, cancel := context.WithTimeout(ctx, noticeWithin)
		defer cancel()
		_, _ = m.followClock(ctx)
	}
}

// endClock keeps what was counted before the clock was set apart from what is counted later.
func (m *meter) endClock(ctx context.Context, now int64, ahead time.Duration) error {
	// The clock was set since the last look. What was counted since then by the new time is already
	// in its own slot.
	length := m.tally.Slot
	first, last := length.Start(now-int64(m.watch.seen.Load().Age(m.clock)/time.Second)-1), length.Next(now)
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
