package slot

import (
	"sync"
	"time"
)

// Clock is where core takes the time from, and what it waits by.
type Clock interface {
	// Now is the wall-clock time.
	Now() time.Time
	// After sends once when d has passed; stop releases it earlier.
	After(d time.Duration) (c <-chan time.Time, stop func())
	// Uptime is how much time has passed since some moment of the past, sleep of the
	// machine included. Nobody sets it, so it tells a step of the wall clock from time
	// that went by. Only differences mean anything, and only within a process.
	Uptime() time.Duration
}

// System is the clock of the machine.
type System struct{}

// Now is the wall-clock time.
func (System) Now() time.Time { return time.Now() }

// After sends once when d has passed.
func (System) After(d time.Duration) (<-chan time.Time, func()) {
	t := time.NewTimer(d)
	return t.C, func() { t.Stop() }
}

// Uptime is how long the machine has been up.
func (System) Uptime() time.Duration { return uptime() }

// Simulated is a clock that stands still until it is moved: 30 days pass in no
// time. Its zero value is not usable; see NewSimulated.
type Simulated struct {
	mu      sync.Mutex
	now     time.Time
	passed  time.Duration // see Uptime
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

// Uptime is the time that has passed: by how much the clock was moved forward.
func (s *Simulated) Uptime() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.passed
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

// Set moves the clock to any time. Forward, that much time passes; backward, it is
// set, as by Step. Alarms due by then go off.
func (s *Simulated) Set(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passed += max(0, now.Sub(s.now))
	s.set(now)
}

// Step sets the wall clock by d and lets no time pass, as a user does, or a machine
// that learns the time. Alarms due by then go off.
func (s *Simulated) Step(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(s.now.Add(d))
}

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

// Advance moves the clock by d.
func (s *Simulated) Advance(d time.Duration) { s.Set(s.Now().Add(d)) }
