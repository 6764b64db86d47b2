package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openlts/openlts/server/ingest"
	"github.com/openlts/openlts/server/store"
)

// moody is a store whose database answers as a test says.
type moody struct {
	store.Store
	mood error
}

func (m *moody) Ping(context.Context) error { return m.mood }

// However often it is asked, the log tells once that the server is not ready, once that
// the reason is another one, and once that it is ready again.
func TestReadinessIsLoggedWhenItChanges(t *testing.T) {
	var log strings.Builder
	s := &moody{}
	a := &API{Store: s, Writer: &ingest.Writer{}, Log: slog.New(slog.NewTextHandler(&log, nil))}
	handler := a.Handler()
	ask := func(ctx context.Context) int {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, http.MethodGet, PathReady, nil))
		return recorder.Code
	}
	for i, test := range []struct {
		mood             error
		status           int
		errors, recovers int
	}{
		{nil, 200, 0, 0},
		{fmt.Errorf("%w: after 1 s", store.ErrUnavailable), 503, 1, 0},
		{fmt.Errorf("%w: after 2 s", store.ErrUnavailable), 503, 0, 0},
		{store.ErrDisk, 503, 1, 0},
		{errors.New("broken"), 500, 1, 0},
		{nil, 200, 0, 1},
		{store.ErrUnavailable, 503, 1, 0},
		{nil, 200, 0, 1},
	} {
		s.mood = test.mood
		log.Reset()
		for range 5 {
			if status := ask(t.Context()); status != test.status {
				t.Errorf("%d: %d", i, status)
			}
		}
		text := log.String()
		if strings.Count(text, "level=ERROR") != test.errors || strings.Count(text, "ready again") != test.recovers ||
			strings.Count(text, "\n") != test.errors+test.recovers {
			t.Errorf("%d, %v: %s", i, test.mood, text)
		}
	}
	// A client that hung up says nothing about the server.
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	log.Reset()
	s.mood = context.Canceled
	ask(gone)
	if text := log.String(); text != "" {
		t.Error(text)
	}
}
