//go:build unix

package tally_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"

	"github.com/openlts/openlts/core/internal/filelock"
	"github.com/openlts/openlts/core/internal/tally"
)

// TestPlantedTallies are neither followed nor waited for.
func TestPlantedTallies(t *testing.T) {
	for name, plant := range map[string]func(path, victim string) error{
		"a FIFO":      func(path, _ string) error { return unix.Mkfifo(path, 0o600) },
		"a link":      func(path, victim string) error { return os.Symlink(victim, path) },
		"a device":    func(path, _ string) error { return os.Symlink("/dev/zero", path) },
		"a directory": func(path, _ string) error { return os.Mkdir(path, 0o700) },
		"a hard link": func(path, victim string) error { return os.Link(victim, path) },
		"a great void": func(path, _ string) error {
			return errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, 200<<30))
		},
	} {
		directory := t.TempDir()
		victim := filepath.Join(directory, "victim")
		if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		path := tally.Path(directory, uuid.NewString())
		if err := plant(path, victim); err != nil {
			t.Fatal(err)
		}
		if _, err := tally.Adopt(path); !errors.Is(err, tally.ErrNotATally) {
			t.Errorf("%s: %v", name, err)
		}
		if text, err := os.ReadFile(victim); err != nil || string(text) != "precious" {
			t.Errorf("%s: the victim holds %q, %v", name, text, err)
		}
	}
}

// TestALinkedTallyIsAdopted and what else has the same content is not changed: a
// backup of hard links.
func TestALinkedTallyIsAdopted(t *testing.T) {
	directory := t.TempDir()
	c := create(t, directory)
	c.Add(16, 3, now.Unix())
	path, backup := file(t, directory), filepath.Join(t.TempDir(), "backup")
	if err := os.Link(path, backup); err != nil {
		t.Fatal(err)
	}
	if _, err := tally.Adopt(path); !errors.Is(err, filelock.ErrLocked) {
		t.Errorf("of a living run: %v", err)
	}
	if c.Gone() {
		t.Error("it is called gone")
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	again, err := tally.Adopt(path)
	if err != nil || again.Sums(0)[16] != 3 {
		t.Fatal(err)
	}
	again.Add(16, 4, now.Unix())
	if err := again.Remove(); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(backup); err != nil || string(after) != string(before) {
		t.Errorf("the backup was changed: %v", err)
	}
}

// TestReadersTakeNoLock: whoever opens, reads and closes the file, in this process
// or another, the run stays alive.
func TestReadersTakeNoLock(t *testing.T) {
	directory := t.TempDir()
	c := create(t, directory)
	defer func() { _ = c.Close() }()
	for range 3 {
		if _, err := os.ReadFile(file(t, directory)); err != nil {
			t.Fatal(err)
		}
		if _, err := tally.Adopt(file(t, directory)); !errors.Is(err, filelock.ErrLocked) {
			t.Fatalf("adopting a living run: %v", err)
		}
	}
}
