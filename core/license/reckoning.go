package license

import (
	"context"
	"errors"
	"time"

	"github.com/openlts/openlts/core/internal/ledger"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
)

// clockSlack is how far a clock may be off, or go back, without being called wrong.
const clockSlack = time.Hour

const slackSeconds = int64(clockSlack / time.Second)

// errTurnedBack is the error of a clock that stands before a moment it showed already:
// nobody can tell how much time passed since.
var errTurnedBack = errors.New("the clock was set back")

// reckon tells what a server's clock shows, from an anchor and what ours shows: what
// it showed then, and the time that passed by our clock since. How our clock is set
// does not matter then, only that it goes on from there.
//
// The anchor moves on with it. So the clock can't be turned back behind any moment at
// which the time was reckoned, and the server's time never goes back.
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

// usableAt tells whether an authorization may be used without a server at a time by
// the server's clock. One that was issued later than that comes from a server whose
// clock was ahead, and was corrected.
func usableAt(a *protocol.Authorization, server int64) bool {
	return server <= endOf(a) && server >= a.IssuedAt-slackSeconds
}

// endOf is when the use of an authorization without a server ends, by the server's clock.
func endOf(a *protocol.Authorization) int64 { return min(a.BufferUntil, a.ValidUntil) }

// reading is what our clocks show at one moment.
type reading struct {
	wall    time.Time
	elapsed time.Duration
}

// read reads both clocks. A process may be stopped at any instant, and what it reads
// after that has nothing to do with what it read before: then it reads once more.
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

// Timekeeper goes on reckoning a server's time while a process runs. It goes by time
// that passed, so that setting the clock changes nothing, and it sees when somebody
// does.
type Timekeeper struct {
	server int64 // what the server's clock showed
	at     reading
}

// Watch is a timekeeper that knows no server's time and only sees when the clock is set.
func Watch(clock slot.Clock) Timekeeper { return Timekeeper{at: read(clock)} }

// Server is what the server's clock shows now, in seconds since 1970.
func (t Timekeeper) Server(clock slot.Clock) int64 { return t.serverAt(read(clock)) }

func (t Timekeeper) serverAt(now reading) int64 {
	return t.server + int64((now.elapsed-t.at.elapsed)/time.Second)
}

// Wall is what our clock showed at a moment by the server's clock, or will show.
func (t Timekeeper) Wall(server int64) int64 { return t.at.wall.Unix() + server - t.server }

// Step is by how much our clock was set since the timekeeper last moved: forward if
// positive.
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

// Keep keeps in a ledger how far the server's time has come, for the next process.
func (t Timekeeper) Keep(ctx context.Context, l *ledger.Ledger, lts string) error {
	return l.SetAnchor(ctx, lts, t.anchor())
}

func (t Timekeeper) anchor() ledger.Anchor {
	return ledger.Anchor{Server: t.server, Wall: t.at.wall.Unix()}
}
