package testkit

import (
	"sync"
	"time"
)

// Clock is a clock that stands still until it is moved, so that 30 days pass at once. Its zero
// value is not usable; see NewClock.
type Clock struct {
	mu      sync.Mutex
	now     time.Time
	elapsed time.Duration
	waiting map[*alarm]bool
}

// alarm goes off when its time has come by either clock: by the wall clock, even if that was set
// forward; or by the time that has passed, even if the wall clock was set back.
type alarm struct {
	at  time.Time
	due time.Duration
	c   chan time.Time
}

func (a *alarm) ripe(now time.Time, elapsed time.Duration) bool {
	return !a.at.After(now) || a.due <= elapsed
}

// NewClock makes a clock that shows now.
func NewClock(now time.Time) *Clock {
	return &Clock{now: now, waiting: map[*alarm]bool{}}
}

// Now is the time the clock was moved to.
func (s *Clock) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Elapsed is how far the clock was advanced.
func (s *Clock) Elapsed() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.elapsed
}

// After sends once d has passed, or the clock was set past d from now.
func (s *Clock) After(d time.Duration) (<-chan time.Time, func()) {
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

// Set sets the clock to any time, even backwards, like a user who corrects it: no time passes.
// Alarms that are due then go off.
func (s *Clock) Set(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(now)
}

// set does the work of Set. The caller holds s.mu.
func (s *Clock) set(now time.Time) {
	s.now = now
	for a := range s.waiting {
		if a.ripe(now, s.elapsed) {
			a.c <- now
			delete(s.waiting, a)
		}
	}
}

// Waiting is how many alarms have not gone off yet. When everything that uses this clock waits
// again, all effects of the last move are done.
func (s *Clock) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting)
}

// Advance lets the time d pass. Time does not pass backwards: a negative d sets the
// clock back.
func (s *Clock) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.elapsed += max(d, 0)
	s.set(s.now.Add(d))
}
