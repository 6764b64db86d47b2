//go:build unix

package sqlite

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// What root makes in a directory of another user's is that user's: the server runs as
// that user.
func TestFilesOfRootBelongToTheOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	const somebody = 54321
	directory := t.TempDir()
	if err := os.Chown(directory, somebody, somebody); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s, err := Open(t.Context(), directory, true)
		if err != nil {
			t.Fatal(err)
		}
		files, err := os.ReadDir(directory)
		if err != nil || len(files) < 3 {
			t.Fatalf("%v, %v", files, err)
		}
		for _, file := range files {
			info, err := os.Stat(filepath.Join(directory, file.Name()))
			if err != nil {
				t.Fatal(err)
			}
			if owner := info.Sys().(*syscall.Stat_t); owner.Uid != somebody || owner.Gid != somebody {
				t.Errorf("%s belongs to %d:%d", file.Name(), owner.Uid, owner.Gid)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		// A lock that an earlier version left to root.
		if err := os.Chown(filepath.Join(directory, "migrate.lock"), 0, 0); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSpace(t *testing.T) {
	s, _ := open(t)
	if space, err := s.Space(); err != nil || space <= 0 {
		t.Errorf("%d, %v", space, err)
	}
}
