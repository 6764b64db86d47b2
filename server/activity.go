package server

import (
	"context"
	"time"

	"github.com/openlts/openlts/server/store"
)

// Activity of days is folded so often. What is not folded is read with each question about
// devices, so it should not become much.
const (
	foldInterval = 30 * time.Second
	// foldPause lets others write in between, foldRetry has who looks after the database
	// do something about it.
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
