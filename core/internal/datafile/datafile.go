// Package datafile opens the files of a data directory, and only files that are
// ours: regular ones, of this user, of root, of whoever owns the directory, or of
// a member of the group that shares it. What others may have put at such a path,
// a symbolic link, a FIFO, a device, a directory, is neither followed nor waited
// for, and an error says what it is.
//
// Every file of ours is opened here. SQLite opens its own by path: Check such a
// path first.
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

// Access is what a file is opened for.
type Access int

const (
	// Read also takes a file with several names: a backup may have linked it.
	Read Access = iota
	// Write is for reading, too. A file with several names is refused: another of
	// them may be somebody else's. See Separate.
	Write
)

// ErrForeign is the error of what is no file of ours; it is a *ForeignError.
var ErrForeign = errors.New("no file of ours")

// ErrLinked is the error of a file that has other names and must not be written
// through this one; it is an ErrForeign, too.
var ErrLinked = errors.New("a file with several names")

// ErrTooLarge is the error of a file that is longer than it can be.
var ErrTooLarge = errors.New("larger than any file of ours of that name")

// ForeignError tells what is at the path of a file of ours.
type ForeignError struct {
	Path   string
	What   string // "a FIFO"
	linked bool
}

func (e *ForeignError) Error() string {
	if e.linked {
		return fmt.Sprintf("%s has other names (hard links) and is not written: replace it by a copy", e.Path)
	}
	return fmt.Sprintf("%s is %s and no file of ours: remove it", e.Path, e.What)
}

// Is makes it an ErrForeign and, if that is what is wrong, an ErrLinked.
func (e *ForeignError) Is(target error) bool {
	return target == ErrForeign || e.linked && target == ErrLinked
}

// Check says why a path that exists can't be opened, without opening it: for
// files that SQLite opens. It answers what is there.
func Check(path string, access Access) (os.FileInfo, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	return info, vet(info, path, access)
}

// Open opens a file that exists.
func Open(path string, access Access) (*os.File, error) {
	// Looked at first: opening a device can do something.
	if _, err := Check(path, access); err != nil {
		return nil, err
	}
	flag := os.O_RDONLY
	if access == Write {
		flag = os.O_RDWR
	}
	f, err := openFile(path, flag, 0)
	if err != nil {
		// Between looking and opening it may have been exchanged for a link.
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
		// The directory's bits say that it is shared, whatever this process's umask. On
		// file systems without modes this fails, and is not needed.
		_ = f.Chmod(mode)
	}
	return f, nil
}

// OpenOrCreate opens a file for writing, or makes it.
func OpenOrCreate(path string) (*os.File, error) {
	const tries = 5 // others may make and remove it meanwhile
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

// ReadFile reads a file of limit bytes at most; a longer one is ErrTooLarge.
func ReadFile(path string, limit int64) ([]byte, error) {
	f, err := Open(path, Read)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	// The size of a sparse file costs nothing; what is read costs memory.
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("%s: %w", path, ErrTooLarge)
	}
	return text, nil
}

// Make writes a file that must not exist yet. It appears complete, or not at all.
func Make(path string, content []byte) error {
	return write(path, content, publish)
}

// Replace writes a file over the one of ours that may be at the path. Readers
// find the old or the new one, whole.
func Replace(path string, content []byte) error {
	return write(path, content, func(unfinished, path string) error {
		// Another name of what is there keeps it.
		if _, err := Check(path, Read); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return Rename(unfinished, path)
	})
}

// UnfinishedExtension is that of files whose maker is not done, or died.
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

// Separate gives a file of ours with several names (ErrLinked) content of its own,
// so that it can be written and the others stay as they are. Nobody may have it
// open meanwhile. A file of more than limit bytes is ErrTooLarge.
func Separate(path string, limit int64) error {
	content, err := ReadFile(path, limit)
	if err != nil {
		return err
	}
	return Replace(path, content)
}

// SetAside renames what is at a path to the path with the extension, and answers the
// new one. Up to ten are kept; an eleventh replaces the tenth. Renaming follows no
// link. A file of another user stays: it may be theirs and in use, in a directory that
// both can write.
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

// List gives the paths of a directory whose names end with extension, sorted.
// Names are compared: in a pattern, a directory called x[1] would be another one.
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

// Mode is what files of ours in a directory are made with: for this user alone,
// or for a group as well, if the directory is set up for one to share (setgid,
// and group and nobody else may write).
func Mode(directory string) os.FileMode {
	info, err := os.Stat(directory)
	if err == nil && sharedByGroup(info) {
		return shared
	}
	return private
}

// kind names what a file is, if it is no regular one.
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
