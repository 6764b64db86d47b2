//go:build unix

package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/internal/device"
	"github.com/openlts/openlts/core/internal/filetest"
	"github.com/openlts/openlts/core/internal/tally"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/testkit"
)

// life is that of a child process: the test's own program, as another user or with
// little. It opens a license, records, and ends.
type life struct {
	URL, Directory string
	Umask          int
	Descriptors    uint64 // if not 0, no more of them
	FileSize       uint64 // if not 0, no file has more bytes
	Then           string // what it does once the license is open; see leave
	Pause          bool   // then it waits until it is told to go on; see begin
	Record         uint32
	// At is how many operations are recorded besides, each in an earlier slot; in memory, a quarter.
	At     int
	Killed bool          // by SIGKILL; otherwise it closes the license
	Ahead  time.Duration // how far its clock is
	Cut    bool          // it reaches no server once the license is open
}

// told is what the child tells.
type told struct {
	UUID    string
	Flags   protocol.StateFlag
	Error   string
	Events  string
	Pending int64
	At      int // operations in earlier slots that it was told are counted
}

// TestMain lets the test's program be such a child.
func TestMain(m *testing.M) {
	if text := os.Getenv("OPENLTS_TEST_LIFE"); text != "" {
		var l life
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			panic(err)
		}
		l.live()
		return
	}
	status := m.Run()
	filetest.RemoveProgram()
	os.Exit(status)
}

func (l life) live() {
	syscall.Umask(l.Umask)
	if l.Descriptors > 0 {
		limit := &syscall.Rlimit{Cur: l.Descriptors, Max: l.Descriptors}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, limit); err != nil {
			panic(err)
		}
	}
	if l.FileSize > 0 {
		signal.Ignore(syscall.SIGXFSZ) // the library's threads block it
		limit := &syscall.Rlimit{Cur: l.FileSize, Max: l.FileSize}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, limit); err != nil {
			panic(err)
		}
	}
	var answer told
	defer func() { _ = json.NewEncoder(os.Stdout).Encode(answer) }()
	p := license.Defaults()
	p.MainServerURL, p.HandshakeCode, p.DataDirectory = l.URL, "100001-reader", l.Directory
	clock, network := &testkit.ShiftedClock{}, testkit.NewNetwork(1)
	clock.Step(l.Ahead)
	opened, err := client.Open(context.Background(), p, client.Environment{Clock: clock, Transport: network})
	if err != nil {
		answer.Error = err.Error()
		return
	}
	if l.Cut {
		network.Cut()
	}
	if err := l.leave(); err != nil {
		panic(err)
	}
	if l.Pause {
		_ = os.NewFile(3, "ready").Close()
		_, _ = io.Copy(io.Discard, os.Stdin)
	}
	if l.Record > 0 {
		err = opened.Record(protocol.OperationTypeQRCode, l.Record)
	}
	at := l.At
	if info, err := opened.Info(context.Background()); err == nil &&
		info.Flags&protocol.StateFlagStorageDegraded != 0 {
		at /= 4 // in memory, nothing gets full
	}
	for n := range at {
		if opened.RecordAt(context.Background(), protocol.OperationTypeQRCode, 1,
			time.Now().Unix()-int64(n+1)*180) == nil {
			answer.At++
		}
	}
	info, infoErr := opened.Info(context.Background())
	answer.UUID, answer.Flags, answer.Pending = info.DeviceUUID, info.Flags, info.Usage.Pending
	for {
		e, ok := opened.Poll(over())
		if !ok {
			break
		}
		if e.Kind != protocol.EventKindSubmitted { // it may have been in time or not
			answer.Events += e.Message + "\n"
		}
	}
	if l.Killed {
		_ = json.NewEncoder(os.Stdout).Encode(answer)
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	if err := errors.Join(err, infoErr, opened.Close(context.Background())); err != nil {
		answer.Error = err.Error()
	}
}

// lives runs a child as a user and a member of a group, or as we are with user 0.
func lives(t *testing.T, user, group uint32, l life, environment ...string) told {
	t.Helper()
	return begin(t, user, group, l, environment...)()
}

