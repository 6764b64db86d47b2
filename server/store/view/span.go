package view

import (
	"cmp"
	"slices"
	"sort"

	"github.com/openlts/openlts/server/store"
)

// span is a span of time whose totals are read once, and its uses: a span that is added to one
// window may have to be subtracted from another one.
type span struct {
	start, end int64
	uses       []use
}

// use is a window to which a span is added, or from which it is subtracted.
type use struct {
	window int
	minus  bool
}

// spansOf returns the spans of pieces of a level.
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

// spansOfWindows returns the windows as spans, undivided.
func spansOfWindows(windows []store.Window) []span {
	spans := make([]span, len(windows))
	for i, w := range windows {
		spans[i] = span{w.Start, w.End, []use{{window: i}}}
	}
	return spans
}

// piecesOf returns spans as pieces of any windows.
func piecesOf(spans []span) []store.Piece {
	pieces := make([]store.Piece, len(spans))
	for i, s := range spans {
		pieces[i] = store.Piece{Start: s.start, End: s.end}
	}
	return pieces
}

// layers divides spans into sorted lists in which none overlap. Nearly always, one list is enough.
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

// joined joins those of some sorted spans that follow one another.
func joined(spans []span) (whole []span) {
	return near(spans, 0)
}

// spansAt divides sorted spans that don't overlap into those before a moment and those after it.
func spansAt(spans []span, moment int64) (before, after []span) {
	for _, s := range spans {
		if s.start < moment {
			before = append(before, span{s.start, min(s.end, moment), s.uses})
		}
		if s.end > moment {
			after = append(after, span{max(s.start, moment), s.end, s.uses})
		}
	}
	return before, after
}

// placing finds the spans that contain slots, among sorted spans that don't overlap.
type placing struct {
	spans []span
	last  int // where one was found last: the next one is near
}

// of returns the span that contains a slot. There must be one.
func (p *placing) of(slot int64) *span {
	if at := &p.spans[p.last]; slot < at.start || slot >= at.end {
		if p.last++; p.last == len(p.spans) || slot < p.spans[p.last].start || slot >= p.spans[p.last].end {
			p.last = sort.Search(len(p.spans), func(i int) bool { return p.spans[i].end > slot })
		}
	}
	return &p.spans[p.last]
}

// find returns the span that contains a slot, or nil if none does.
func (p *placing) find(slot int64) *span {
	at := sort.Search(len(p.spans), func(i int) bool { return p.spans[i].end > slot })
	if at == len(p.spans) || slot < p.spans[at].start {
		return nil
	}
	return &p.spans[at]
}

// near joins those of some sorted spans that are not farther from one another than a gap.
func near(spans []span, gap int64) (whole []span) {
	for _, s := range spans {
		if n := len(whole); n > 0 && s.start-whole[n-1].end <= gap {
			whole[n-1].end = s.end
		} else {
			whole = append(whole, span{start: s.start, end: s.end})
		}
	}
	return whole
}

// use adds what was counted in a span to its windows, or subtracts it from them.
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
