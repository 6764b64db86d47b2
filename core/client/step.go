package client

import (
	"context"
	"fmt"
	"time"

	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
)

// movedStep is the least step of the clock with which usage moves. A smaller one is
// a correction that a few slots more or less survive.
const movedStep = 24 * time.Hour

// clockWatch sees when the clock is set by much while a license is in use: a device
// that starts in 1970 and learns the time, or whose user corrects a wrong date. What
// was counted before that was counted in wrong slots, all by the same step, and would
// be given up as too old, or be refused as of the future.
type clockWatch struct {
	turn  chan struct{} // holds a token while somebody looks
	begun time.Duration // when the license was opened, by the clock that nobody sets
	seen  license.Timekeeper
}

func (w *clockWatch) begin(l *License) {
	w.turn, w.begun, w.seen = make(chan struct{}, 1), l.clock.Elapsed(), license.Watch(l.clock)
}

// followClock moves what this run counted, and no server knows, with the clock, if it
// was set by a day or more since it was last looked at. If that fails, it has to be
// done before anything is given up for its age.
func (l *License) followClock(ctx context.Context) error {
	w := &l.watch
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-w.turn }()
	step, moved := w.seen.Step(l.clock), w.seen.Moved(l.clock)
	if step.Abs() < movedStep {
		w.seen = moved
		return nil
	}
	now := l.clock.Now()
	length := l.tally.Slot
	// By the clock as it was before.
	last := length.Start(now.Add(-step).Unix())
	first := length.Start(now.Add(-step - (l.clock.Elapsed() - w.begun)).Unix())
	// What is counted by now is in its own slot already.
	wrong := func(slotStart int64) bool {
		return slotStart >= first && slotStart <= last && slotStart != length.Start(now.Unix()) && slotStart != length.Next(now.Unix())
	}
	if _, err := l.sealer.SealSlots(ctx, wrong); err != nil {
		return err
	}
	units, err := l.ledger.Shift(ctx, l.tally, first, last, int64(step/time.Second))
	if err != nil {
		return err
	}
	w.seen = moved
	if units > 0 {
		l.event(protocol.EventKindStateChanged, protocol.StatusOK, units, fmt.Sprintf(
			"the clock was set by %s; %d operations that were recorded before moved with it", step.Round(time.Second), units))
	}
	return nil
}
