package license

import (
	"context"
	"errors"
	"time"

	"github.com/openlts/openlts/core/internal/ledger"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
)

// clockSlack is how far a clock may be off, or go back, without counting as wrong.
const clockSlack = time.Hour

const slackSeconds = int64(clockSlack / time.Second)

// errTurnedBack is the error if a clock is behind a time that it has already shown: nobody can tell
// how much time has passed since.
var errTurnedBack = errors.New("the clock was set back")

// reckon computes what a server's clock shows, from an anchor and our clock: what the server's
// clock showed at the anchor, plus the time that has passed since by our clock. So it does not
// matter how our clock is set, as long as nobody sets it in between.
//
// The anchor moves on with it. So nobody can turn the clock back behind a moment at which the time
// was reckoned, and the server's time never goes back.
func reckon(a ledger.Anchor, now int64) (ledger.Anchor, error) {
	switch elapsed := now - a.Wall; {
	case elapsed < -slackSeconds:
		return a, errTurnedBack
	case elapsed <= 0:
		return a, nil
	default:
		return ledger.Anchor{Server: a.Server + elapsed, Wall: now}, nil
	}
}

// usableAt tells whether an authorization may be used without a server at a time by the server's
// clock. If it was issued after that time, the server's clock was ahead and has been corrected.
func usableAt(a *protocol.Authorization, server int64) bool {
	return server <= endOf(a) && server >= a.IssuedAt-slackSeconds
}

// endOf is until when an authorization may be used without a server, by the server's clock.
func endOf(a *protocol.Authorization) int64 { return min(a.BufferUntil, a.ValidUntil) }

// reading is what our two clocks show at one moment.
type reading struct {
	wall    time.Time
	elapsed time.Duration
}

// read reads both clocks. If the process was stopped between the two readings, they don't belong
// together; then it reads again.
func read(clock slot.Clock) reading {
	const together, tries = 100 * time.Millisecond, 10
	var r reading
	for range tries {
		r = reading{wall: clock.Now(), elapsed: clock.Elapsed()}
		if before := r.elapsed; clock.Elapsed()-before < together && clock.Now().Sub(r.wall).Abs() < together {
			break
		}
	}
	return r
}

// Timekeeper reckons a server's time while a process runs. It measures the time that has passed, so
// that setting the clock changes nothing, and notices when somebody sets the clock.
type Timekeeper struct {
	server int64 // what the server's clock showed at that moment
	at     reading
}

// Watch is a timekeeper that knows no server's time and only notices when the clock is set.
func Watch(clock slot.Clock) Timekeeper { return Timekeeper{at: read(clock)} }

// Server is what the server's clock shows now, in seconds since 1970.
func (t Timekeeper) Server(clock slot.Clock) int64 { return t.serverAt(read(clock)) }

func (t Timekeeper) serverAt(now reading) int64 {
	return t.server + int64((now.elapsed-t.at.elapsed)/time.Second)
}

// Wall is what our clock showed, or will show, at a time by the server's clock.
func (t Timekeeper) Wall(server int64) int64 { return t.at.wall.Unix() + server - t.server }

// Step is how far our clock was set since the timekeeper last moved: positive means forward.
func (t Timekeeper) Step(clock slot.Clock) time.Duration {
	now := read(clock)
	return now.wall.Round(0).Sub(t.at.wall.Round(0)) - (now.elapsed - t.at.elapsed)
}

// Age is how long ago the timekeeper last moved.
func (t Timekeeper) Age(clock slot.Clock) time.Duration { return clock.Elapsed() - t.at.elapsed }

// Moved is the timekeeper moved on to now, and to what our clock shows now.
func (t Timekeeper) Moved(clock slot.Clock) Timekeeper {
	now := read(clock)
	return Timekeeper{t.serverAt(now), now}
}

// Keep stores the server's time in a ledger for the next process.
func (t Timekeeper) Keep(ctx context.Context, l *ledger.Ledger, lts string) error {
	return l.SetAnchor(ctx, lts, t.anchor())
}

func (t Timekeeper) anchor() ledger.Anchor {
	return ledger.Anchor{Server: t.server, Wall: t.at.wall.Unix()}
}
