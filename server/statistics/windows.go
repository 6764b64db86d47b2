package statistics

import (
	"time"

	"github.com/openlts/openlts/server/store"
)

// Window is a period that includes its start and excludes its end. A zero time means no limit.
type Window struct {
	Start time.Time `json:"start,omitzero"`
	End   time.Time `json:"end,omitzero"`
	// Unfinished means that it has not ended yet.
	Unfinished bool `json:"unfinished,omitempty"`
	// MayGrow means that devices may still report for it.
	MayGrow bool `json:"mayGrow,omitempty"`
}

// reportDays is how long after a slot devices may report it, with a day to spare.
const reportDays = 31 * 24 * time.Hour

// first is the start of the window that contains a time.
func (p Per) first(at time.Time, zone *time.Location) time.Time {
	at = at.In(zone)
	year, month, day := at.Date()
	switch p {
	case PerSlot:
		return time.Unix(at.Unix()-at.Unix()%SlotSeconds, 0).In(zone)
	case PerHour:
		// Use the minutes of the zone: where clocks differ by half hours, so do the starts of
		// hours.
		_, offset := at.Zone()
		local := at.Unix() + int64(offset)
		return time.Unix(local-local%3600-int64(offset), 0).In(zone)
	case PerDay:
		return startOfDay(year, month, day, zone)
	case PerMonth:
		return startOfDay(year, month, 1, zone)
	}
	return at
}

// startOfDay is the first moment of a day. If clocks go forward at midnight, that is 1 o'clock; if
// they go back over midnight, it is the first of the two midnights. If a zone skipped the day,
// because it crossed the date line, it is the start of the next day.
func startOfDay(year int, month time.Month, day int, zone *time.Location) time.Time {
	start := time.Date(year, month, day, 0, 0, 0, 0, zone)
	// For a midnight that does not exist, Date returns a time on one or the other side of the gap.
	want := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	for before(start, want) {
		start = start.Add(15 * time.Minute)
	}
	for {
		switch earlier, hour := start.Add(-15*time.Minute), start.Add(-time.Hour); {
		case !before(earlier, want):
			start = earlier
		case !before(hour, want):
			start = hour
		default:
			return start
		}
	}
}

// before tells whether a time is before a day. Asking whether it is on that day would not work,
// because there may be no such time.
func before(at, day time.Time) bool {
	year, month, date := at.Date()
	return time.Date(year, month, date, 0, 0, 0, 0, time.UTC).Before(day)
}

// StartOfMonth is the first moment of a month in a zone.
func StartOfMonth(year int, month time.Month, zone *time.Location) time.Time {
	return startOfDay(year, month, 1, zone)
}

// ParseDay gives the first moment of a day in a zone, written like 2026-01-31.
func ParseDay(text string, zone *time.Location) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, err
	}
	return startOfDay(day.Year(), day.Month(), day.Day(), zone), nil
}

// AddDate is the first moment of the day that is so many years, months and days after the one that
// contains a time. Unlike that of package time, it is right for days that do not begin at midnight.
func AddDate(at time.Time, years, months, days int) time.Time {
	year, month, day := at.Date()
	return startOfDay(year+years, month+time.Month(months), day+days, at.Location())
}

// next is the start of the n-th window after the one that starts at a time.
func (p Per) next(start time.Time, n int, zone *time.Location) time.Time {
	year, month, day := start.In(zone).Date()
	switch p {
	case PerSlot:
		return start.Add(time.Duration(n) * SlotSeconds * time.Second)
	case PerHour:
		return p.first(start.Add(time.Duration(n)*time.Hour), zone)
	case PerDay:
		return startOfDay(year, month, day+n, zone)
	case PerMonth:
		return startOfDay(year, month+time.Month(n), 1, zone)
	}
	return start
}

// approximately is roughly how long windows are.
var approximately = map[Per]time.Duration{
	PerSlot: SlotSeconds * time.Second, PerHour: time.Hour, PerDay: 24 * time.Hour, PerMonth: 30 * 24 * time.Hour,
}

// windows divides a period into windows. The first and the last may be partial.
func windows(from, until time.Time, per Per, zone *time.Location, now time.Time) ([]Window, error) {
	if per == PerPeriod {
		return []Window{newWindow(inZone(from, zone), inZone(until, zone), now)}, nil
	}
	if about := int64(until.Sub(from) / approximately[per]); about > maxWindows {
		return nil, &RangeError{per, about}
	}
	var list []Window
	for start := from; start.Before(until); {
		end := per.next(per.first(start, zone), 1, zone)
		if !end.After(start) { // never happens, but an endless loop would be worse
			end = start.Add(approximately[per])
		}
		if end.After(until) {
			end = until
		}
		list = append(list, newWindow(start, end, now))
		start = end
	}
	return list, nil
}

func inZone(at time.Time, zone *time.Location) time.Time {
	if at.IsZero() {
		return at
	}
	return at.In(zone)
}

func newWindow(start, end, now time.Time) Window {
	open := end.IsZero()
	return Window{
		Start: start, End: end, Unfinished: open || end.After(now), MayGrow: open || now.Sub(end) < reportDays,
	}
}

func spans(list []Window) []store.Window {
	all := make([]store.Window, len(list))
	for i, w := range list {
		all[i].End = store.EndOfTime
		if !w.Start.IsZero() {
			all[i].Start = w.Start.Unix()
		}
		if !w.End.IsZero() {
			all[i].End = w.End.Unix()
		}
	}
	return all
}

// StartOfDay is the first moment of the day that contains a time, in its zone.
func StartOfDay(at time.Time) time.Time {
	year, month, day := at.Date()
	return startOfDay(year, month, day, at.Location())
}
