package server

import (
	"context"
	"time"

	"github.com/openlts/openlts/server/store"
)

// How often the activity of days is folded. Each question about devices also reads what is not
// folded yet, so that should stay little.
const (
	foldInterval = 30 * time.Second
	// foldPause lets others write in between. foldRetry gives an operator time to repair the
	// database.
	foldPause = 100 * time.Millisecond
	foldRetry = 10 * time.Minute
)

// foldActivity folds what came into the activity of days, until ctx ends.
func (s *Server) foldActivity(ctx context.Context, folder store.ActivityFolder) {
	for {
		folded, err := folder.FoldActivity(ctx, store.FoldedAtOnce)
		wait := foldInterval
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.config.Log.Warn("the activity of days can't be folded; statistics of devices take longer meanwhile",
				"error", err)
			wait = foldRetry
		case folded == store.FoldedAtOnce:
			wait = foldPause
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}
