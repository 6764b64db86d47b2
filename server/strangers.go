package server

import (
	"context"
	"time"

	"github.com/openlts/openlts/server/store"
)

// How long after their last call strangers are forgotten, how often the server looks for them, and
// how many it forgets in one transaction.
const (
	strangerDays     = 30
	strangerInterval = time.Hour
	strangersAtOnce  = 500
)

// forgetStrangers forgets devices that never did anything, until ctx ends.
func (s *Server) forgetStrangers(ctx context.Context, forgetter store.Forgetter) {
	for {
		before := s.config.Now().Add(-strangerDays * 24 * time.Hour).Unix()
		forgotten, err := forgetter.ForgetStrangers(ctx, before, strangersAtOnce)
		wait := strangerInterval
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.config.Log.Error("devices that never reported anything can't be forgotten", "error", err)
		case forgotten > 0:
			s.config.Log.Info("forgot devices that never reported anything", "count", forgotten, "days", strangerDays)
			wait = time.Second // there may be more; others write in between
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}
