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
// SQLite's own locks are off. On Unix they belong to a process and end when that process closes any
// open file at that path: two copies of the library in one process would not exclude each other,
// and a host that merely reads the files, as a backup does, would drop them. The lock of an open
// file has neither fault. Besides, SQLite can't distinguish a file system that refuses locks from a
// lock that others hold.
//
// SQLite still sees by itself what others changed: each change increments a counter in the first
// page of the database. Each transaction begins by reading that counter, and by looking for the
// journal of a process that died.
const lockName = "ledger.lock"

// acquire waits for the lock until ctx ends, and takes it.
func (l *Ledger) acquire(ctx context.Context) error {
	const tries = 5 // others may remove the file repeatedly
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
		// The file was replaced, so others lock another one by now.
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

// replaceLock clears away what is not a lock file, or a lock file that a backup has linked. Whoever
// holds its lock notices that the file was removed.
func (l *Ledger) replaceLock(path string) error {
	if _, err := l.clearAway(path); !errors.Is(err, datafile.ErrLinked) {
		return err
	}
	return datafile.Separate(path, 1<<10)
}
