package store

import "context"

// FoldedAtOnce is the number of rows of reports that are folded in one transaction: they have to be
// in memory, and others wait meanwhile.
const FoldedAtOnce = 20_000

// FoldAfter is how long after the start of a slot, in seconds, it is added to the totals of
// organizations: by then, nearly all reports of it have come. What comes later is added to them
// when it is stored.
const FoldAfter = 30 * 60

// Folder is a store that derives some of its sums later, so that storing a report costs nothing
// more. Queries read what is not folded yet, too, at the same moment, so they are exact at any time.
type Folder interface {
	// FoldActivity adds at most so many rows of reports to the activity of days, which tells which
	// runs counted something in which slots. It returns how many it added; 0 means that none are
	// left.
	FoldActivity(ctx context.Context, most int64) (int64, error)
	// FoldTotals adds the next totals of slots that begin before a moment, in seconds since 1970, to
	// the totals of organizations by slot. It leaves out the newest hour in which anything was
	// counted. It returns whether it added some; then there may be more.
	FoldTotals(ctx context.Context, before int64) (bool, error)
}
