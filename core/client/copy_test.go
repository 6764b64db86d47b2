package client_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/testkit"
)

// TestACopyOfADirectoryInUse, as a backup makes it that is restored elsewhere meanwhile:
// what the living run counted is its own to report, and nobody counts it again.
func TestACopyOfADirectoryInUse(t *testing.T) {
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	directory, copied := filepath.Join(t.TempDir(), "d"), filepath.Join(t.TempDir(), "copied")
	l := open(t, parameters(server, directory), clock)
	step(t, clock, 0)
	record(t, l, protocol.OperationTypeQRCode, 100)
	if err := l.Submit(t.Context()); err != nil {
		t.Fatal(err)
	}
	record(t, l, protocol.OperationTypeQRCode, 10) // in the counters alone
	if err := os.CopyFS(copied, os.DirFS(directory)); err != nil {
		t.Fatal(err)
	}
	other := open(t, parameters(server, copied), clock)
	record(t, other, protocol.OperationTypeQRCode, 1000)
	for _, each := range []*client.License{other, l, other} {
		clock.Advance(180 * time.Second)
		eventually(t, "both licenses are at rest", func() bool { return clock.Waiting() == 4 })
		if err := each.Submit(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if server.Total() != 1110 {
		t.Errorf("the server has %d of 1110", server.Total())
	}
}
