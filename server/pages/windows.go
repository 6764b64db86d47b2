package pages

import (
	"time"
)

// window is a period that is counted as one, half open, by the clock of a time zone.
type window struct{ From, To time.Time }

// steps of windows.
const (
	perSlot  = "slot"
	perHour  = "hour"
	perDay   = "day"
	perMonth = "month"
)

// slotLength is the length of a slot of a device that does not say otherwise.
const slotLength = 3 * time.Minute

// maxWindows is how many windows a page or a file shows.
const maxWindows = 14_880 // slots of a month of 31 days

// begin is the beginning of the window that a moment is in.
func begin(t time.Time, step string) time.Time {
	year, month, day := t.Date()
	switch step {
	case perMonth:
		return time.Date(year, month, 1, 0, 0, 0, 0, t.Location())
	case perDay:
		return time.Date(year, month, day, 0, 0, 0, 0, t.Location())
	case perHour:
		// Not by the clock: an hour comes twice when it is set back.
		_, offset := t.Zone()
		local := t.Unix() + int64(offset)
		return time.Unix(local-local%3600-int64(offset), 0).In(t.Location())
	}
	return t.Truncate(slotLength)
}

// next is the beginning of the next window.
func next(t time.Time, step string) time.Time {
	year, month, day := t.Date()
	switch step {
	case perMonth:
		return time.Date(year, month+1, 1, 0, 0, 0, 0, t.Location())
	case perDay:
		return time.Date(year, month, day+1, 0, 0, 0, 0, t.Location())
	case perHour:
		return begin(t.Add(time.Hour), perHour)
	}
	return t.Add(slotLength)
}

// windows are those from one moment to another; false if they are too many.
func windows(from, to time.Time, step string) ([]window, bool) {
	var list []window
	for at := begin(from, step); at.Before(to); {
		end := next(at, step)
		if !end.After(at) || len(list) == maxWindows {
			return nil, false
		}
		list = append(list, window{at, end})
		at = end
	}
	return list, true
}

// label names a window by its beginning.
func (w window) label(step string) string {
	switch step {
	case perMonth:
		return w.From.Format("2006-01")
	case perDay:
		return w.From.Format("2006-01-02")
	}
	return w.From.Format("2006-01-02 15:04")
}
