//go:build unix

package datafile

import (
	"errors"
	"os"
)

func publishByLink(unfinished, path string) error {
	err := os.Link(unfinished, path)
	if err == nil {
		return os.Remove(unfinished)
	}
	if errors.Is(err, os.ErrExist) {
		return err
	}
	// Without hard links, the next best thing is to check first.
	if _, err := os.Lstat(path); err == nil {
		return &os.LinkError{Op: "rename", Old: unfinished, New: path, Err: os.ErrExist}
	}
	return os.Rename(unfinished, path)
}
