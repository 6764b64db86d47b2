package datafile_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/openlts/openlts/core/internal/datafile"
)

// TestWhatIsOpen can be renamed, replaced and removed, as everywhere else: files of ours
// are open in several processes.
func TestWhatIsOpen(t *testing.T) {
	directory := t.TempDir()
	path, other := filepath.Join(directory, "f"), filepath.Join(directory, "g")
	f, err := datafile.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	place := datafile.PlaceOf(path, info)
	if place.Gone() || !place.Reachable() {
		t.Error("it is gone before anything was done")
	}
	if err := datafile.Rename(path, other); err != nil {
		t.Fatal(err)
	}
	if !place.Gone() {
		t.Error("it was renamed, and is not gone")
	}
	if err := datafile.Replace(other, []byte("new")); err != nil || read(t, other) != "new" {
		t.Errorf("replacing it: %v", err)
	}
	open, err := datafile.Open(other, datafile.Write)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = open.Close() }()
	if err := datafile.Make(other, nil); !errors.Is(err, os.ErrExist) {
		t.Errorf("making what is there: %v", err)
	}
	if err := datafile.Remove(other); err != nil {
		t.Errorf("removing it: %v", err)
	}
	// Where a name goes with the last of those who have the file open, it is there until then.
	_ = open.Close()
	if _, err := os.Lstat(other); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}
