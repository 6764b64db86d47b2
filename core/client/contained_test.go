package client_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/testkit"
)

// explosive is a transport with a bug that shows when reports are sent.
type explosive struct{ *testkit.Network }

func (e explosive) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == protocol.PathReports {
		none := make([]int, 0)
		_ = none[len(r.URL.Path)]
	}
	return e.Network.RoundTrip(r)
}

// TestAContainedPanicIsAnEventWithItsPlace: the host goes on, and the event says where to look.
func TestAContainedPanicIsAnEventWithItsPlace(t *testing.T) {
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	l, err := client.Open(t.Context(), parameters(server, t.TempDir()),
		client.Environment{Clock: clock, Transport: explosive{testkit.NewNetwork(1)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close(over()) })
	record(t, l, protocol.OperationTypeQRCode, 3)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		clock.Advance(3 * time.Minute)
		short, done := context.WithTimeout(ctx, 50*time.Millisecond)
		event, ok := l.Poll(short)
		done()
		if ok && event.Kind == protocol.EventKindInternalError {
			if !strings.Contains(event.Message, "index out of range") ||
				!strings.Contains(event.Message, "explosive.RoundTrip (contained_test.go:") {
				t.Error(event.Message)
			}
			break
		}
		if ctx.Err() != nil {
			t.Fatal("no event tells of the panic")
		}
	}
	if err := l.Record(protocol.OperationTypeQRCode, 1); err != nil {
		t.Errorf("recording after it: %v", err)
	}
}
