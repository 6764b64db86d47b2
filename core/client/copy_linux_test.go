package client_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/testkit"
)

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%s, %v", out, err)
	}
}

// TestADirectoryThatIsRenamedInUse and copied, elsewhere or to where it was: what the
// living run counted is its own to report, and nobody who has no lock of that says it is
// lost, or counts it again.
func TestADirectoryThatIsRenamedInUse(t *testing.T) {
	for _, elsewhere := range []bool{true, false} {
		clock := testkit.NewClock(start)
		server := testkit.NewServer(t, clock.Now)
		base := t.TempDir()
		before, after, copied := filepath.Join(base, "d"), filepath.Join(base, "renamed"), filepath.Join(base, "copied")
		if !elsewhere {
			copied = before
		}
		l := open(t, parameters(server, before), clock)
		record(t, l, protocol.OperationTypeQRCode, 100)
		step(t, clock, 180*time.Second)
		record(t, l, protocol.OperationTypeQRCode, 10)
		step(t, clock, time.Second)
		if err := os.Rename(before, after); err != nil {
			t.Fatal(err)
		}
		copyTree(t, after, copied)
		record(t, l, protocol.OperationTypeQRCode, 1)
		other := open(t, parameters(server, copied), clock)
		record(t, other, protocol.OperationTypeQRCode, 1000)
		for range 3 {
			clock.Advance(180 * time.Second)
			eventually(t, "both licenses are at rest", func() bool { return clock.Waiting() == 4 })
		}
		record(t, l, protocol.OperationTypeQRCode, 1)
		for _, each := range []*client.License{other, l, other} {
			if err := each.Submit(t.Context()); err != nil {
				t.Error(err)
			}
		}
		for name, each := range map[string]*client.License{"the original": l, "the copy": other} {
			if usage(t, each).Lost() != 0 || saysOf(each, "gone or damaged") {
				t.Errorf("elsewhere %t: %s says that something is lost: %+v", elsewhere, name, usage(t, each))
			}
		}
		if account := server.Account(); server.Total() != 1112 || account.Storage != 0 {
			t.Errorf("elsewhere %t: the server has %d of 1112, and %+v", elsewhere, server.Total(), account)
		}
	}
}

// TestACopyOfADeadRun is taken over: somebody moved the directory to another disk.
func TestACopyOfADeadRun(t *testing.T) {
	server := testkit.NewServer(t, time.Now)
	directory := filepath.Join(t.TempDir(), "d")
	if got := lives(t, 0, 0, life{URL: server.URL, Directory: directory, Record: 7, Killed: true}); got.Error != "" {
		t.Fatal(got.Error)
	}
	copyTree(t, directory, directory+"2")
	got := lives(t, 0, 0, life{URL: server.URL, Directory: directory + "2", Record: 1})
	if got.Error != "" || strings.Contains(got.Events, "gone") || server.Total() != 8 {
		t.Errorf("%+v, the server has %d", got, server.Total())
	}
}
