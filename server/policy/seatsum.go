package policy

import (
	"cmp"
	"slices"
	"time"

	"github.com/openlts/openlts/server/store"
)

const day = 24 * time.Hour

// clearedEvery is after how many seconds of an item its exceptions are reset.
const clearedEvery = int64(365 * day / time.Second)

// seatSum is the sum of an item's seats: the stored sum, moved on to now, and its changes. Nobody
// counts seats. Exceptions count in slots that are over.
type seatSum struct {
	*store.Use
	terms
	exceptional bool // exceptions are counted
}

func sumOf(item *store.Item, use *store.Use) seatSum {
	_, exceptional := wayOf(item).limit.(exceptions)
	return seatSum{use, termsOf(item), exceptional && item.Quota >= 0}
}

// settle moves the sum on: past all steps up to now or, if exceptions count, up to the start of the
// current slot. It never goes back.
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

// pass lets time pass until a time at which nothing has changed yet.
func (s seatSum) pass(to int64) {
	from := s.At
	s.At = to
	if cleared := s.cleared(to); from < cleared {
		s.Exceptions, from = 0, cleared
	}
	s.except(from, to, s.beyond(s.Active))
}

// except adds the exceptions of a period with so many seats beyond the quota.
func (s seatSum) except(from, to, beyond int64) {
	if !s.exceptional || from >= to || beyond == 0 {
		return
	}
	slots := (to - from) / int64(s.slot)
	if beyond > 0 {
		s.Exceptions = store.SaturatingSum(s.Exceptions, saturatingProduct(slots, beyond))
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

// cleared is the last time, up to at, when exceptions were reset: at the start of the item's slots,
// and every 365 days from there. Before its start an item has no exceptions, even if the start was
// moved back when there were seats already.
func (s seatSum) cleared(at int64) int64 {
	first := s.slot.Start(s.startsAt)
	if at < first {
		return first
	}
	return at - (at-first)%clearedEvery
}

// add adds seats or removes them; changes in the past also change the exceptions of that time. The
// pieces are in order and don't overlap.
func (s seatSum) add(pieces []piece, step func(at, by int64)) {
	s.reopen(pieces)
	edges := make([]store.Step, 0, 2*len(pieces))
	for _, p := range pieces {
		if p.from <= s.At && s.At < p.until {
			s.Active += p.by
		}
		edges = append(edges, store.Step{At: p.from, Change: p.by})
		if p.until != forever {
			edges = append(edges, store.Step{At: p.until, Change: -p.by})
		}
	}
	for _, edge := range edges {
		step(edge.At, edge.Change)
	}
	s.Steps = mergedSteps(s.Steps, edges)
}

// reopen counts the exceptions of times before At again. It goes back from there once, however many
// pieces there are.
func (s seatSum) reopen(pieces []piece) {
	if !s.exceptional {
		return
	}
	cleared := s.cleared(s.At)
	level, end := s.Active, s.At // the number of seats before end
	i, _ := slices.BinarySearchFunc(s.Steps, s.At+1, atStep)
	i--
	for k := len(pieces) - 1; k >= 0 && pieces[k].until > cleared; k-- {
		p := pieces[k]
		from, until := max(p.from, cleared), min(p.until, s.At)
		for from < until && end > from {
			start := from // since when there were so many
			if i >= 0 {
				start = max(from, s.Steps[i].At)
			}
			s.except(start, min(end, until), s.beyond(level+p.by)-s.beyond(level))
			end = start
			if i >= 0 && start > from {
				level -= s.Steps[i].Change
				i--
			}
		}
	}
}

// mergedSteps merges steps in order into others.
func mergedSteps(steps, more []store.Step) []store.Step {
	merged := make([]store.Step, 0, len(steps)+len(more))
	for i, j := 0, 0; i < len(steps) || j < len(more); {
		var next store.Step
		if j == len(more) || i < len(steps) && steps[i].At <= more[j].At {
			next, i = steps[i], i+1
		} else {
			next, j = more[j], j+1
		}
		if n := len(merged) - 1; n >= 0 && merged[n].At == next.At {
			merged[n].Change += next.Change
		} else {
			merged = append(merged, next)
		}
	}
	return merged
}
