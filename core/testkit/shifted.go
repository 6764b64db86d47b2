package testkit

import (
	"sync"
	"time"

	"github.com/openlts/openlts/core/slot"
)

var machine slot.System

// ShiftedClock is the machine's clock, shifted by as much as it was moved: time goes
// on as usual, and also leaps on demand. The test build of the library runs on
// it. Its zero value shows the machine's time.
type ShiftedClock struct {
	mu      sync.Mutex
	offset  time.Duration // of the wall clock
	passed  time.Duration // of the time that passed
	waiting map[*alarm]*time.Timer
}

// Now is the shifted time.
func (s *ShiftedClock) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

// now is without the monotonic reading, which a shift would contradict.
func (s *ShiftedClock) now() time.Time { return time.Now().Add(s.offset).Round(0) }

// Elapsed is the time since the machine started, and what was leapt over since.
func (s *ShiftedClock) Elapsed() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return machine.Elapsed() + s.passed
}

// After sends once when d has passed, or the clock was moved past that.
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

// fire sets an alarm off, once. Under s.mu.
func (s *ShiftedClock) fire(a *alarm) {
	if timer, ok := s.waiting[a]; ok {
		timer.Stop()
		delete(s.waiting, a)
		a.c <- s.now()
	}
}

// Move lets the time d pass at once, as in a sleep of the machine. Time does not
// pass backwards: a negative d sets the clock back. Alarms due by then go off.
func (s *ShiftedClock) Move(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passed += max(d, 0)
	s.shift(d)
}

// Step sets the clock by d, as somebody does who corrects it: no time passes.
func (s *ShiftedClock) Step(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shift(d)
}

// shift moves the wall clock. Under s.mu.
func (s *ShiftedClock) shift(d time.Duration) {
	s.offset += d
	now, elapsed := s.now(), machine.Elapsed()+s.passed
	for a := range s.waiting {
		if a.ripe(now, elapsed) {
			s.fire(a)
		}
	}
}