// begin starts a child as lives does, and answers once it pauses, if it does. end lets
// it go on and waits for its end.
func begin(t *testing.T, user, group uint32, l life, environment ...string) (end func() told) {
	t.Helper()
	path := filetest.Program(t)
	text, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience) // it hangs
	t.Cleanup(cancel)
	command := exec.CommandContext(ctx, path)
	// The race detector waits a second at the end, for reports.
	command.Env = append(append(os.Environ(), "OPENLTS_TEST_LIFE="+string(text), "GORACE=atexit_sleep_ms=0"),
		environment...)
	command.Dir = "/"
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, os.Stderr
	if user != 0 {
		filetest.As(t, command, user, group)
	}
	goOn, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	paused, pauses, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	command.ExtraFiles = []*os.File{pauses}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	_ = pauses.Close()
	if l.Pause {
		_, _ = io.Copy(io.Discard, paused)
	}
	_ = paused.Close()
	return func() told {
		t.Helper()
		_ = goOn.Close()
		err := command.Wait()
		var killed *exec.ExitError
		if l.Killed && errors.As(err, &killed) && killed.ExitCode() < 0 && ctx.Err() == nil {
			err = nil
		}
		var answer told
		if err == nil {
			err = json.Unmarshal(out.Bytes(), &answer)
		}
		if err != nil {
			t.Fatalf("user %d: %s, %v", user, &out, err)
		}
		return answer
	}
}

const (
	alice = 54321
	bob   = 54322
	staff = 54400
)

// TestUsageOfAKilledProcess is found by the next one in any directory.
func TestUsageOfAKilledProcess(t *testing.T) {
	server := testkit.NewServer(t, time.Now)
	total := int64(0)
	for _, name := range []string{"x[1]", "a*b?", `[!a]\*`, "per%20cent", "with space", "Grüße-日本", "new\nline",
		"a?b#c&d=e"} {
		l := life{URL: server.URL, Directory: filepath.Join(t.TempDir(), name), Record: 1000, Killed: true}
		first := lives(t, 0, 0, l)
		if first.Error != "" || first.Flags != 0 {
			t.Errorf("%q: %+v", name, first)
		}
		l.Record, l.Killed = 1, false
		if second := lives(t, 0, 0, l); second.Error != "" || second.Flags != 0 || second.UUID != first.UUID ||
			second.Events != "" {
			t.Errorf("%q: %+v, want %s", name, second, first.UUID)
		}
		total += 1001
		if server.Total() != total {
			t.Errorf("%q: the server has %d, want %d", name, server.Total(), total)
		}
	}
}

// TestADirectoryThatCanOnlyBeRead: the same device, and its usage is submitted.
func TestADirectoryThatCanOnlyBeRead(t *testing.T) {
	server := testkit.NewServer(t, time.Now)
	directory := filetest.Directory(t, 0o755)
	first := lives(t, 0, 0, life{URL: server.URL, Directory: directory})
	if err := os.Chmod(filepath.Join(directory, device.FileName), 0o644); err != nil {
		t.Fatal(err)
	}
	for i := range int64(3) {
		got := lives(t, alice, alice, life{URL: server.URL, Directory: directory, Record: 5})
		if got.UUID != first.UUID || got.Error != "" || got.Flags&protocol.StateFlagStorageDegraded == 0 {
			t.Errorf("%+v, want %s", got, first.UUID)
		}
		if !strings.Contains(got.Events, "can't be written") || server.Total() != 5*(i+1) {
			t.Errorf("%q; the server has %d", got.Events, server.Total())
		}
	}
}

// TestADirectoryLikeTmp has one for each user, who is a device, and keeps what
// a user has in it already.
func TestADirectoryLikeTmp(t *testing.T) {
	server := testkit.NewServer(t, time.Now)
	directory := filetest.Directory(t, 0o777|os.ModeSticky)
	uuids := map[string]bool{}
	for _, user := range []uint32{alice, bob} {
		l := life{URL: server.URL, Directory: directory, Umask: 0o002, Record: 3, Killed: true}
		first := lives(t, user, user, l)
		l.Killed = false
		second := lives(t, user, user, l)
		if first.Error != "" || first.Flags != 0 || second.UUID != first.UUID || second.Flags != 0 {
			t.Errorf("user %d: %+v, then %+v", user, first, second)
		}
		uuids[first.UUID] = true
		info, err := os.Stat(filepath.Join(directory, fmt.Sprintf("user-%d", user)))
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%v, %v", info, err)
		}
	}
	if len(uuids) != 2 || server.Total() != 12 {
		t.Errorf("%d devices, the server has %d", len(uuids), server.Total())
	}

	before := filetest.Directory(t, 0o777)
	first := lives(t, alice, alice, life{URL: server.URL, Directory: before})
	if err := os.Chmod(before, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	if got := lives(t, alice, alice, life{URL: server.URL, Directory: before}); got.UUID != first.UUID ||
		got.Flags != 0 {
		t.Errorf("what was there already: %+v, want %s", got, first.UUID)
	}
	if got := lives(t, bob, bob, life{URL: server.URL, Directory: before}); got.UUID == first.UUID || got.Flags != 0 {
		t.Errorf("another user: %+v", got)
	}
}

