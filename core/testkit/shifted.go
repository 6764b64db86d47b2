package testkit

import (
	"sync"
	"time"

	"github.com/openlts/openlts/core/slot"
)

var machine slot.System

// ShiftedClock is the machine's clock plus the time by which it was moved: time passes as usual,
// and leaps on demand. The test build of the library uses it. The zero value shows the machine's
// time.
type ShiftedClock struct {
	mu      sync.Mutex
	offset  time.Duration // how far the wall clock was moved
	passed  time.Duration // how much time was skipped
	waiting map[*alarm]*time.Timer
}

// Now is the shifted time.
func (s *ShiftedClock) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

// now leaves out the monotonic reading, which would contradict a shift.
func (s *ShiftedClock) now() time.Time { return time.Now().Add(s.offset).Round(0) }

// Elapsed is the time since the machine started plus the time that was skipped.
func (s *ShiftedClock) Elapsed() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return machine.Elapsed() + s.passed
}

// After sends once when d has passed, or when the clock was moved past that time.
func (s *ShiftedClock) After(d time.Duration) (<-chan time.Time, func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &alarm{s.now().Add(d), machine.Elapsed() + s.passed + d, make(chan time.Time, 1)}
	if s.waiting == nil {
		s.waiting = map[*alarm]*time.Timer{}
	}
	s.waiting[a] = time.AfterFunc(d, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.fire(a)
	})
	return a.c, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if timer, ok := s.waiting[a]; ok {
			timer.Stop()
			delete(s.waiting, a)
		}
	}
}

// fire sets an alarm off, once. The caller holds s.mu.
func (s *ShiftedClock) fire(a *alarm) {
	if timer, ok := s.waiting[a]; ok {
		timer.Stop()
		delete(s.waiting, a)
		a.c <- s.now()
	}
}

// Move lets the time d pass at once, as if the machine slept. Time does not pass backwards: a
// negative d sets the clock back. Alarms that are due then go off.
func (s *ShiftedClock) Move(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passed += max(d, 0)
	s.shift(d)
}

// Step moves the clock by d, like a user who corrects it: no time passes.
func (s *ShiftedClock) Step(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shift(d)
}

// shift moves the wall clock. The caller holds s.mu.
func (s *ShiftedClock) shift(d time.Duration) {
	s.offset += d
	now, elapsed := s.now(), machine.Elapsed()+s.passed
	for a := range s.waiting {
		if a.ripe(now, elapsed) {
			s.fire(a)
		}
	}
}
