package client_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/testkit"
)

// A concurrent seat is given back when the license is closed, with or without
// reports, and any of a device without a home; others need not be.
func TestCloseGivesTheSeatBack(t *testing.T) {
	closed := []protocol.ClosedLicense{{HandshakeCode: "100001-reader", Item: "scans"}}
	for _, test := range []struct {
		way      protocol.ChargeWay
		homeless bool
		want     []protocol.ClosedLicense
	}{
		{protocol.ChargeWayConcurrentDeviceCount, false, closed},
		{protocol.ChargeWayConcurrentInstanceCount, false, closed},
		{protocol.ChargeWayDeviceCount, false, nil},
		{protocol.ChargeWayDeviceCount, true, closed},
		{protocol.ChargeWayScanCount, false, nil},
	} {
		for _, scans := range []uint32{0, 3} {
			clock := testkit.NewClock(start)
			server := testkit.NewServer(t, clock.Now)
			server.Modify(func(a *protocol.Authorization) { a.Item.ChargeWay = test.way })
			directory := t.TempDir()
			if test.homeless {
				directory = filepath.Join(directory, "file", "below a file")
				if err := os.WriteFile(filepath.Dir(directory), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			l := open(t, parameters(server, directory), clock)
			if scans > 0 {
				record(t, l, protocol.OperationTypeQRCode, scans)
			}
			if err := l.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := server.Closed(); !slices.Equal(got, test.want) || server.Total() != int64(scans) {
				t.Errorf("%s, %d scans: closed %+v, counted %d", test.way.Short(), scans, got, server.Total())
			}
		}
	}
}

// Giving a seat back is no condition of anything: a server that does not answer holds
// up nobody longer than the deadline, and what was submitted is submitted.
func TestGivingBackIsNoCondition(t *testing.T) {
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	server.Modify(func(a *protocol.Authorization) { a.Item.ChargeWay = protocol.ChargeWayConcurrentDeviceCount })
	l := open(t, parameters(server, t.TempDir()), clock)
	record(t, l, protocol.OperationTypeQRCode, 3)
	if err := l.Submit(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() { close(ended) })
	ctx, cancel := context.WithCancel(t.Context())
	server.Intercept(func(_ http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		cancel() // the deadline passes
		select {
		case <-ended:
		case <-r.Context().Done():
		}
	})
	if err := l.Close(ctx); err != nil {
		t.Errorf("closing: %v", err)
	}
	if len(server.Closed()) != 0 || server.Total() != 3 {
		t.Errorf("%+v, %d", server.Closed(), server.Total())
	}
}
