//go:build linux && amd64

package tracer

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMain lets the test's own program be the one that is traced.
func TestMain(m *testing.M) {
	switch os.Getenv("TRACED") {
	case "":
		os.Exit(m.Run())
	case "write":
		os.Exit(writeEight(os.Args[1]))
	case "use":
		os.Exit(useFiles(os.Args[1]))
	case "wait":
		for {
			_ = unix.Pause() // until a signal comes
		}
	}
}

// The exit codes of a program that was told something else than success.
const (
	gotEIO   = 11
	gotShort = 12
	broken   = 13
)

// writeEight writes eight bytes with one system call.
func writeEight(directory string) int {
	f, err := os.Create(filepath.Join(directory, "file"))
	if err != nil {
		return broken
	}
	n, err := unix.Write(int(f.Fd()), []byte("12345678"))
	switch {
	case errors.Is(err, unix.EIO):
		return gotEIO
	case err != nil:
		return broken
	case n != 8:
		return gotShort
	default:
		return 0
	}
}

func traced(t *testing.T, what, directory string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, directory)
	command.Env = append(os.Environ(), "TRACED="+what)
	command.Stderr = os.Stderr
	return command
}

// place is a directory, as the kernel names it.
func place(t *testing.T) string {
	t.Helper()
	directory, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return directory
}

func TestFates(t *testing.T) {
	for _, test := range []struct {
		decision Decision
		code     int // exit code; -1: killed
		written  string
	}{
		{Decision{}, 0, "12345678"},
		{Decision{Fails, syscall.EIO}, gotEIO, ""},
		{Decision{Doubtful, syscall.EIO}, gotEIO, "12345678"},
		{Decision{Fate: Short}, gotShort, "1234"},
		{Decision{Fate: Before}, -1, ""},
		{Decision{Fate: After}, -1, "12345678"},
		{Decision{Fate: Torn}, -1, "1234"},
	} {
		directory := place(t)
		status, err := Run(traced(t, "write", directory), directory, time.Minute, func(c Call) Decision {
			if c.Name != "write" {
				return Decision{}
			}
			if c.Class != Write || c.Bytes != 8 || c.Path != filepath.Join(directory, "file") {
				t.Errorf("%+v", c)
			}
			return test.decision
		})
		if err != nil {
			t.Fatal(err)
		}
		if killed := status.Signaled() && status.Signal() == syscall.SIGKILL; killed != (test.code < 0) ||
			!killed && status.ExitStatus() != test.code {
			t.Errorf("%+v: the program ended with %x", test.decision, status)
		}
		if text, err := os.ReadFile(filepath.Join(directory, "file")); err != nil || string(text) != test.written {
			t.Errorf("%+v: written was %q, %v", test.decision, text, err)
		}
	}
}

// useFiles uses files in several ways, on several threads.
func useFiles(directory string) int {
	if os.Chdir(directory) != nil || os.WriteFile("relative", make([]byte, 4096), 0o600) != nil {
		return broken
	}
	f, err := os.OpenFile("relative", os.O_RDWR, 0)
	if err != nil {
		return broken
	}
	memory, err := unix.Mmap(int(f.Fd()), 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil || unix.Msync(memory, unix.MS_SYNC) != nil {
		return broken
	}
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	unlock := unix.Flock_t{Type: unix.F_UNLCK}
	if unix.FcntlFlock(f.Fd(), unix.F_SETLK, &lock) != nil || unix.FcntlFlock(f.Fd(), unix.F_SETLK, &unlock) != nil {
		return broken
	}
	var working sync.WaitGroup
	for range 4 {
		working.Go(func() {
			for range 25 {
				if _, err := unix.Pwrite(int(f.Fd()), []byte("x"), 0); err != nil {
					os.Exit(broken)
				}
			}
		})
	}
	working.Wait()
	if os.Rename("relative", filepath.Join(directory, "absolute")) != nil ||
		os.Remove(filepath.Join(directory, "absolute")) != nil {
		return broken
	}
	return 0
}

// TestWhatIsSeen: all calls of all threads that touch the directory, however
// they name their file, and no others.
func TestWhatIsSeen(t *testing.T) {
	directory := place(t)
	seen := map[string]int{}
	status, err := Run(traced(t, "use", directory), directory, time.Minute, func(c Call) Decision {
		if c.Unlocks {
			c.Name = "unlock"
		}
		seen[c.Name+" "+strings.TrimPrefix(c.Path, directory)]++
		return Decision{}
	})
	if err != nil || status != 0 {
		t.Fatalf("%x, %v", status, err)
	}
	for call, times := range map[string]int{"openat /relative": 2, "write /relative": 1, "mmap /relative": 1,
		"msync /relative":          1,
		"fcntl(F_SETLK) /relative": 1, "unlock /relative": 1, "pwrite64 /relative": 100, "renameat /absolute": 1,
		"unlinkat /absolute": 1} {
		if seen[call] != times {
			t.Errorf("%s was seen %d times, not %d: %v", call, seen[call], times, seen)
		}
	}
}

func TestAProgramThatHangs(t *testing.T) {
	directory := place(t)
	status, err := Run(traced(t, "wait", directory), directory, 100*time.Millisecond, func(Call) Decision {
		return Decision{}
	})
	if !errors.Is(err, ErrHung) || !status.Signaled() {
		t.Errorf("%x, %v", status, err)
	}
}

// TestTwoAtATime: each tracer follows its own program.
func TestTwoAtATime(t *testing.T) {
	var working sync.WaitGroup
	calls := make([][]string, 2)
	for n := range calls {
		directory := place(t)
		working.Go(func() {
			status, err := Run(traced(t, "use", directory), directory, time.Minute, func(c Call) Decision {
				calls[n] = append(calls[n], c.Name)
				return Decision{}
			})
			if err != nil || status != 0 {
				t.Errorf("%x, %v", status, err)
			}
		})
	}
	working.Wait()
	if !slices.Equal(calls[0], calls[1]) || len(calls[0]) < 100 {
		t.Errorf("%d and %d calls were seen", len(calls[0]), len(calls[1]))
	}
}

// TestAnotherChild: a program that the same thread started is left alone.
func TestAnotherChild(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	directory := place(t)
	other := traced(t, "write", t.TempDir())
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	status, err := Run(traced(t, "use", directory), directory, time.Minute, func(Call) Decision { return Decision{} })
	if err != nil || status != 0 {
		t.Errorf("%x, %v", status, err)
	}
	if err := other.Wait(); err != nil {
		t.Error(err)
	}
}
