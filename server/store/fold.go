package store

import "context"

// FoldedAtOnce is the number of rows of reports that are folded in one transaction: they have to be
// in memory, and others wait meanwhile.
const FoldedAtOnce = 20_000

// ActivityFolder is a store that keeps the activity of days: which runs counted something in which
// slots. The activity is derived later from the reports that came, so that storing a report costs
// nothing more. Queries read the reports that are not folded yet, too.
type ActivityFolder interface {
	// FoldActivity folds at most so many rows of reports, and returns how many it folded; 0 means
	// that none are left.
	FoldActivity(ctx context.Context, most int64) (int64, error)
}
