package client_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/internal/filetest"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/testkit"
)

// TestADiskThatFillsUp while the license works: recording and submitting go on, in an
// outage nothing is lost, and when the network is back all goes out, room or not.
func TestADiskThatFillsUp(t *testing.T) {
	directory := filetest.Disk(t, 2<<10)
	clock := testkit.NewClock(start)
	server, network := testkit.NewServer(t, clock.Now), testkit.NewNetwork(1)
	l, err := client.Open(t.Context(), parameters(server, directory), client.Environment{
		Clock: clock, Transport: network,
	})
	if err != nil {
		t.Fatal(err)
	}
	step(t, clock, 0)
	free := filetest.Fill(t, directory)
	var recorded int64
	slots := func(n int) {
		for range n {
			record(t, l, protocol.OperationTypeQRCode, 5)
			recorded += 5
			step(t, clock, 180*time.Second)
		}
	}
	all := func(when string) {
		if err := l.Submit(context.Background()); err != nil || server.Total() != recorded {
			t.Errorf("%s: %v, the server has %d of %d", when, err, server.Total(), recorded)
		}
		if info, err := l.Info(t.Context()); err != nil || info.Usage.Recorded != recorded ||
			info.Usage.Accepted != recorded {
			t.Errorf("%s: %+v, %v", when, info, err)
		}
	}
	slots(500) // more than a full ledger has room for
	all("on a full disk")
	network.Cut()
	slots(600)
	if info, err := l.Info(t.Context()); err != nil || info.Usage.Recorded != recorded || info.Usage.Pending != 3000 {
		t.Errorf("in an outage: %+v, %v", info, err)
	}
	network.Repair()
	all("after an outage")
	free()
	slots(2)
	all("with room again")
	if info, err := l.Info(t.Context()); err != nil || info.Flags != 0 {
		t.Errorf("with room again: %+v, %v", info, err)
	}
	if err := l.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestADiskThatIsFull from the start: the license opens, says so, and counts.
func TestADiskThatIsFull(t *testing.T) {
	directory := filetest.Disk(t, 1<<10)
	filetest.Fill(t, directory)
	clock := testkit.NewClock(start)
	server := testkit.NewServer(t, clock.Now)
	l := open(t, parameters(server, directory), clock)
	if info, err := l.Info(t.Context()); err != nil || info.Flags&protocol.StateFlagStorageDegraded == 0 {
		t.Errorf("%+v, %v", info, err)
	}
	record(t, l, protocol.OperationTypeQRCode, 3)
	if err := l.Close(context.Background()); err != nil || server.Total() != 3 {
		t.Errorf("%v, the server has %d", err, server.Total())
	}
}

// TestADiskThatIsAlmostFull, whatever fits on it: the process submits all that it was
// told is counted, and the next one finds nothing left. (On the largest disk, there is room
// for all.)
func TestADiskThatIsAlmostFull(t *testing.T) {
	for kilobytes := 20; kilobytes <= 360; kilobytes += 20 {
		little(t, fmt.Sprintf("a disk of %d KB", kilobytes), filetest.Disk(t, int64(kilobytes)), life{})
	}
}

// TestFilesThatMayNotGrow are like a disk that is full, for each file on its own, until none
// grows so large.
func TestFilesThatMayNotGrow(t *testing.T) {
	for kilobytes := uint64(8); kilobytes <= 120; kilobytes += 8 {
		little(t, fmt.Sprintf("files of %d KB", kilobytes), filetest.Disk(t, 1<<10), life{FileSize: kilobytes << 10})
	}
}

// TestKilledOnADiskThatIsAlmostFull: what was to be kept is found by the next process.
func TestKilledOnADiskThatIsAlmostFull(t *testing.T) {
	for kilobytes := 240; kilobytes <= 340; kilobytes += 20 {
		little(t, fmt.Sprintf("a disk of %d KB", kilobytes), filetest.Disk(t, int64(kilobytes)), life{Killed: true})
	}
}

// little lets a process live with little room, and another one after it with enough.
func little(t *testing.T, what, directory string, l life) {
	t.Helper()
	server := testkit.NewServer(t, time.Now)
	l.URL, l.Directory, l.Record, l.At = server.URL, directory, 4000, 1200
	first := lives(t, 0, 0, l)
	acknowledged := int64(l.Record) + int64(first.At)
	kept := first.Flags&protocol.StateFlagStorageDegraded == 0
	if first.Error != "" || first.At == 0 || l.Killed && !kept || !l.Killed && server.Total() != acknowledged {
		t.Errorf("%s: the server has %d of %d; %+v", what, server.Total(), acknowledged, first)
	}
	if err := unix.Mount("", directory, "", unix.MS_REMOUNT, "size=4m"); err != nil {
		t.Fatal(err)
	}
	second := lives(t, 0, 0, life{URL: server.URL, Directory: directory, Record: 2})
	if server.Total() != acknowledged+2 || second.Error != "" || second.Flags&protocol.StateFlagUsageLost != 0 {
		t.Errorf("%s: the server has %d of %d; first %+v, then %+v", what, server.Total(), acknowledged+2,
			first, second)
	}
}
