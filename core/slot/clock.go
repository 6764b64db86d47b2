package slot

import "time"

// Clock gives core the time, and waits.
type Clock interface {
	// Now is the wall-clock time.
	Now() time.Time
	// Elapsed is the reading of a clock that nobody can set: the difference of two readings is the
	// time that has passed between them, including the machine's sleep. If the wall clock moved by
	// more or less, somebody set it.
	Elapsed() time.Duration
	// After sends once when d has passed; stop cancels it.
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
