package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func start(t *testing.T, script string) *family {
	t.Helper()
	if err := adoptOrphans(); err != nil {
		t.Fatal(err)
	}
	f, err := startFamily(nil, "/bin/sh", "-c", script)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.signal(syscall.SIGKILL, true) })
	return f
}

func await(t *testing.T, f *family) {
	t.Helper()
	select {
	case <-f.ended:
	case <-time.After(30 * time.Second):
		t.Fatal("the family does not end")
	}
}

// TestAFamilyEndsWithItsLastChild: a client's children outlive it, and only
// when all are dead the books are final.
func TestAFamilyEndsWithItsLastChild(t *testing.T) {
	ready := filepath.Join(t.TempDir(), "ready")
	f := start(t, "sleep 600 & : >'"+ready+"'; wait")
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(ready); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the client does not start")
		}
	}
	if !f.signal(syscall.SIGKILL, false) {
		t.Fatal("the client can't be killed")
	}
	select {
	case <-f.ended:
		t.Error("the family has ended, and its child lives")
	case <-time.After(50 * time.Millisecond):
	}
	f.signal(syscall.SIGKILL, true)
	await(t, f)
	if err := unix.Kill(-f.command.Process.Pid, 0); !errors.Is(err, unix.ESRCH) {
		t.Errorf("someone of the family is left: %v", err)
	}
	if f.signal(syscall.SIGKILL, true) || f.signal(syscall.SIGKILL, false) {
		t.Error("a signal was sent after the end")
	}
	if what := f.misbehaved(); what != "" {
		t.Errorf("being killed is no misbehavior: %s", what)
	}
}

func TestMisbehavior(t *testing.T) {
	for script, want := range map[string]string{
		"exit 0":                       "",
		"exit 3":                       "exit status 3",
		"echo crashed >&2":             "crashed",
		"kill -SEGV $$":                "segmentation fault",
		"echo to standard output only": "",
	} {
		f := start(t, script)
		await(t, f)
		if got := f.misbehaved(); !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("%s: %q, want %q", script, got, want)
		}
	}
}

// TestAPausedFamilyGoesOn, and one that is killed in its pause ends.
func TestAPausedFamilyGoesOn(t *testing.T) {
	f := start(t, "exit 0")
	f.pause(time.Millisecond)
	await(t, f)
	if f.err != nil {
		t.Error(f.err)
	}
	f = start(t, "sleep 600")
	go f.pause(time.Minute)
	f.signal(syscall.SIGKILL, true)
	await(t, f)
}
