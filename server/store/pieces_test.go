package store_test

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/openlts/openlts/server/store"
)

// Pieces make up their windows, whatever these are: each slot that begins in a window is
// added once more than it is taken off, and others as often.
func TestPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		levels := rapid.SampledFrom([][]store.Level{
			{store.LevelMonth, store.LevelDay, store.LevelSlot}, {store.LevelDay, store.LevelHour, store.LevelSlot},
			{store.LevelDay, store.LevelSlot}, {store.LevelHour, store.LevelSlot}, {store.LevelSlot},
			{store.LevelMonth, store.LevelDay, store.LevelQuarterDay, store.LevelHour, store.LevelQuarterHour,
				store.LevelSlot},
		}).Draw(t, "levels")
		start := 1_700_000_100 + 900*rapid.Int64Range(0, 4*24*70).Draw(t, "start")
		window := store.Window{Start: start, End: start + 900*rapid.Int64Range(0, 4*24*70).Draw(t, "length")}
		pieces := store.CutWindows([]store.Window{{Start: 0, End: 900}, window}, levels...)
		folded := int64(math.MaxInt64)
		if rapid.Bool().Draw(t, "unfold") {
			folded = max(rapid.Int64Range(window.Start-86400, window.End+86400).Draw(t, "folded"), 0)
			pieces.Unfold(folded, store.LevelMonth, store.LevelDay, store.LevelHour, store.LevelSlot)
			levels = append(slices.Clone(levels), store.LevelHour, store.LevelSlot)
		}
		kept := func(p store.Piece) bool { return p.Start/86400 == (p.End-1)/86400 && p.Start/86400%3 > 0 }
		if folded == math.MaxInt64 && rapid.Bool().Draw(t, "refine") {
			before := len(pieces.Plus[store.LevelSlot]) + len(pieces.Minus[store.LevelSlot])
			pieces.Refine(store.LevelQuarterDay, kept)
			levels = append(slices.Clone(levels), store.LevelQuarterDay, store.LevelSlot)
			if after := len(pieces.Plus[store.LevelSlot]) + len(pieces.Minus[store.LevelSlot]); after > 2*before {
				t.Fatalf("%d slots became %d", before, after)
			}
		}
		covers := func(pieces map[store.Level][]store.Piece, at int64) (times int) {
			for level, list := range pieces {
				if !slices.Contains(levels, level) {
					t.Fatalf("there is a piece of the level %d", level)
				}
				for _, p := range list {
					if slices.Contains(store.FoldedLevels, level) && p.End > folded {
						t.Fatalf("%+v of level %d is after %d", p, level, folded)
					}
					if level.Start(p.Start) != p.Start || level.Start(p.End) != p.End || p.Start >= p.End {
						t.Fatalf("%+v is not a piece of level %d", p, level)
					}
					if p.Window == 1 && at >= p.Start && at < p.End {
						times++
					}
				}
			}
			return times
		}
		moments := []int64{window.Start - 180, window.Start, window.End - 180, window.End}
		for range 20 {
			moments = append(moments, rapid.Int64Range(window.Start-40*86400, window.End+40*86400).Draw(t, "at"))
		}
		for _, at := range moments {
			want := 0
			if at >= window.Start && at < window.End {
				want = 1
			}
			if got := covers(pieces.Plus, at) - covers(pieces.Minus, at); got != want {
				t.Fatalf("%d is %d times in %+v: %+v", at, got, window, pieces)
			}
		}
	})
	// Whatever the zone, a day of it is few totals. So are those of days that begin at any quarter.
	for start := int64(1_763_856_000); start < 1_763_856_000+86400; start += 900 {
		pieces := store.CutWindows([]store.Window{{Start: start, End: start + 86400}}, store.LevelMonth, store.LevelDay,
			store.LevelQuarterDay, store.LevelHour, store.LevelQuarterHour, store.LevelSlot)
		totals := int64(0)
		for _, side := range []map[store.Level][]store.Piece{pieces.Plus, pieces.Minus} {
			for level, list := range side {
				for _, p := range list {
					if level == store.LevelSlot {
						t.Errorf("a day that begins at %d has slots: %+v", start, pieces)
						continue
					}
					totals += (p.End - p.Start) / int64(level)
				}
			}
		}
		if totals > 1+2*(2+3+2) { // at each end: quarters of a day, hours, quarters of an hour
			t.Errorf("a day that begins at %d consists of %d totals: %+v", start, totals, pieces)
		}
	}
	// A day of another time zone is one of UTC, and some hours; all of time is itself.
	day := int64(1_763_856_000)
	pieces := store.CutWindows([]store.Window{{Start: day - 3600, End: day + 82800},
		{Start: day + 86400, End: store.EndOfTime}}, store.LevelDay, store.LevelHour, store.LevelSlot)
	want := store.Pieces{
		Plus: map[store.Level][]store.Piece{
			store.LevelDay:  {{0, day, day + 86400}, {1, day + 86400, store.EndOfTime}},
			store.LevelHour: {{0, day - 3600, day}},
		},
		Minus: map[store.Level][]store.Piece{store.LevelHour: {{0, day + 82800, day + 86400}}},
	}
	if !reflect.DeepEqual(pieces, want) {
		t.Errorf("%+v", pieces)
	}
}
