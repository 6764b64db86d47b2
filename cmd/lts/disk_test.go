package main

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/servertest"
)

// smallDisk mounts a file system of its own, somewhat larger than what a server wants
// to have left.
func smallDisk(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	if err := unix.Mount("openlts-test", directory, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV,
		"size=80m,mode=700"); err != nil {
		t.Skipf("a disk to fill can't be had: mounting a tmpfs needs root, and a container that may: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(directory, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return directory
}

// A disk without a byte left: the server says so to whoever watches over it, refuses
// what it can't keep, keeps what it acknowledged, and goes on when there is room again.
func TestFullDisk(t *testing.T) {
	onFiles(t)
	disk := smallDisk(t)
	data := filepath.Join(disk, "data")
	addStandard(t, data)
	server := startServer(t, data)
	if status := readiness(t, server.url); status != http.StatusOK {
		t.Errorf("with room, /readyz answers %d", status)
	}
	device, units := servertest.NewDevice(server.url), int64(0)
	if _, err := device.Authorize(device.Request("100001-reader")); err != nil {
		t.Fatal(err)
	}
	// report counts 5 more in a slot of its own.
	run, slot := device.NewUUID(), int64(0)
	report := func() error {
		slot += 180
		_, err := device.Report(
			device.Batch(protocol.ReportGroup{Run: run, HandshakeCode: "100001-reader", Item: "scans", SlotSeconds: 180,
				Reports: []protocol.Report{{Slot: slot, Revision: 1, Counts: map[string]int64{"QR_CODE": 5}}}}))
		if err == nil {
			units += 5
		}
		return err
	}
	if err := report(); err != nil {
		t.Fatal(err)
	}

	filler := filepath.Join(disk, "filler")
	fill(t, filler)
	if status := readiness(t, server.url); status != http.StatusServiceUnavailable {
		t.Errorf("without room, /readyz answers %d", status)
	}
	// What is left of files that have their size already, goes first.
	var problem *servertest.Problem
	for i := 0; problem == nil; i++ {
		if err := report(); err != nil && !errors.As(err, &problem) {
			t.Fatal(err)
		}
		if i == 20_000 {
			t.Fatal("the disk does not get full")
		}
	}
	if problem.Status != http.StatusServiceUnavailable || problem.Code != protocol.StatusServerFailed {
		t.Errorf("without room, a report is answered with %d %v", problem.Status, problem)
	}
	refused := slot
	if status := readiness(t, server.url); status != http.StatusServiceUnavailable {
		t.Errorf("after a refusal, /readyz answers %d", status)
	}

	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	slot = refused - 180 // as devices do, which send it again
	until(t, "reports are taken again", func() bool {
		slot = refused - 180
		return report() == nil
	})
	until(t, "the server is ready again", func() bool { return readiness(t, server.url) == http.StatusOK })
	if err := server.end(t, syscall.SIGTERM); err != nil {
		t.Errorf("%v\n%s", err, server.stderr)
	}
	var s statisticsJSON
	mustJSON(t, &s, data, "stats", "--by", "item")
	if s.Total != units {
		t.Errorf("counted %d, acknowledged %d", s.Total, units)
	}
	must(t, data, "verify")
}

// fill writes a file until the disk takes no byte more.
func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1 << 20, 4096, 1} {
		for piece := make([]byte, size); ; {
			if _, err = file.Write(piece); err != nil {
				break
			}
		}
		if !errors.Is(err, unix.ENOSPC) {
			t.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}
