package datafile

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// publish gives a finished file its name. The error is os.ErrExist if the name is taken.
func publish(unfinished, path string) error {
	err := unix.Renameat2(unix.AT_FDCWD, unfinished, unix.AT_FDCWD, path, unix.RENAME_NOREPLACE)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EEXIST):
		return &os.LinkError{Op: "rename", Old: unfinished, New: path, Err: os.ErrExist}
	default: // a file system, or a kernel, without it
		return publishByLink(unfinished, path)
	}
}
