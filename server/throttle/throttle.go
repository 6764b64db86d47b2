// Package throttle keeps an error that each of many requests meets, such as a full disk, from filling
// the log: it is logged at once, and then once a minute, with how often it was met.
package throttle

import (
	"log/slog"
	"sync"
	"time"
)

// Every is how often the same is told at most.
const Every = time.Minute

// maxSorts bounds what is remembered. There are few sorts of errors; should there be more,
// they are told more often.
const maxSorts = 1000

// Meter tells what is to be told now.
type Meter struct {
	now func() time.Time

	mu    sync.Mutex
	sorts map[string]met
}

// met is how often something was met since it was told.
type met struct {
	told   time.Time
	untold int64
}

// NewMeter makes a Meter by a clock.
func NewMeter(now func() time.Time) *Meter { return &Meter{now: now, sorts: map[string]met{}} }

// Meet takes note of one of a sort. If it is to be told, it gives how many were not since
// the last one that was.
func (m *Meter) Meet(sort string) (untold int64, tell bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	was, known := m.sorts[sort]
	if known && now.Sub(was.told).Abs() < Every {
		was.untold++
		m.sorts[sort] = was
		return 0, false
	}
	if !known && len(m.sorts) >= maxSorts {
		clear(m.sorts)
	}
	m.sorts[sort] = met{told: now}
	return was.untold, true
}

// Log logs each sort of error once a minute at most.
type Log struct {
	to    *slog.Logger
	meter *Meter
}

// NewLog makes a Log that writes to another one.
func NewLog(to *slog.Logger, now func() time.Time) *Log { return &Log{to, NewMeter(now)} }

// Error tells of an error as slog.Logger.Error does, unless one of its sort was told within
// the last minute. What it tells next has how many were not: "unlogged".
func (l *Log) Error(sort, message string, attributes ...any) {
	if untold, tell := l.meter.Meet(sort); tell {
		l.to.Error(message, With(untold, attributes)...)
	}
}

// With adds to the attributes of a line how many like it were not told before.
func With(untold int64, attributes []any) []any {
	if untold == 0 {
		return attributes
	}
	return append(attributes, "unlogged", untold)
}
