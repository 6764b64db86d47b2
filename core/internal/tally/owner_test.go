package tally_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/openlts/openlts/core/internal/filelock"
	"github.com/openlts/openlts/core/internal/tally"
)

// TestCopies of a living run's tally are left to it; those of a dead run's are adopted,
// however far its process's id went round, as is a file that was only moved.
func TestCopies(t *testing.T) {
	directory, elsewhere := t.TempDir(), t.TempDir()
	c := create(t, directory)
	c.Add(16, 3, now.Unix())
	text, err := os.ReadFile(file(t, directory))
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(elsewhere, filepath.Base(file(t, directory)))
	write := func(text []byte) {
		if err := os.WriteFile(copied, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(text)
	if _, err := tally.Adopt(copied); !errors.Is(err, filelock.ErrLocked) {
		t.Errorf("of a living run: %v", err)
	}
	// Where the boot, the process's id, when it started, and the ids it is among are.
	for name, offset := range map[string]int{"boot": 64, "id": 83, "start": 88, "namespace": 96} {
		of := append([]byte{}, text...)
		of[offset] ^= 1
		write(of)
		adopted, err := tally.Adopt(copied)
		if err != nil {
			t.Errorf("another %s: %v", name, err)
			continue
		}
		if sum := adopted.Sums(0)[16]; sum != 3 {
			t.Errorf("another %s: it counts %d", name, sum)
		}
		if err := adopted.Remove(); err != nil {
			t.Error(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file(t, directory), copied); err != nil {
		t.Fatal(err)
	}
	if adopted, err := tally.Adopt(copied); err != nil || adopted.Sums(0)[16] != 3 {
		t.Errorf("of a moved file: %v", err)
	}
}
