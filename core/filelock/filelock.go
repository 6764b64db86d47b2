// Package filelock locks files between processes. A lock is held by an open
// file and is gone when the process is, however it ended.
package filelock

import (
	"context"
	"errors"
	"os"
	"time"
)

// ErrLocked is the error when another process (or another open file of this
// one) holds the lock.
var ErrLocked = errors.New("locked by another process")

// ErrNoLocks is the error when the file system refuses to lock.
var ErrNoLocks = errors.New("the file system has no locks")

// Try takes the exclusive lock of an open file, or says ErrLocked at once.
func Try(f *os.File) error { return try(f) }

// Probe says why the file system of a file, which is made if it is not there,
// has no locks of the kind that SQLite takes: as network file systems without a
// lock service. SQLite itself can't tell that from locks held by others, and
// would wait for them, ten seconds each time. The error is ErrNoLocks, or that of
// opening the file.
func Probe(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return probe(f)
}

// Acquire opens (or creates) a file and takes its lock, waiting for it until
// ctx ends. release gives the lock back.
func Acquire(ctx context.Context, path string) (release func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	// Waiting by trying: a blocked flock could not be interrupted.
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if err = try(f); err == nil {
			// Unlocked and not only closed: a fork may have the file open, too.
			return func() { unlock(f); _ = f.Close() }, nil
		}
		if !errors.Is(err, ErrLocked) {
			break
		}
		select {
		case <-ctx.Done():
			_ = f.Close()
			return nil, errors.Join(ErrLocked, ctx.Err())
		case <-tick.C:
		}
	}
	_ = f.Close()
	return nil, err
}
