//go:build unix

package filelock

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

func try(f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EWOULDBLOCK):
			return ErrLocked
		default:
			return &os.PathError{Op: "flock", Path: f.Name(), Err: err}
		}
	}
}

// The locks of fcntl are the process's, and gone with the first file that closes:
// nobody else may use them on this file.
func probe(f *os.File) error {
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: 1 << 30, Len: 1}
	err := unix.FcntlFlock(f.Fd(), unix.F_SETLK, &lock)
	if err == nil || errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) || errors.Is(err, unix.EINTR) {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrNoLocks, &os.PathError{Op: "fcntl(F_SETLK)", Path: f.Name(), Err: err})
}

func unlock(f *os.File) { _ = unix.Flock(int(f.Fd()), unix.LOCK_UN) }
