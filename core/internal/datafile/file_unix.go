//go:build unix

package datafile

import (
	"os"

	"golang.org/x/sys/unix"
)

// openFile is os.OpenFile, but follows no link and does not wait. (Go adds O_CLOEXEC.)
func openFile(path string, flag int, mode os.FileMode) (*os.File, error) {
	return os.OpenFile(path, flag|unix.O_NOFOLLOW|unix.O_NONBLOCK, mode)
}

// Rename renames a file and replaces what has the new name.
func Rename(from, to string) error { return os.Rename(from, to) }

// Remove removes a file.
func Remove(path string) error { return os.Remove(path) }
