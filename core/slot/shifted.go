package slot

import (
	"sync"
	"time"
)

// Shifted is the machine's clock, shifted by as much as it was moved: time goes
// on as usual, and also leaps on demand. The test build of the library runs on
// it. Its zero value shows the machine's time.
type Shifted struct {
	mu      sync.Mutex
	offset  time.Duration
	passed  time.Duration // of offset, what counts as time that went by
	waiting map[*alarm]*time.Timer
}

// Now is the shifted time.
func (s *Shifted) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

// now is without the monotonic reading, which a shift would contradict.
func (s *Shifted) now() time.Time { return time.Now().Add(s.offset).Round(0) }

// After sends once when d has passed, or the clock was moved past that.
func (s *Shifted) After(d time.Duration) (<-chan time.Time, func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &alarm{at: s.now().Add(d), c: make(chan time.Time, 1)}
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
func (s *Shifted) fire(a *alarm) {
	if timer, ok := s.waiting[a]; ok {
		timer.Stop()
		delete(s.waiting, a)
		a.c <- s.now()
	}
}

// Uptime is that of the machine, and the time that was let pass.
func (s *Shifted) Uptime() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return uptime() + s.passed
}

// Move moves the clock by d. Forward, that much time passes; backward, it is set,
// as by Step. Alarms due by then go off.
func (s *Shifted) Move(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passed += max(0, d)
	s.step(d)
}

// Step sets the wall clock by d and lets no time pass. Alarms due by then go off.
func (s *Shifted) Step(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.step(d)
}

func (s *Shifted) step(d time.Duration) {
	s.offset += d
	now := s.now()
	for a := range s.waiting {
		if !a.at.After(now) {
			s.fire(a)
		}
	}
}
