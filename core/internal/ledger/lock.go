package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/openlts/openlts/core/internal/datafile"
	"github.com/openlts/openlts/core/internal/filelock"
)

// lockName is the file that is locked during each transaction.
//
// SQLite's own locks are switched off. On Unix they belong to a process, and are
// gone as soon as any file of it at that path is closed: two copies of the library
// in one process don't exclude each other, and a host that merely reads the files,
// as a backup does, drops them. A lock of an open file has neither fault. And
// SQLite can't tell a lock that is refused from one that others hold. What others
// changed it still finds by itself: each change moves a counter in the database's first
// page, and each transaction begins by reading that, and by looking for a journal of
// somebody who died.
const lockName = "ledger.lock"

// acquire takes the lock, waiting until ctx ends.
func (l *Ledger) acquire(ctx context.Context) error {
	const tries = 5 // others may remove the file again and again
	for range tries {
		if l.lock == nil {
			if err := l.openLock(); err != nil {
				return err
			}
		}
		if err := l.lock.Lock(ctx); err != nil {
			return err
		}
		if !l.lock.Gone() {
			return nil
		}
		// Others lock another file by now.
		_ = l.lock.Close()
		l.lock = nil
	}
	return fmt.Errorf("%s is removed again and again", lockName)
}

func (l *Ledger) openLock() (err error) {
	directory := filepath.Dir(l.path)
	path := filepath.Join(directory, lockName)
	l.lock, err = filelock.Open(path)
	switch {
	case errors.Is(err, os.ErrNotExist): // the directory was removed in use
		if err := os.MkdirAll(directory, 0o700); err != nil {
			return fmt.Errorf("the data directory is gone and can't be made: %w", err)
		}
	case errors.Is(err, datafile.ErrForeign):
		if err := l.replaceLock(path); err != nil {
			return err
		}
	default:
		return err
	}
	l.lock, err = filelock.Open(path)
	return err
}

// replaceLock clears away what is no lock file, or is one that a backup linked: then
// whoever holds it finds out that it is gone.
func (l *Ledger) replaceLock(path string) error {
	if _, err := l.clearAway(path); !errors.Is(err, datafile.ErrLinked) {
		return err
	}
	return datafile.Separate(path, 1<<10)
}
