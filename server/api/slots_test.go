package api

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/openlts/openlts/core/protocol"
)

// With all slots taken, small bodies are read as ever, and large ones are told to
// come again.
func TestSlots(t *testing.T) {
	s := newBodies(1)
	release, err := s.take(t.Context(), "somebody")
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	read := func(size int) error {
		request := httptest.NewRequestWithContext(gone, http.MethodPost, "/", bytes.NewReader(make([]byte, size)))
		body, done, err := s.read(httptest.NewRecorder(), request, 1<<20, "me")
		if err != nil {
			return err
		}
		done()
		if len(body) != size {
			t.Errorf("read %d bytes of %d", len(body), size)
		}
		return nil
	}
	if err := errors.Join(read(0), read(smallBody)); err != nil {
		t.Error(err)
	}
	var later *limited
	if err := read(smallBody + 1); !errors.As(err, &later) ||
		protocol.StatusOf(err) != protocol.StatusRequestRateLimited || later.after <= 0 {
		t.Error(err)
	}
	release()
	for range 3 { // none is kept
		if release, err = s.take(t.Context(), "somebody"); err != nil {
			t.Fatal(err)
		}
		release()
	}
	gone = t.Context()
	if err := errors.Join(read(smallBody+1), read(1<<20)); err != nil {
		t.Error(err)
	}
	if err := read(1<<20 + 1); protocol.StatusOf(err) != protocol.StatusRequestTooLarge {
		t.Error(err)
	}
	if len(s.slots) != 0 || len(s.own) != 0 {
		t.Error("a slot was not given back")
	}
}

// A sender that has its share of the slots has to come again; others do not wait for it.
func TestShares(t *testing.T) {
	b := newBodies(largeOfOne + 1)
	var taken []func()
	for range largeOfOne {
		release, err := b.take(t.Context(), "greedy")
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, release)
	}
	if _, err := b.take(t.Context(), "greedy"); protocol.StatusOf(err) != protocol.StatusRequestRateLimited {
		t.Error(err)
	}
	release, err := b.take(t.Context(), "honest")
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range append(taken, release) {
		each()
	}
	if len(b.slots) != 0 || len(b.own) != 0 {
		t.Errorf("%d, %v", len(b.slots), b.own)
	}
}
