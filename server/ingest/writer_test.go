package ingest

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/sqlite"
)

func newWriter(t *testing.T) (*Writer, *sqlite.Store) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	w := NewWriter(s, time.Now, slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		w.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return w, s
}

// One that fails, or panics, takes nobody with it, and leaves nothing behind.
func TestFailuresAreTheirOwn(t *testing.T) {
	w, s := newWriter(t)
	failure := errors.New("failed")
	results := make([]error, 60)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() {
			results[i] = w.do(1, func(tx store.Tx) error {
				if err := tx.AddOrganization(store.Organization{ID: fmt.Sprint(1000 + i), Name: "test"}); err != nil {
					return err
				}
				switch i % 6 {
				case 0:
					return failure
				case 1:
					panic("for the test")
				}
				return nil
			})
		})
	}
	wg.Wait()
	organizations, err := s.Organizations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(organizations) != 40 {
		t.Errorf("%d organizations were stored, not 40", len(organizations))
	}
	for i, err := range results {
		switch i % 6 {
		case 0:
			if !errors.Is(err, failure) {
				t.Errorf("%d: %v", i, err)
			}
		case 1:
			if err == nil || !strings.Contains(err.Error(), "panic") {
				t.Errorf("%d: %v", i, err)
			}
		default:
			if err != nil {
				t.Errorf("%d: %v", i, err)
			}
		}
	}
}

// What was queued before Close is done; what comes after, is refused.
func TestClose(t *testing.T) {
	w, s := newWriter(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for i := range 50 {
		wg.Go(func() {
			err := w.do(1, func(tx store.Tx) error {
				return tx.AddOrganization(store.Organization{ID: fmt.Sprint(1000 + i), Name: "test"})
			})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				done++
			case !errors.Is(err, ErrClosed):
				t.Error(err)
			}
		})
	}
	w.Close()
	w.Close() // does nothing
	wg.Wait()
	organizations, err := s.Organizations(t.Context())
	if err != nil || len(organizations) != done {
		t.Errorf("%d organizations were stored, %d were acknowledged: %v", len(organizations), done, err)
	}
}
