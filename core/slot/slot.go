// Package slot has the time slots of metering, which are fixed by the wall clock in UTC, and the
// clock from which all of core takes the time.
package slot

import "fmt"

// Day is a day in seconds. Slots are absolute: the first one of a day always
// starts at 00:00:00 UTC (docs/compatibility.md, "Time").
const Day = 24 * 60 * 60

// Length is the length of a slot in seconds. It divides a day.
type Length int64

// Check makes a Length; the error says that it does not divide a day.
func Check(seconds int64) (Length, error) {
	if seconds < 1 || seconds > Day || Day%seconds != 0 {
		return 0, fmt.Errorf("a slot of %d s does not divide a day; take for example 1, 60 or 180", seconds)
	}
	return Length(seconds), nil
}

// Start is the start of the slot that contains a time, both in seconds since 1970. A time on the
// border belongs to the later slot.
func (l Length) Start(unix int64) int64 {
	start := unix - unix%int64(l)
	if start > unix { // before 1970, where % is negative
		start -= int64(l)
	}
	return start
}

// Next is the start of the slot after the one that contains a time.
func (l Length) Next(unix int64) int64 { return l.Start(unix) + int64(l) }
