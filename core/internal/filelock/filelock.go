// Package filelock locks files between processes. A lock belongs to an open file:
// two files that one process opened are as separate as those of two processes, and
// closing another file at the same path changes nothing. It is gone when the open
// file is, however its process ended.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/openlts/openlts/core/internal/datafile"
)

// ErrLocked is the error when another open file, mostly of another process, holds
// the lock.
var ErrLocked = errors.New("locked by another process")

// ErrNoLocks is the error when the file system refuses to lock, as network file
// systems without a lock service do.
var ErrNoLocks = errors.New("the file system has no locks")

// Try takes the exclusive lock of an open file, or says ErrLocked at once.
func Try(f *os.File) error { return try(f) }

// File is a file that is there to be locked. It stays open, so that it can be
// locked again when its path can't be reached any more. Its methods are called by
// one goroutine at a time.
type File struct {
	file  *os.File
	place datafile.Place
}

// Open opens a lock file, or makes it.
func Open(path string) (*File, error) {
	f, err := datafile.OpenOrCreate(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return &File{f, datafile.PlaceOf(path, info)}, nil
}

// Lock takes the lock, waiting for it until ctx ends. It is tried once even if ctx
// is over already.
func (l *File) Lock(ctx context.Context) error {
	// Waiting by trying: a blocked flock could not be interrupted.
	const longest = 10 * time.Millisecond
	for wait := 100 * time.Microsecond; ; wait = min(2*wait, longest) {
		err := try(l.file)
		if !errors.Is(err, ErrLocked) {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("%w: %w", err, ctx.Err())
		case <-timer.C:
		}
	}
}

// Unlock gives the lock back.
func (l *File) Unlock() { unlock(l.file) }

// Gone tells whether the file was removed or replaced: then others lock another one.
func (l *File) Gone() bool { return l.place.Gone() }

// Close closes the file, which gives back its lock.
func (l *File) Close() error {
	// Unlocked and not only closed: a fork may have the file open, too.
	unlock(l.file)
	return l.file.Close()
}

// Acquire opens (or creates) a file and takes its lock, waiting for it until
// ctx ends. release gives the lock back.
func Acquire(ctx context.Context, path string) (release func(), err error) {
	l, err := Open(path)
	if err != nil {
		return nil, err
	}
	if err := l.Lock(ctx); err != nil {
		_ = l.Close()
		return nil, err
	}
	return func() { _ = l.Close() }, nil
}
