package store

// EndOfTime is after all slots. It is the end of windows that have none.
const EndOfTime = 1<<62 - 1<<62%86400

// Piece is a part of a window that consists of totals of one level.
type Piece struct {
	Window     int // its place
	Start, End int64
}

// Pieces are parts of windows by level: those to add, and those to subtract because a longer level
// added them although they are not in the window.
type Pieces struct{ Plus, Minus map[Level][]Piece }

// CutWindows divides windows into totals of these levels, the longest first. At each end, it either
// adds the totals of shorter levels up to where a total of a longer level begins, or adds the
// longer total and subtracts what lies beyond the window, whichever needs fewer totals: a day of
// Berlin is one of UTC, and an hour at each end. If a window begins in the middle of a slot, it
// does not contain the slot.
func CutWindows(windows []Window, levels ...Level) Pieces {
	pieces := Pieces{map[Level][]Piece{}, map[Level][]Piece{}}
	for i, w := range windows {
		pieces.cut(i, w.Start, w.End, levels, false)
	}
	return pieces
}

// Unfold divides what pieces of folded levels have after a moment, up to which these are folded, into
// totals of other levels, the longest first.
func (p Pieces) Unfold(folded int64, levels ...Level) {
	for _, side := range []struct {
		pieces map[Level][]Piece
		minus  bool
	}{{p.Plus, false}, {p.Minus, true}} {
		for _, level := range FoldedLevels {
			end, list := level.Start(folded), side.pieces[level]
			var shorter []Level
			for _, other := range levels {
				if other < level {
					shorter = append(shorter, other)
				}
			}
			delete(side.pieces, level)
			for _, piece := range list {
				if piece.Start < end {
					p.add(level, Piece{piece.Window, piece.Start, min(piece.End, end)}, side.minus)
				}
				p.cut(piece.Window, max(piece.Start, end), piece.End, shorter, side.minus)
			}
		}
	}
}

// Refine divides the slots of pieces for which totals of a level are kept into such totals and slots.
// Each of these pieces must lie in one day.
func (p Pieces) Refine(level Level, kept func(Piece) bool) {
	plus, minus := p.Plus[LevelSlot], p.Minus[LevelSlot]
	delete(p.Plus, LevelSlot)
	delete(p.Minus, LevelSlot)
	refine := func(list []Piece, minus bool) {
		for _, piece := range list {
			levels := []Level{LevelSlot}
			if kept(piece) {
				levels = []Level{level, LevelSlot}
			}
			p.cut(piece.Window, piece.Start, piece.End, levels, minus)
		}
	}
	refine(plus, false)
	refine(minus, true)
}

func (p Pieces) cut(window int, start, end int64, levels []Level, minus bool) {
	if start >= end {
		return
	}
	level, shorter := levels[0], levels[1:]
	if len(shorter) == 0 {
		p.add(level, Piece{window, start, end}, minus)
		return
	}
	first, last := level.ceiling(start), level.Start(end)
	if floor := level.Start(start); start-floor < first-start {
		first = floor
	}
	if ceiling := level.ceiling(end); ceiling-end < end-last {
		last = ceiling
	}
	if first >= last || max(first-start, start-first)+max(last-end, end-last) >= end-start {
		p.cut(window, start, end, shorter, minus)
		return
	}
	p.add(level, Piece{window, first, last}, minus)
	p.cut(window, start, first, shorter, minus)
	p.cut(window, first, start, shorter, !minus)
	p.cut(window, last, end, shorter, minus)
	p.cut(window, end, last, shorter, !minus)
}

func (p Pieces) add(level Level, piece Piece, minus bool) {
	if minus {
		p.Minus[level] = append(p.Minus[level], piece)
	} else {
		p.Plus[level] = append(p.Plus[level], piece)
	}
}
