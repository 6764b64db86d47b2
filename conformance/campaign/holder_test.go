package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestHolder(t *testing.T) {
	locks := []byte("1: POSIX  ADVISORY  WRITE 10 fe:00:131 0 EOF\n1: -> FLOCK  ADVISORY  WRITE 11 fe:00:131 0 EOF\n" +
		"2: FLOCK  ADVISORY  WRITE 12 fe:00:132 0 EOF\n3: FLOCK  ADVISORY  WRITE 13 fe:00:131 0 EOF\n")
	for file, want := range map[string]int{"fe:00:131": 13, "fe:00:132": 12, "fe:00:13": 0} {
		if got := holder(locks, file); got != want {
			t.Errorf("%s: %d, not %d", file, got, want)
		}
	}
}

// TestCatch: who holds the lock is found in the kernel's own words, stopped, and
// still holds it then.
func TestCatch(t *testing.T) {
	d := &device{directory: t.TempDir()}
	lock := filepath.Join(d.directory, ledgerLock)
	if pid := d.catch(time.Second, func(int) bool { return true }); pid != 0 {
		t.Errorf("nobody has a lock, and %d was caught", pid)
	}
	if d.hold(0) {
		t.Error("a ledger that is not there was held")
	}
	if err := os.WriteFile(lock, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := start(t, "exec flock "+lock+" sleep 600")
	pid := d.catch(30*time.Second, func(pid int) bool { return pid == f.command.Process.Pid })
	if pid != f.command.Process.Pid {
		t.Fatalf("%d was caught, not %d", pid, f.command.Process.Pid)
	}
	if !stopped(pid) {
		t.Error("it is not stopped")
	}
	if d.hold(0) {
		t.Error("its lock was taken")
	}
	f.signal(unix.SIGKILL, true)
	await(t, f)
	if !d.hold(0) {
		t.Error("its lock outlives it")
	}
}
