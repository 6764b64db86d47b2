package slot

import (
	"sync"
	"time"
)

// Clock is where core takes the time from, and what it waits by.
type Clock interface {
	// Now is the wall-clock time.
	Now() time.Time
	// Elapsed is the reading of a clock that nobody can set: the difference of two
	// readings is the time that passed between them, the machine's sleep included.
	// Wherever the wall clock moved by more or less, somebody set it.
	Elapsed() time.Duration
	// After sends once when d has passed; stop releases it earlier.
	After(d time.Duration) (c <-chan time.Time, stop func())
}

// System is the clock of the machine.
type System struct{}

// Now is the wall-clock time.
func (System) Now() time.Time { return time.Now() }

// Elapsed is the time since the machine started.
func (System) Elapsed() time.Duration { return sinceStart() }

// After sends once when d has passed.
func (System) After(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTimer(d)
	return t.C, func() { t.Stop() }
}

// Simulated is a clock that stands still until it is moved: 30 days pass in no
// time. Its zero value is not usable; see NewSimulated.
type Simulated struct {
	mu      sync.Mutex
	now     time.Time
	elapsed time.Duration
	waiting map[*alarm]bool
}

// alarm goes off when its time has come by either clock: by the wall clock, also if it
// was set past that; by the time that passed, also if the wall clock was set back.
type alarm struct {
	at  time.Time
	due time.Duration
	c   chan time.Time
}

func (a *alarm) ripe(now time.Time, elapsed time.Duration) bool {
	return !a.at.After(now) || a.due <= elapsed
}

// NewSimulated makes a simulated clock that shows now.
func NewSimulated(now time.Time) *Simulated {
	return &Simulated{now: now, waiting: map[*alarm]bool{}}
}

// Now is the time the clock was moved to.
func (s *Simulated) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Elapsed is how far the clock was advanced.
func (s *Simulated) Elapsed() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.elapsed
}

// After sends once d has passed, or the clock was set past d from now.
func (s *Simulated) After(d time.Duration) (<-chan time.Time, func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &alarm{s.now.Add(d), s.elapsed + d, make(chan time.Time, 1)}
	if d <= 0 {
		a.c <- s.now
	} else {
		s.waiting[a] = true
	}
	return a.c, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.waiting, a)
	}
}

// Set sets the clock to any time, also backwards, as somebody does who corrects it:
// no time passes. Alarms due by then go off.
func (s *Simulated) Set(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(now)
}

// set is Set. s.mu is held.
func (s *Simulated) set(now time.Time) {
	s.now = now
	for a := range s.waiting {
		if a.ripe(now, s.elapsed) {
			a.c <- now
			delete(s.waiting, a)
		}
	}
}

// Waiting is how many alarms have yet to go off. When all that works by this
// clock waits again, what the last move brought about is done.
func (s *Simulated) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting)
}

// Advance lets the time d pass. Time does not pass backwards: a negative d sets the
// clock back.
func (s *Simulated) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.elapsed += max(d, 0)
	s.set(s.now.Add(d))
}
