package store

import "context"

// FoldedAtOnce is how many rows of what came are folded in one transaction: they have to be
// in memory, and others wait meanwhile.
const FoldedAtOnce = 20_000

// ActivityFolder is a store that keeps the activity of days: which runs counted something
// in which slots. It follows from what came, and is worked out beside it, so that reports
// cost nothing more; what was not folded yet is read besides.
type ActivityFolder interface {
	// FoldActivity folds at most so many rows of what came, and tells how many there were;
	// 0: none is left.
	FoldActivity(ctx context.Context, most int64) (int64, error)
}
