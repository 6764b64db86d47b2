package datafile

import (
	"errors"
	"os"
	"syscall"
)

// Place remembers where an open file was, to find out whether it is still there.
type Place struct {
	path string
	file identity
	root os.FileInfo
}

// PlaceOf notes where an open file is. If SQLite opened it, opened is what Check returned. Call it
// when the file is opened.
func PlaceOf(path string, opened os.FileInfo) Place {
	return Place{path, identityOf(path, opened), root()}
}

// Gone tells whether the file was removed or replaced by another one. A file that this process just
// can't see any more is not gone: after the process dropped privileges or changed its root, it
// continues to use the open file.
func (p Place) Gone() bool {
	named, err := identify(p.path)
	switch {
	case err == nil && p.file.is(named):
		return false
	case err == nil, errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return !p.OtherRoot()
	default:
		return false
	}
}

// Reachable tells whether the path still leads to the file.
func (p Place) Reachable() bool {
	named, err := identify(p.path)
	return err == nil && p.file.is(named)
}

// OtherRoot tells whether the process has changed its root since the file was opened. The path then
// leads elsewhere, and not finding a file there means nothing.
func (p Place) OtherRoot() bool {
	if p.root == nil {
		return false
	}
	now := root()
	return now == nil || !os.SameFile(p.root, now)
}
