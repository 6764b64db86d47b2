package view

import (
	"cmp"
	"slices"
	"sort"

	"github.com/openlts/openlts/server/store"
)

// span is a span of time whose totals are read once, and what for: a day of one window may be
// an hour that another one has to give up.
type span struct {
	start, end int64
	uses       []use
}

// use is a window that a span is added to, or taken off.
type use struct {
	window int
	minus  bool
}

// spansOf are the spans of pieces of a level.
func spansOf(pieces store.Pieces, level store.Level) (spans []span) {
	places := map[[2]int64]int{}
	note := func(list []store.Piece, minus bool) {
		for _, p := range list {
			of := [2]int64{p.Start, p.End}
			at, known := places[of]
			if !known {
				at = len(spans)
				places[of] = at
				spans = append(spans, span{start: p.Start, end: p.End})
			}
			spans[at].uses = append(spans[at].uses, use{p.Window, minus})
		}
	}
	note(pieces.Plus[level], false)
	note(pieces.Minus[level], true)
	return spans
}

// spansOfWindows are the windows as they are.
func spansOfWindows(windows []store.Window) []span {
	spans := make([]span, len(windows))
	for i, w := range windows {
		spans[i] = span{w.Start, w.End, []use{{window: i}}}
	}
	return spans
}

// layers are spans in lists of such as don't overlap, in order. Nearly always, all are in one.
func layers(spans []span) (lists [][]span) {
	left := slices.Clone(spans)
	slices.SortStableFunc(left, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	for len(left) > 0 {
		var list, over []span
		for _, s := range left {
			if n := len(list); n > 0 && list[n-1].end > s.start {
				over = append(over, s)
			} else {
				list = append(list, s)
			}
		}
		lists, left = append(lists, list), over
	}
	return lists
}

// joined are spans in order, of which those that follow one another are one.
func joined(spans []span) (whole []span) {
	for _, s := range spans {
		if n := len(whole); n > 0 && whole[n-1].end == s.start {
			whole[n-1].end = s.end
		} else {
			whole = append(whole, span{start: s.start, end: s.end})
		}
	}
	return whole
}

// placing finds the spans that slots are in, of such as are in order and don't overlap.
type placing struct {
	spans []span
	last  int // where one was found last: the next one is near
}

// of is the span that a slot is in; it is in one.
func (p *placing) of(slot int64) *span {
	if at := &p.spans[p.last]; slot < at.start || slot >= at.end {
		if p.last++; p.last == len(p.spans) || slot < p.spans[p.last].start || slot >= p.spans[p.last].end {
			p.last = sort.Search(len(p.spans), func(i int) bool { return p.spans[i].end > slot })
		}
	}
	return &p.spans[p.last]
}

// use has the windows of a span add, or take off, what was counted in it.
func (q *statistics) use(s *span, of *counted, units store.Units) {
	g := q.groupOf(of)
	for _, each := range s.uses {
		if each.minus {
			q.sheet.take(each.window, g, units)
		} else {
			q.sheet.add(each.window, g, units)
		}
	}
}
