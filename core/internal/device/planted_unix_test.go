//go:build unix

package device_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/openlts/openlts/core/internal/device"
	"github.com/openlts/openlts/core/internal/filetest"
)

// TestPlantedIdentities: what is not ours is set aside, not followed or waited for,
// and said; the copy restores the identity.
func TestPlantedIdentities(t *testing.T) {
	for name, plant := range map[string]func(path, victim string) error{
		"a FIFO":          func(path, _ string) error { return unix.Mkfifo(path, 0o600) },
		"a symbolic link": func(path, victim string) error { return os.Symlink(victim, path) },
		"a directory":     func(path, _ string) error { return os.Mkdir(path, 0o700) },
		"was damaged": func(path, _ string) error {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				return err
			}
			return os.Truncate(path, 200<<30)
		},
	} {
		directory := t.TempDir()
		path, victim := filepath.Join(directory, device.FileName), filepath.Join(directory, "victim")
		kept := &copied{}
		first := loadWith(t, directory, kept)
		if err := os.Rename(path, victim); err != nil {
			t.Fatal(err)
		}
		before, err := os.ReadFile(victim)
		if err != nil {
			t.Fatal(err)
		}
		if err := plant(path, victim); err != nil {
			t.Fatal(err)
		}
		again := loadWith(t, directory, kept)
		if again.UUID != first.UUID || again.Source != device.SourceRandom {
			t.Errorf("%s: %+v", name, again)
		}
		if again.Trouble == nil || !strings.Contains(again.Trouble.Error(), name) ||
			!strings.Contains(again.Trouble.Error(), "restored") {
			t.Errorf("%s: %v", name, again.Trouble)
		}
		if later := loadWith(t, directory, nil); later.UUID != first.UUID || later.Trouble != nil {
			t.Errorf("%s: it did not heal: %+v", name, later)
		}
		if after, err := os.ReadFile(victim); err != nil || string(after) != string(before) {
			t.Errorf("%s: the victim was changed: %q, %v", name, after, err)
		}
	}
}

// told is what a child process tells of its identity.
type told struct{ UUID, Key, Source, Trouble, Error string }

// TestMain lets the test's program be a process with little: see child.
func TestMain(m *testing.M) {
	if directory := os.Getenv("DEVICE_DIRECTORY"); directory != "" {
		child(directory)
		return
	}
	status := m.Run()
	filetest.RemoveProgram()
	os.Exit(status)
}

func child(directory string) {
	umask := 0
	if _, err := fmt.Sscanf(os.Getenv("DEVICE_UMASK"), "%o", &umask); err == nil {
		syscall.Umask(umask)
	}
	found := device.Read(directory)
	if os.Getenv("DEVICE_NO_DESCRIPTORS") != "" {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 3, Max: 3}); err != nil {
			fmt.Println(err)
			return
		}
	}
	identity, err := found.Identity(background, 0, "", nil)
	answer := told{UUID: identity.UUID, Source: identity.Source}
	if identity.Key != nil {
		answer.Key = fmt.Sprintf("%x", identity.Key.Bytes())
	}
	if identity.Trouble != nil {
		answer.Trouble = identity.Trouble.Error()
	}
	if err != nil {
		answer.Error = err.Error()
	}
	_ = json.NewEncoder(os.Stdout).Encode(answer)
}

// as loads the identity in a process of a user's.
func as(t *testing.T, user, group uint32, directory string, environment ...string) told {
	t.Helper()
	command := exec.Command(filetest.Program(t))
	// The race detector waits a second at the end, for reports.
	command.Env = append(append(os.Environ(), "GORACE=atexit_sleep_ms=0", "DEVICE_DIRECTORY="+directory),
		environment...)
	filetest.As(t, command, user, group)
	out, err := command.CombinedOutput()
	var answer told
	if err == nil {
		err = json.Unmarshal(out, &answer)
	}
	if err != nil || answer.Error != "" {
		t.Fatalf("user %d: %s, %v", user, out, err)
	}
	return answer
}

var background = context.Background()

const alice, bob, staff = 54321, 54322, 54400

// TestADirectoryThatCanOnlyBeRead keeps the device's identity, even if it is
// damaged and can't be mended.
func TestADirectoryThatCanOnlyBeRead(t *testing.T) {
	directory := filetest.Directory(t, 0o755)
	path := filepath.Join(directory, device.FileName)
	first := loadWith(t, directory, nil)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := as(t, alice, alice, directory); got.UUID != first.UUID || got.Source != device.SourceRandom ||
		got.Trouble != "" {
		t.Errorf("%+v, want %s", got, first.UUID)
	}
	if err := os.WriteFile(path, []byte(`{"uuid":"`+first.UUID+`","privateKey":"?"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := as(t, alice, alice, directory); got.UUID != first.UUID || got.Source != device.SourceRandom ||
		got.Trouble == "" {
		t.Errorf("with a damaged key: %+v, want %s", got, first.UUID)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got := as(t, alice, alice, directory); got.Source != device.SourceMemory ||
		!strings.Contains(got.Trouble, "can't be kept") {
		t.Errorf("without one: %+v", got)
	}
}

// TestAFileThatMayNotBeRead is not taken for damaged, and stays.
func TestAFileThatMayNotBeRead(t *testing.T) {
	directory := filetest.Directory(t, 0o777)
	first := loadWith(t, directory, nil)
	if got := as(t, alice, alice, directory); got.Source != device.SourceMemory ||
		!strings.Contains(got.Trouble, "permission denied") {
		t.Errorf("%+v", got)
	}
	if again := loadWith(t, directory, nil); again.UUID != first.UUID {
		t.Errorf("%+v", again)
	}
}

// TestNoDescriptor is free any more after the identity was read.
func TestNoDescriptor(t *testing.T) {
	directory := filetest.Directory(t, 0o777)
	first := as(t, alice, alice, directory)
	if got := as(t, alice, alice, directory, "DEVICE_NO_DESCRIPTORS=1"); got != first {
		t.Errorf("%+v, want %+v", got, first)
	}
}

// TestADirectoryThatAGroupShares is one device, whoever made it.
func TestADirectoryThatAGroupShares(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("giving a directory to a group needs root")
	}
	for _, umask := range []string{"DEVICE_UMASK=022", "DEVICE_UMASK=002", "DEVICE_UMASK=077"} {
		directory := filetest.Directory(t, 0o700)
		if err := os.Chown(directory, 0, staff); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(directory, 0o770|os.ModeSetgid); err != nil {
			t.Fatal(err)
		}
		first := as(t, alice, staff, directory, umask)
		if got := as(t, bob, staff, directory, umask); got != first || first.Source != device.SourceRandom {
			t.Errorf("%s: %+v, then %+v", umask, first, got)
		}
		// Bob mends what is Alice's.
		path := filepath.Join(directory, device.FileName)
		if err := os.WriteFile(path, []byte("garbage"), 0o660); err != nil {
			t.Fatal(err)
		}
		mended := as(t, bob, staff, directory, umask)
		if got := as(t, alice, staff, directory, umask); got.UUID != mended.UUID || got.Key != mended.Key ||
			got.Trouble != "" {
			t.Errorf("%s: mended: %+v, then %+v", umask, mended, got)
		}
	}
}
