package store

// EndOfTime is after all slots: windows without an end have it.
const EndOfTime = 1<<62 - 1<<62%86400

// Piece is a part of a window that totals of one level make up.
type Piece struct {
	Window     int // its place
	Start, End int64
}

// Pieces takes windows apart: whole days are made up of the totals of days as
// far as longest allows it, then whole hours of those of hours, and the rest of
// those of slots. Where a window begins in the middle of a slot, the slot is not in it.
func Pieces(windows []Window, longest Level) map[Level][]Piece {
	pieces := map[Level][]Piece{}
	for i, w := range windows {
		cut(pieces, i, w.Start, w.End, longest)
	}
	return pieces
}

// shorter is the level below each.
var shorter = map[Level]Level{LevelDay: LevelHour, LevelHour: LevelSlot}

func cut(pieces map[Level][]Piece, window int, start, end int64, level Level) {
	if start >= end {
		return
	}
	if level == LevelSlot {
		pieces[level] = append(pieces[level], Piece{window, start, end})
		return
	}
	first, last := level.Start(start+int64(level)-1), level.Start(end)
	if first >= last {
		cut(pieces, window, start, end, shorter[level])
		return
	}
	cut(pieces, window, start, first, shorter[level])
	pieces[level] = append(pieces[level], Piece{window, first, last})
	cut(pieces, window, last, end, shorter[level])
}
