package client_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
	"github.com/openlts/openlts/core/testkit"
)

// smallDisk is a real file system of its own, of the size given.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	directory := t.TempDir()
	if err := unix.Mount("openlts-test", directory, "tmpfs", 0, "size="+size+",mode=0700"); err != nil {
		t.Skipf("this test needs a small disk of its own, and mounting one needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(directory, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return directory
}

// fill leaves no room on a disk, and gives back how to make some.
func fill(t *testing.T, directory string) (free func()) {
	t.Helper()
	path := filepath.Join(directory, "ballast")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for size := 1 << 16; size > 0; size /= 2 {
		for err == nil {
			_, err = f.Write(make([]byte, size))
		}
		err = nil
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// TestADiskThatFillsUp while the license works: recording goes on, nothing is
// lost, it is said, and everything is counted once there is room again.
func TestADiskThatFillsUp(t *testing.T) {
	directory := smallDisk(t, "2m")
	clock := slot.NewSimulated(start)
	server := testkit.NewServer(t, clock.Now)
	l := open(t, parameters(server, directory), clock)
	step(t, clock, 0)
	free := fill(t, directory)
	var recorded int64
	for range 20 { // more slots than the tally has frames
		record(t, l, protocol.OperationTypeQRCode, 5)
		recorded += 5
		step(t, clock, 180*time.Second)
	}
	if err := l.Submit(context.Background()); protocol.StatusOf(err) != protocol.StatusLicenseBufferFailed {
		t.Errorf("submitting on a full disk: %v", err)
	}
	if info, err := l.Info(t.Context()); err != nil || info.Flags&protocol.StateFlagStorageDegraded == 0 || info.Usage.Recorded != recorded {
		t.Errorf("on a full disk: %+v, %v", info, err)
	}
	free()
	if err := l.Submit(context.Background()); err != nil {
		t.Fatal(err)
	}
	step(t, clock, 180*time.Second)
	if info, err := l.Info(t.Context()); err != nil || info.Flags != 0 {
		t.Errorf("with room again: %+v, %v", info, err)
	}
	if u := usage(t, l); u.Accepted != recorded || server.Total() != recorded {
		t.Errorf("recorded %d, we say %+v, the server has %d", recorded, u, server.Total())
	}
}

// TestADiskThatIsFull from the start: the license opens, says so, and counts.
func TestADiskThatIsFull(t *testing.T) {
	directory := smallDisk(t, "1m")
	fill(t, directory)
	clock := slot.NewSimulated(start)
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

// TestADiskThatIsAlmostFull, whatever fits on it: what can be kept is kept and
// reported by the next process that finds room, and what can't is submitted by this
// one. All arrives.
func TestADiskThatIsAlmostFull(t *testing.T) {
	for kilobytes := 20; kilobytes <= 440; kilobytes += 12 {
		directory := smallDisk(t, fmt.Sprintf("%dk", kilobytes))
		server := testkit.NewServer(t, time.Now)
		small := lives(t, 0, 0, life{URL: server.URL, Directory: directory, Record: 4000})
		if small.Error == "" && server.Total() != 4000 {
			t.Errorf("%d KB: closed without a word, and the server has %d", kilobytes, server.Total())
		}
		if err := unix.Mount("", directory, "", unix.MS_REMOUNT, "size=4m"); err != nil {
			t.Fatal(err)
		}
		large := lives(t, 0, 0, life{URL: server.URL, Directory: directory, Record: 2})
		if server.Total() != 4002 || large.Error != "" {
			t.Errorf("%d KB: the server has %d of 4002; first %+v, then %+v", kilobytes, server.Total(), small, large)
		}
	}
}
