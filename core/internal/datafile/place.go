package datafile

import (
	"errors"
	"os"
	"syscall"
)

// Place is where an open file was found, to see whether it is still there.
type Place struct {
	path string
	file identity
	root os.FileInfo
}

// PlaceOf notes where an open file is. Of one that SQLite opened, opened is what
// Check answered. Call it when the file is opened.
func PlaceOf(path string, opened os.FileInfo) Place {
	return Place{path, identityOf(path, opened), root()}
}

// Gone tells whether the file was removed, or another one took its place. It is
// not gone because this process can't see it any more: after it dropped
// privileges or changed its root, the open file is the one to go on with.
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

// OtherRoot tells whether the path leads elsewhere than when the file was opened,
// because the process changed its root: what is not found there says nothing.
func (p Place) OtherRoot() bool {
	if p.root == nil {
		return false
	}
	now := root()
	return now == nil || !os.SameFile(p.root, now)
}
