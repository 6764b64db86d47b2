package capi

import (
	"testing"
	"time"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/testkit"
)

// blank is what a function takes: a test can't name types of C.
func blank[T any](func(*T)) *T { return new(T) }

// TestAPanicInAJobIsTold: by the status, by the message if there is one, and by an event
// of the license.
func TestAPanicInAJobIsTold(t *testing.T) {
	clock := testkit.NewClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	p := license.Defaults()
	p.MainServerURL, p.HandshakeCode, p.DataDirectory = testkit.NewServer(t, clock.Now).URL,
		"100001-reader", t.TempDir()
	l, err := client.Open(t.Context(), p, client.Environment{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close(t.Context()) })
	const handle = 77
	add(handle, l)
	defer func() { _, _ = remove(handle) }()

	job := blank(contain)
	job.license = handle
	func() {
		defer contain(job)
		panic("boom")
	}()
	if protocol.Status(job.status) != protocol.StatusInternal || job.message[0] == 0 {
		t.Errorf("status %d, message %v", job.status, job.message[:8])
	}
	for {
		event, ok := l.Poll(t.Context())
		if !ok {
			t.Fatal("no event tells of it")
		}
		if event.Kind == protocol.EventKindInternalError {
			break
		}
	}
}
