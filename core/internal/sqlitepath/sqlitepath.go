// Package sqlitepath lets SQLite open files with long paths. SQLite itself takes 511
// bytes, a number that is compiled in, and a path is looked at component by component,
// so that a short link to a long path is a long path again.
//
// On Linux an open directory has a short name, /proc/self/fd/N, and a file in it a
// short path. That is handed to SQLite through a VFS that takes paths as they are.
// Elsewhere long paths are SQLite's to refuse.
package sqlitepath

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// longest is the length of a path that SQLite opens on its own, with what it appends
// for a journal.
const longest = 500

// File is a file that SQLite can open.
type File struct {
	// Path is what SQLite gets to see. It is good until Close.
	Path string
	// VFS is how SQLite has to be told to open it.
	VFS string

	directory *os.File // nil if the path is its own
}

// Of makes the path of a file, which need not exist, one for SQLite. Where it is not
// too long, it stays as it is, and so does the VFS.
func Of(path, vfs string) (File, error) {
	if len(path) <= longest || !supported {
		return File{Path: path, VFS: vfs}, nil
	}
	if err := register(vfs); err != nil {
		return File{}, err
	}
	directory, err := openDirectory(filepath.Dir(path))
	if err != nil {
		return File{}, err
	}
	short := fmt.Sprintf("/proc/self/fd/%d", directory.Fd())
	if _, err := os.Stat(short); err != nil {
		return File{}, errors.Join(fmt.Errorf("a path of %d bytes needs /proc: %w", len(path), err), directory.Close())
	}
	return File{filepath.Join(short, filepath.Base(path)), pathsAsTheyAre, directory}, nil
}

// Close gives the path up. SQLite must not need it any more.
func (f File) Close() error {
	if f.directory == nil {
		return nil
	}
	return f.directory.Close()
}

// pathsAsTheyAre is the name of our VFS.
const pathsAsTheyAre = "openlts-paths-as-they-are"
