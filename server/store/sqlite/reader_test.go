package sqlite

import (
	"context"
	"os"
	"sync"
	"testing"

	"github.com/openlts/openlts/server/store"
)

// Readers who follow one another without a gap don't make the log grow for ever.
func TestTheLogIsCutBack(t *testing.T) {
	s, _ := open(t)
	s.maxLog = 1 << 20
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for ctx.Err() == nil {
				// Each holds on to its moment until it has seen another.
				_ = s.Examine(ctx, func(e store.Examination) error {
					_, err := e.Size()
					<-nextCommit(s)
					return err
				})
			}
		})
	}
	var largest int64
	for i := range 600 {
		if err := s.Update(t.Context(), func(tx store.Tx) error {
			for range 20 {
				if err := tx.AddAudit(store.Audit{At: int64(i), Detail: string(make([]byte, 1000))}); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(s.path + "-wal"); err == nil {
			largest = max(largest, info.Size())
		}
	}
	stop()
	readers.Wait()
	// Without that it has all 12 MB and more.
	if limit := 8 * s.maxLog; largest > limit {
		t.Errorf("the log grew to %d bytes", largest)
	}
}

// nextCommit is closed after a commit that begins after now.
func nextCommit(s *Store) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Update(context.Background(), func(store.Tx) error { return nil })
	}()
	return done
}
