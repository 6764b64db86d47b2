// Package filelock locks files between processes. A lock belongs to an open file: two open files of
// one process exclude each other like those of two processes, and closing another open file at the
// same path changes nothing. The lock ends when the open file is closed, however its process ends.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/openlts/openlts/core/internal/datafile"
)

// ErrLocked is the error if another open file, usually of another process, holds the lock.
var ErrLocked = errors.New("locked by another process")

// ErrNoLocks is the error if the file system has no locks, like a network file system without a
// lock service.
var ErrNoLocks = errors.New("the file system has no locks")

// Try takes the exclusive lock of an open file, or returns ErrLocked at once.
func Try(f *os.File) error { return try(f) }

// File is a file whose only purpose is to be locked. It stays open, so that it can be locked again
// even if its path can't be reached any more. Only one goroutine may call its methods at a time.
type File struct {
	file  *os.File
	place datafile.Place
}

// Open opens a lock file, or creates it.
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

// Lock waits for the lock until ctx ends, and takes it. It tries once even if ctx has ended
// already.
func (l *File) Lock(ctx context.Context) error {
	// It waits by trying again, because a blocked flock can't be interrupted.
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

// Unlock releases the lock.
func (l *File) Unlock() { unlock(l.file) }

// Gone tells whether the file was removed or replaced, so that others lock another one.
func (l *File) Gone() bool { return l.place.Gone() }

// Close closes the file, which releases its lock.
func (l *File) Close() error {
	// Closing alone would not release the lock if a forked child has the file open, too.
	unlock(l.file)
	return l.file.Close()
}

// Acquire opens (or creates) a file, waits for its lock until ctx ends, and takes it. release
// releases the lock.
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
