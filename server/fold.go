package server

import (
	"context"
	"errors"
	"time"

	"github.com/openlts/openlts/server/store"
)

// How often sums are folded. Questions also read what is not folded yet, so that should stay
// little.
const (
	foldInterval = 30 * time.Second
	// foldPause lets others write in between. foldRetry gives an operator time to repair the
	// database.
	foldPause = 100 * time.Millisecond
	foldRetry = 10 * time.Minute
)

// fold folds what came into the activity of days and into the totals of organizations, until ctx
// ends.
func (s *Server) fold(ctx context.Context, folder store.Folder) {
	for {
		folded, err := folder.FoldActivity(ctx, store.FoldedAtOnce)
		summed, failed := folder.FoldTotals(ctx, s.config.Now().Unix()-store.FoldAfter)
		err = errors.Join(err, failed)
		wait := foldInterval
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.config.Log.Warn("what came can't be folded into sums; statistics take longer meanwhile", "error", err)
			wait = foldRetry
		case summed || folded == store.FoldedAtOnce:
			wait = foldPause
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}
