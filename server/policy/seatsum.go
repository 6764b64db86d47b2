package policy

import (
	"cmp"
	"slices"
	"time"

	"github.com/openlts/openlts/server/store"
)

const day = 24 * time.Hour

// clearedEvery is after how many seconds of an item its exceptions are cleared.
const clearedEvery = int64(365 * day / time.Second)

// seatSum is the sum of an item's seats. It is what is remembered, moved on to now, and
// what changes: nobody counts seats. Exceptions are counted in slots that are over.
type seatSum struct {
	*store.Use
	terms
	exceptional bool // exceptions are counted
}

func sumOf(item *store.Item, use *store.Use) seatSum {
	_, exceptional := wayOf(item).limit.(exceptions)
	return seatSum{use, termsOf(item), exceptional && item.Quota >= 0}
}

// settle moves the sum on: past all steps up to now or, where exceptions count, up to
// the start of the slot of now. It never goes back.
func (s seatSum) settle(now int64) {
	to := now
	if s.exceptional {
		to = s.slot.Start(now)
	}
	if to <= s.At {
		return
	}
	i, _ := slices.BinarySearchFunc(s.Steps, s.At+1, atStep)
	for ; i < len(s.Steps) && s.Steps[i].At <= to; i++ {
		s.pass(s.Steps[i].At)
		s.Active += s.Steps[i].Change
	}
	s.pass(to)
}

func atStep(step store.Step, at int64) int { return cmp.Compare(step.At, at) }

// pass lets the time pass up to a moment, during which nothing changes.
func (s seatSum) pass(to int64) {
	from := s.At
	s.At = to
	if cleared := s.cleared(to); from < cleared {
		s.Exceptions, from = 0, cleared
	}
	s.except(from, to, s.beyond(s.Active))
}

// except adds the exceptions of a time with so many beyond the quota.
func (s seatSum) except(from, to, beyond int64) {
	if !s.exceptional || from >= to || beyond == 0 {
		return
	}
	slots := (to - from) / int64(s.slot)
	if beyond > 0 {
		s.Exceptions = saturatingSum(s.Exceptions, saturatingProduct(slots, beyond))
	} else {
		s.Exceptions = max(0, s.Exceptions-saturatingProduct(slots, -beyond))
	}
}

func (s seatSum) beyond(seats int64) int64 {
	if !s.exceptional {
		return 0
	}
	return max(0, seats-s.quota)
}

// cleared is the last moment up to another one at which exceptions were cleared: the
// start of the item's slots, and every 365 days from there.
func (s seatSum) cleared(at int64) int64 {
	first := s.slot.Start(s.startsAt)
	passed := (at - first) % clearedEvery
	if passed < 0 {
		passed += clearedEvery
	}
	return at - passed
}

// add adds a seat, or takes one away if its weight is negative. A time that is over
// changes the exceptions it had.
func (s seatSum) add(from, until, weight int64, step func(at, by int64)) {
	if from >= until || weight == 0 {
		return
	}
	s.reopen(max(from, s.cleared(s.At)), min(until, s.At), weight)
	if from <= s.At && s.At < until {
		s.Active += weight
	}
	s.step(from, weight)
	step(from, weight)
	if until != forever {
		s.step(until, -weight)
		step(until, -weight)
	}
}

// reopen counts the exceptions of a time before At anew, back from there.
func (s seatSum) reopen(from, until, weight int64) {
	if !s.exceptional || from >= until {
		return
	}
	level, end := s.Active, s.At
	i, _ := slices.BinarySearchFunc(s.Steps, s.At+1, atStep)
	for i--; end > from; i-- {
		start := from
		if i >= 0 {
			start = max(from, s.Steps[i].At)
		}
		s.except(start, min(end, until), s.beyond(level+weight)-s.beyond(level))
		if i < 0 {
			return
		}
		end, level = s.Steps[i].At, level-s.Steps[i].Change
	}
}

// step adds a step to those at hand.
func (s seatSum) step(at, by int64) {
	i, known := slices.BinarySearchFunc(s.Steps, at, atStep)
	if known {
		s.Steps[i].Change += by
		return
	}
	s.Steps = slices.Insert(s.Steps, i, store.Step{At: at, Change: by})
}
