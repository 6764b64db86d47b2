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

type alarm struct {
	at time.Time
	c  chan time.Time
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

// After sends once the clock was moved past d from now.
func (s *Simulated) After(d time.Duration) (<-chan time.Time, func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &alarm{at: s.now.Add(d), c: make(chan time.Time, 1)}
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
		if !a.at.After(now) {
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
