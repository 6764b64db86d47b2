package ingest_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/ingest"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

var errFault = errors.New("failed")

// faulty is a store that fails, or panics, when a device that is called so is
// to be stored.
type faulty struct{ store.Store }

func (f faulty) Apply(ctx context.Context, keys *store.Keys, apply func(*store.State) *store.Change) error {
	var fault error
	err := f.Store.Apply(ctx, keys, func(state *store.State) *store.Change {
		change := apply(state)
		for _, device := range change.Devices {
			switch device.FriendlyName {
			case "panics":
				panic("for the test")
			case "fails": // when everything else of the group was written
				fault = errFault
				change.Received = append(change.Received, store.ReceivedReport{Run: &store.Run{Key: -1}})
			}
		}
		return change
	})
	return errors.Join(err, fault)
}

func asking(code, name string) *policy.Asking {
	id := uuid.NewString()
	return &policy.Asking{Request: &protocol.AuthorizationRequest{
		HandshakeCode: code, Products: protocol.ProductAll, Device: protocol.Device{UUID: id, FriendlyName: name},
	}, Key: store.DeviceKey{KeyID: id, PublicKey: []byte{1}, ReportKey: []byte{1}}}
}

// One that fails, or panics, takes nobody with it, and leaves nothing behind.
func TestFailuresAreTheirOwn(t *testing.T) {
	c := newCounter(t)
	code, _ := c.newItem(t, "scans")
	w := ingest.NewWriter(faulty{c.store}, c.Now, c.log)
	defer w.Close()
	names := []string{"fails", "panics", "a", "b", "c", "d"}
	results := make([]error, 60)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() {
			answer, err := w.Authorize(asking(code, names[i%6]))
			if results[i] = err; (answer.Authorization == nil) != (err != nil) {
				t.Errorf("%d: %+v, %v", i, answer, err)
			}
		})
	}
	wg.Wait()
	devices, err := c.store.Devices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(devices) != 41 { // and the counter's own
		t.Errorf("%d devices were stored, not 41", len(devices))
	}
	for i, err := range results {
		switch names[i%6] {
		case "fails":
			if !errors.Is(err, errFault) {
				t.Errorf("%d: %v", i, err)
			}
		case "panics":
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
	c := newCounter(t)
	code, _ := c.newItem(t, "scans")
	w := ingest.NewWriter(c.store, c.Now, c.log)
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 1 // the counter's own
	for range 50 {
		wg.Go(func() {
			_, err := w.Authorize(asking(code, ""))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				done++
			case !errors.Is(err, ingest.ErrClosed):
				t.Error(err)
			}
		})
	}
	w.Close()
	w.Close() // does nothing
	wg.Wait()
	devices, err := c.store.Devices(t.Context())
	if err != nil || len(devices) != done {
		t.Errorf("%d devices were stored, %d were acknowledged: %v", len(devices), done, err)
	}
}