// TestAPlantedDirectory of another user is not used.
func TestAPlantedDirectory(t *testing.T) {
	server := testkit.NewServer(t, time.Now)
	directory, victim := filetest.Directory(t, 0o777|os.ModeSticky), filetest.Directory(t, 0o777)
	if err := os.Symlink(victim, filepath.Join(directory, fmt.Sprintf("user-%d", alice))); err != nil {
		t.Fatal(err)
	}
	got := lives(t, alice, alice, life{URL: server.URL, Directory: directory, Record: 1})
	if got.Error != "" || got.Flags&protocol.StateFlagStorageDegraded == 0 ||
		!strings.Contains(got.Events, "remove it") {
		t.Errorf("%+v", got)
	}
	if left, err := os.ReadDir(victim); err != nil || len(left) > 0 {
		t.Errorf("made elsewhere: %v, %v", left, err)
	}
}

// TestTheDefaultDirectory follows HOME, if that is one.
func TestTheDefaultDirectory(t *testing.T) {
	server := testkit.NewServer(t, time.Now)
	home := filetest.Directory(t, 0o777)
	if got := lives(t, alice, alice, life{URL: server.URL}, "HOME="+home); got.Error != "" || got.Flags != 0 {
		t.Errorf("%+v", got)
	}
	if _, err := os.Stat(filepath.Join(home, ".openlts", device.FileName)); err != nil {
		t.Error(err)
	}
	for _, none := range []string{"HOME=", "HOME=/", "HOME=//", "HOME=relative"} {
		got := lives(t, alice, alice, life{URL: server.URL, Record: 1}, none)
		if got.Error != "" || got.Flags&protocol.StateFlagStorageDegraded == 0 {
			t.Errorf("%s: %+v", none, got)
		}
		if !strings.Contains(got.Events, "user 54321 has no home directory") ||
			!strings.Contains(got.Events, "set dataDirectory, or HOME") {
			t.Errorf("%s: %s", none, got.Events)
		}
	}
	if server.Total() != 4 {
		t.Errorf("the server has %d", server.Total())
	}
}

// TestFewDescriptors make no new device.
func TestFewDescriptors(t *testing.T) {
	server := testkit.NewServer(t, time.Now)
	directory := t.TempDir()
	first := lives(t, 0, 0, life{URL: server.URL, Directory: directory})
	for descriptors := uint64(8); descriptors < 20; descriptors++ {
		got := lives(t, 0, 0, life{URL: server.URL, Directory: directory, Descriptors: descriptors})
		// With too few to ask a server, the license does not open.
		if got.Error == "" && got.UUID != first.UUID {
			t.Errorf("%d descriptors: %+v, want %s", descriptors, got, first.UUID)
		}
	}
	if again := lives(t, 0, 0, life{URL: server.URL, Directory: directory}); again != first {
		t.Errorf("%+v, want %+v", again, first)
	}
}

// TestAPlantedIdentity: the license opens in time with the identity of the copy,
// and an event says what was there.
func TestAPlantedIdentity(t *testing.T) {
	server := testkit.NewServer(t, time.Now)
	directory := t.TempDir()
	path := filepath.Join(directory, device.FileName)
	first := lives(t, 0, 0, life{URL: server.URL, Directory: directory})
	for what, plant := range map[string]func() error{
		"a FIFO":          func() error { return unix.Mkfifo(path, 0o600) },
		"a symbolic link": func() error { return os.Symlink("/dev/zero", path) },
		"a directory":     func() error { return os.Mkdir(path, 0o700) },
	} {
		if err := errors.Join(os.Remove(path), plant()); err != nil {
			t.Fatal(err)
		}
		got := lives(t, 0, 0, life{URL: server.URL, Directory: directory})
		if got.UUID != first.UUID || got.Error != "" || !strings.Contains(got.Events, what) {
			t.Errorf("%s: %+v", what, got)
		}
	}
}

// TestAParkedTallyIsNotAdopted by anybody while its process lives: not by another
// copy of the library in the same process either.
func TestAParkedTallyIsNotAdopted(t *testing.T) {
	server := testkit.NewServer(t, time.Now)
	directory := t.TempDir()
	l, err := client.Open(context.Background(), parameters(server, directory), client.Environment{})
	if err != nil {
		t.Fatal(err)
	}
	record(t, l, protocol.OperationTypeQRCode, 1)
	if err := l.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	paths, err := tally.Orphans(directory)
	if err != nil || len(paths) != 1 {
		t.Fatal(paths, err)
	}
	if _, err := os.ReadFile(paths[0]); err != nil { // as a backup does
		t.Fatal(err)
	}
	if adopted, err := tally.Adopt(paths[0]); err == nil {
		_ = adopted.Close()
		t.Error("it was adopted")
	}
}
