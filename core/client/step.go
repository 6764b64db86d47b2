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
}

func (w *clockWatch) begin(clock slot.Clock) {
	w.turn, w.seen, w.wrong = make(chan struct{}, 1), license.Watch(clock), true
}

// followClock notes when the clock was set by a day or more. If it is right now, what
// was counted by a wrong one, and no server can know, moves to the slots it belongs
// to. If that fails, it has to be done before anything is given up for its age.
func (m *meter) followClock(ctx context.Context) error {
	w := &m.watch
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-w.turn }()
	step, moved := w.seen.Step(m.clock), w.seen.Moved(m.clock)
	now := m.clock.Now().Unix()
	ahead := time.Duration(now-m.grant().Time.Server(m.clock)) * time.Second
	if step.Abs() >= farOff {
		if err := m.endClock(ctx, now, ahead-step); err != nil {
			return err
		}
	}
	w.seen = moved
	if !w.wrong || ahead.Abs() >= farOff {
		return nil
	}
	units, err := m.ledger.CorrectClock(ctx, m.tally, int64(ahead/time.Second))
	if err != nil {
		return err
	}
	w.wrong = false
	if units > 0 {
		m.event(protocol.EventKindStateChanged, protocol.StatusOK, units, fmt.Sprintf(
			"the clock is right again; %d operations that were recorded while it was wrong moved to their own time", units))
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
	return nil
}

// ageingTime is the time by which usage gets old: our clock or the server's, whichever
// is behind, so that no wrong clock makes anything be given up early.
func (m *meter) ageingTime() time.Time {
	now := m.clock.Now()
	if server := time.Unix(m.grant().Time.Server(m.clock), 0); server.Before(now) {
		now = server
	}
	return now
}
