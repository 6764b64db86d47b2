// Package datafile opens the files of a data directory, and only files that are ours: regular files
// that belong to this user, to root, to the owner of the directory, or to a member of the group
// that shares it. If others have put a symbolic link, a FIFO, a device or a directory at such a
// path, the package neither follows it nor waits for it, and the error says what it is.
//
// All our files are opened here, except those that SQLite opens by their paths: Check such a path
// first.
package datafile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Access says what a file is opened for.
type Access int

const (
	// Read accepts a file with several names: a backup may have linked it.
	Read Access = iota
	// Write allows reading, too. It refuses a file with several names, because another of them may
	// belong to somebody else. See Separate.
	Write
)

// ErrForeign is the error if something is not a file of ours; it is a *ForeignError.
var ErrForeign = errors.New("not a file of OpenLTS")

// ErrLinked is the error if a file has several names and so must not be written; it is an
// ErrForeign, too.
var ErrLinked = errors.New("a file with several names")

// ErrTooLarge is the error if a file is longer than such a file can be.
var ErrTooLarge = errors.New("larger than OpenLTS makes a file of that name")

// ForeignError says what is at the path where a file of ours should be.
type ForeignError struct {
	Path   string
	What   string // "a FIFO"
	linked bool
}

func (e *ForeignError) Error() string {
	if e.linked {
		return fmt.Sprintf("%s has other names (hard links) and is not written: replace it by a copy", e.Path)
	}
	return fmt.Sprintf("%s is %s, not a file of OpenLTS: remove it", e.Path, e.What)
}

// Is makes it match ErrForeign and, if the file has several names, ErrLinked.
func (e *ForeignError) Is(target error) bool {
	return target == ErrForeign || e.linked && target == ErrLinked
}

// Check says why a path that exists must not be opened, without opening it: for files that SQLite
// opens. It returns what is there.
func Check(path string, access Access) (os.FileInfo, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	return info, vet(info, path, access)
}

// Open opens a file that exists.
func Open(path string, access Access) (*os.File, error) {
	// Check first, because opening a device can have effects.
	if _, err := Check(path, access); err != nil {
		return nil, err
	}
	flag := os.O_RDONLY
	if access == Write {
		flag = os.O_RDWR
	}
	f, err := openFile(path, flag, 0)
	if err != nil {
		// Between the check and opening, somebody may have replaced it by a link.
		if _, again := Check(path, access); errors.Is(again, ErrForeign) {
			return nil, again
		}
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = vet(info, path, access)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// Create makes a file that must not exist yet, for this user alone or, in a
// directory that a group shares, for the group. The error is os.ErrExist if
// anything is at the path, even a link that leads nowhere.
func Create(path string) (*os.File, error) {
	mode := Mode(filepath.Dir(path))
	f, err := openFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, err
	}
	if mode != private {
		// The directory's mode says whether it is shared; this process's umask must not change
		// that. On file systems without modes this fails and is not needed.
		_ = f.Chmod(mode)
	}
	return f, nil
}

// OpenOrCreate opens a file for writing, or creates it.
func OpenOrCreate(path string) (*os.File, error) {
	const tries = 5 // other processes may create and remove it meanwhile
	for try := 1; ; try++ {
		f, err := Open(path, Write)
		if !errors.Is(err, os.ErrNotExist) {
			return f, err
		}
		f, err = Create(path)
		if !errors.Is(err, os.ErrExist) || try == tries {
			return f, err
		}
	}
}

// ReadFile reads a file of at most limit bytes; the error for a longer one is ErrTooLarge.
func ReadFile(path string, limit int64) ([]byte, error) {
	f, err := Open(path, Read)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	// A sparse file can be huge on a small disk; reading it must not take that much memory.
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("%s: %w", path, ErrTooLarge)
	}
	return text, nil
}

// Make writes a file that must not exist yet. It appears complete or not at all.
func Make(path string, content []byte) error {
	return write(path, content, publish)
}

// Replace writes a file and replaces the file of ours that may be at the path. Readers find either
// the old or the new one, complete.
func Replace(path string, content []byte) error {
	return write(path, content, func(unfinished, path string) error {
		// A file with several names may be replaced: its other names keep it.
		if _, err := Check(path, Read); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return Rename(unfinished, path)
	})
}

// UnfinishedExtension ends the names of files that are still being written, or whose writer died.
const UnfinishedExtension = ".new"

func unfinishedName(path string) string {
	return path + "." + uuid.NewString() + UnfinishedExtension
}

func write(path string, content []byte, place func(unfinished, path string) error) error {
	unfinished := unfinishedName(path)
	f, err := Create(unfinished)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = place(unfinished, path)
	}
	if err != nil {
		_ = Remove(unfinished)
	}
	return err
}

// Separate replaces a file of ours that has several names (ErrLinked) by a copy, so that it can be
// written and its other names stay as they are. Nobody may have it open meanwhile. The error for a
// file of more than limit bytes is ErrTooLarge.
func Separate(path string, limit int64) error {
	content, err := ReadFile(path, limit)
	if err != nil {
		return err
	}
	return Replace(path, content)
}

// SetAside renames what is at a path to the path with the extension and returns the new path. It
// keeps up to ten; an eleventh replaces the tenth. It follows no link. It leaves a file of another
// user: that user may be using it, in a directory that both can write.
func SetAside(path, extension string) (string, error) {
	const kept = 10
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() {
		if err := vet(info, path, Read); err != nil {
			return "", err
		}
	}
	aside := path + extension
	for n := 2; ; n++ {
		_, err := os.Lstat(aside)
		if errors.Is(err, os.ErrNotExist) || n > kept {
			return aside, Rename(path, aside)
		}
		if err != nil {
			return "", err
		}
		aside = fmt.Sprintf("%s%s-%d", path, extension, n)
	}
}

// List gives the paths of a directory whose names end with extension, sorted. It compares names and
// uses no pattern, in which the directory x[1] would match another name.
func List(directory, extension string) ([]string, error) {
	f, err := os.Open(directory)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasSuffix(name, extension) })
	slices.Sort(names)
	for i, name := range names {
		names[i] = filepath.Join(directory, name)
	}
	return names, nil
}

const (
	private = 0o600
	shared  = 0o660
)

// Mode is the mode of new files in a directory: for this user alone or, if the directory is shared
// by a group (setgid; the group and nobody else may write), for the group as well.
func Mode(directory string) os.FileMode {
	info, err := os.Stat(directory)
	if err == nil && sharedByGroup(info) {
		return shared
	}
	return private
}

// kind names what is not a regular file.
func kind(mode os.FileMode) string {
	switch {
	case mode.IsRegular():
		return ""
	case mode&os.ModeSymlink != 0:
		return "a symbolic link"
	case mode.IsDir():
		return "a directory"
	case mode&os.ModeNamedPipe != 0:
		return "a FIFO"
	case mode&os.ModeSocket != 0:
		return "a socket"
	case mode&os.ModeDevice != 0:
		return "a device"
	default:
		return "something special"
	}
}
