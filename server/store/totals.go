package store

import "time"

// Units are operations that were counted.
type Units struct {
	All  int64
	Late int64 // of them, those that came more than Late after their slot began
}

// LateAfter is how long after the start of its slot, in seconds, a report may come without being
// late. Clients submit every few minutes; a report that comes a day later was delayed.
const LateAfter = 24 * 60 * 60

// Plus adds units. Sums stop at the largest number: a device that reports absurd
// counts must not make the reports of others fail.
func (u Units) Plus(other Units) Units {
	return Units{SaturatingSum(u.All, other.All), SaturatingSum(u.Late, other.Late)}
}

// SaturatingSum adds two numbers that are not negative and stops at the largest.
func SaturatingSum(a, b int64) int64 {
	if a > 1<<63-1-b {
		return 1<<63 - 1
	}
	return a + b
}

// Level is the length of time that a total sums up, in seconds. Longer totals are stored in
// addition to those of slots, so that a year can be summed up quickly; all are those of UTC.
type Level int64

// Levels of totals.
const (
	LevelSlot Level = 0 // a slot, whatever its length
	// LevelQuarterHour is what all time zones begin their days at.
	LevelQuarterHour Level = 15 * 60
	LevelHour        Level = 60 * 60
	LevelQuarterDay  Level = 6 * 60 * 60
	LevelDay         Level = 24 * 60 * 60
	// LevelMonth is a calendar month, however long it is.
	LevelMonth Level = 31 * 24 * 60 * 60
)

// Levels of totals of codes and items, and of those of organizations, that are added to in the
// transaction that stores a report: each is made of the one before.
var (
	TotalLevels        = []Level{LevelSlot, LevelHour, LevelDay, LevelMonth}
	OrganizationLevels = []Level{LevelSlot, LevelHour, LevelDay}
)

// FoldedLevels are further levels of totals of codes and items, which are folded later; see Folder.
// With them, a day of any time zone consists of few totals.
var FoldedLevels = []Level{LevelQuarterHour, LevelQuarterDay}

// Late returns the totals of a level for those of some slots that begin before a moment up to which
// this level was folded: they came too late for that.
func Late(slots map[TotalKey]Units, level Level, folded int64) map[TotalKey]Units {
	before := level.Start(folded)
	late := map[TotalKey]Units{}
	for key, units := range slots {
		if key.Slot < before {
			late[key] = units
		}
	}
	return RollUp(late, level)
}

// Start returns the start of the hour, day or month that contains a moment.
func (l Level) Start(at int64) int64 {
	switch l {
	case LevelSlot:
		return at
	case LevelMonth:
		if at >= EndOfTime {
			return at
		}
		day := time.Unix(at, 0).UTC()
		return time.Date(day.Year(), day.Month(), 1, 0, 0, 0, 0, time.UTC).Unix()
	}
	return at - at%int64(l)
}

// End returns the first moment after the hour, day or month that contains a moment.
func (l Level) End(at int64) int64 {
	switch start := l.Start(at); l {
	case LevelSlot:
		return at
	case LevelMonth:
		return time.Unix(start, 0).UTC().AddDate(0, 1, 0).Unix()
	default:
		return start + int64(l)
	}
}

// ceiling returns the first start of an hour, day or month that is not before a moment.
func (l Level) ceiling(at int64) int64 {
	if l.Start(at) == at {
		return at
	}
	return l.End(at)
}

// RollUp sums totals up to totals of a longer level.
func RollUp(totals map[TotalKey]Units, level Level) map[TotalKey]Units {
	if level == LevelSlot {
		return totals
	}
	sums := make(map[TotalKey]Units, len(totals))
	for key, units := range totals {
		key.Slot = level.Start(key.Slot)
		sums[key] = sums[key].Plus(units)
	}
	return sums
}

// DeviceLevels are the levels of totals of devices. Those of quarters of a day are only kept at the
// edges of months; see MonthEdge.
var DeviceLevels = []Level{LevelQuarterDay, LevelDay, LevelMonth}

// MonthEdge tells whether a moment lies on the first or the last day of a month in UTC. The months of
// all time zones begin and end on these days.
func MonthEdge(at int64) bool {
	day := LevelDay.Start(at)
	return LevelMonth.Start(day) == day || LevelMonth.End(day) == day+int64(LevelDay)
}

// DeviceTotals returns the totals of a level for those of quarters of a day.
func DeviceTotals(quarters map[DeviceTotalKey]int64, level Level) map[DeviceTotalKey]int64 {
	sums := make(map[DeviceTotalKey]int64, len(quarters))
	for key, units := range quarters {
		if level == LevelQuarterDay && !MonthEdge(key.Start) {
			continue
		}
		key.Start = level.Start(key.Start)
		sums[key] = SaturatingSum(sums[key], units)
	}
	return sums
}
