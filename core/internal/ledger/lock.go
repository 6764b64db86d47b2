package ledger

import (
	"context"
	"crypto/rand"
	"encoding/binary"
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
// SQLite can't tell a lock that is refused from one that others hold.
//
// The file holds the token of the connection that was used last, so that a
// connection knows whether another one may have changed the database since.
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

// newToken makes the token of a connection. From the system's random numbers: Go's
// own begin with those that the kernel gave the program when it was started, so
// processes that were forked from one program before Go was draw the same. Two
// connections with one token would not see each other's changes, and overwrite them.
func newToken() uint64 {
	var token [8]byte
	_, _ = rand.Read(token[:])                      // never fails
	return binary.LittleEndian.Uint64(token[:]) | 1 // 0 is none
}

// lastUsed is the token of the connection that used the ledger last; 0 if none did,
// or nobody knows.
func (l *Ledger) lastUsed() uint64 {
	var token [8]byte
	if _, err := l.lock.Descriptor().ReadAt(token[:], 0); err != nil {
		return 0
	}
	return binary.LittleEndian.Uint64(token[:])
}

// use notes that a connection is about to use the ledger.
func (l *Ledger) use(token uint64) error {
	_, err := l.lock.Descriptor().WriteAt(binary.LittleEndian.AppendUint64(nil, token), 0)
	return err
}
