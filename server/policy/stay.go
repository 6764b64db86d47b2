package policy

import "github.com/openlts/openlts/core/protocol"

// visit is a request of a device at a time.
type visit struct {
	at          int64
	slotSeconds int64 // how often it reports; 0: unknown
	brief       bool  // its identity is only in memory
}

// stay says how long a device takes a seat. All times are seconds since 1970; a seat lasts from the
// first until before the second.
type stay interface {
	// authorized is the seat of a device that was authorized or sent reports.
	authorized(t terms, v visit) (from, until int64)
	// reported is the seat of a device for a slot that it reports some time later; from equals
	// until if the report takes no seat.
	reported(t terms, start, seconds int64) (from, until int64)
	// ended is the end of the seat of a device that closed its license.
	ended(t terms, v visit) (until int64, ends bool)
	// freed is the end of a seat that an administrator ends at a moment.
	freed(t terms, at int64) int64
	// reopens tells whether late reports take seats in slots that are over.
	reopens() bool
	// weight is the weight of a reporting device's seat, from its present weight and its last one.
	weight(now, last int64) int64
	// worth tells whether a report should extend a seat, which costs a write.
	worth(before, after int64) bool
}

// listed is a seat on a list: for some days after the device's last request.
type listed struct{}

// listedHour is by how many seconds a report must extend a seat on a list: lists are read by the
// day, and a device reports every few minutes.
const listedHour = 60 * 60

func (listed) authorized(t terms, v visit) (from, until int64) {
	until = max(min(v.at+t.window, t.expiresAt), v.at+t.least)
	if v.brief {
		until = min(until, v.at+t.brief)
	}
	return v.at, until
}

func (listed) reported(terms, int64, int64) (from, until int64) { return 0, 0 }

// A device whose identity is only in memory ends with its license, and comes back as another one.
func (listed) ended(_ terms, v visit) (until int64, ends bool) { return v.at, v.brief }

func (listed) freed(_ terms, at int64) int64 { return at }

func (listed) reopens() bool { return false }

func (listed) weight(_, last int64) int64 { return last }

func (listed) worth(before, after int64) bool { return after >= before+listedHour }

// active is an active device: in all slots of a window that begins with its request or its reported
// slot, and at least as long as a concurrent one.
type active struct {
	bounded bool // not beyond the item's end
}

func (a active) authorized(t terms, v visit) (from, until int64) {
	until = a.until(t, v.at)
	if v.brief {
		until = min(until, v.at+t.brief)
	}
	return t.slot.Start(v.at), max(t.end(until), t.end(t.covered(v, 0)))
}

func (a active) reported(t terms, start, seconds int64) (from, until int64) {
	return t.slot.Start(start), max(t.end(a.until(t, start)), t.end(start+seconds))
}

func (a active) until(t terms, at int64) int64 {
	if a.bounded {
		return min(at+t.window, t.expiresAt)
	}
	return at + t.window
}

func (active) ended(terms, visit) (until int64, ends bool) { return 0, false }

func (active) freed(t terms, at int64) int64 { return t.end(at) }

func (active) reopens() bool { return true }

func (active) weight(now, last int64) int64 { return max(now, last) }

func (active) worth(before, after int64) bool { return after > before }

// concurrent is a device in use now: in this slot and long enough for the next report, so that it
// keeps its seat while it is in use.
type concurrent struct{}

func (concurrent) authorized(t terms, v visit) (from, until int64) {
	return t.slot.Start(v.at), t.end(t.covered(v, t.window))
}

func (concurrent) reported(t terms, start, seconds int64) (from, until int64) {
	return t.slot.Start(start), t.end(start + seconds)
}

func (concurrent) ended(t terms, v visit) (until int64, ends bool) { return t.end(v.at), true }

func (concurrent) freed(t terms, at int64) int64 { return t.end(at) }

func (concurrent) reopens() bool { return true }

func (concurrent) weight(now, last int64) int64 {
	if now > 0 {
		return now
	}
	return last
}

func (concurrent) worth(before, after int64) bool { return after > before }

// latency is the time that a request may take, in seconds.
const latency = 60

// covered is until when a device counts as active after a request: for the window, and at least
// until its next report.
func (t terms) covered(v visit, window int64) int64 {
	seconds := v.slotSeconds
	if seconds == 0 {
		seconds = protocol.DefaultSlotSeconds
	}
	return v.at + max(window, seconds+latency)
}

// end is the end of the slot in which a period ends.
func (t terms) end(until int64) int64 { return t.slot.Next(until - 1) }
