package server_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
)

// fullDisk is a store whose disk is full, when it is told to be.
type fullDisk struct {
	store.Store
	full  atomic.Bool
	space atomic.Int64
}

func (f *fullDisk) Space() (int64, error) { return f.space.Load(), nil }

func (f *fullDisk) Apply(ctx context.Context, keys *store.Keys, apply func(*store.State) *store.Change) error {
	if f.full.Load() {
		return fmt.Errorf("%w: for the test", store.ErrDisk)
	}
	return f.Store.Apply(ctx, keys, apply)
}

// Monitoring learns that the disk of the server takes nothing any more, or soon will not; and that it
// does again.
func TestReadyTellsAFullDisk(t *testing.T) {
	l := start(t)
	disk := &fullDisk{Store: l.store}
	disk.space.Store(1 << 40)
	lts, err := server.New(t.Context(), server.Config{Store: disk, Now: l.clock, Log: l.log})
	check(t, err)
	web := httptest.NewServer(contract(t, lts.Handler()))
	defer func() {
		web.Close()
		check(t, lts.Shutdown(t.Context()))
	}()
	ready := func(want int) {
		t.Helper()
		response, err := http.Get(web.URL + "/readyz")
		check(t, err)
		check(t, response.Body.Close())
		if response.StatusCode != want {
			t.Errorf("%d, want %d", response.StatusCode, want)
		}
	}
	device := servertest.NewDevice(web.URL)
	granted(t, device, "100001-reader")
	ready(http.StatusOK)
	disk.full.Store(true)
	_, err = device.Authorize(device.Request("100001-reader"))
	if problem(t, err).Code != protocol.StatusServerFailed {
		t.Error(err)
	}
	ready(http.StatusServiceUnavailable)
	l.advance(time.Minute) // nobody asks who is not ready
	ready(http.StatusOK)
	disk.full.Store(false)
	granted(t, device, "100001-reader")
	ready(http.StatusOK)
	disk.space.Store(1 << 20)
	ready(http.StatusServiceUnavailable)
}
