package datafile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// shareAll lets others open, rename and remove a file while we have it open, as on other systems.
// With os.OpenFile nobody could rename or remove it, not even we.
const shareAll = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE

// openFile is os.OpenFile, for reading, or for reading and writing.
func openFile(path string, flag int, _ os.FileMode) (*os.File, error) {
	access, disposition := uint32(windows.GENERIC_READ), uint32(windows.OPEN_EXISTING)
	if flag&os.O_RDWR != 0 {
		access |= windows.GENERIC_WRITE
	}
	if flag&os.O_CREATE != 0 {
		disposition = windows.CREATE_NEW
	}
	// This opens a reparse point (a link, a mount point) itself, not its target.
	handle, err := open(path, access, disposition, windows.FILE_FLAG_OPEN_REPARSE_POINT)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(handle), path), nil
}

func open(path string, access, disposition, flags uint32) (windows.Handle, error) {
	name, err := windows.UTF16PtrFromString(LongPath(path))
	if err == nil {
		var handle windows.Handle
		handle, err = windows.CreateFile(name, access, shareAll, nil, disposition,
			windows.FILE_ATTRIBUTE_NORMAL|flags, 0)
		if err == nil {
			return handle, nil
		}
	}
	return windows.InvalidHandle, &os.PathError{Op: "open", Path: path, Err: err}
}

// LongPath gives a long path in the form in which Windows accepts any length.
func LongPath(path string) string {
	const limit = 248 // of a directory; a file may have a few more
	full, err := filepath.Abs(path)
	switch {
	case err != nil, len(full) < limit, strings.HasPrefix(full, `\\?\`), strings.HasPrefix(full, `\\.\`):
		return path
	case strings.HasPrefix(full, `\\`):
		return `\\?\UNC\` + full[2:]
	default:
		return `\\?\` + full
	}
}

// Rename renames a file and replaces what has the new name, even if others have it open.
func Rename(from, to string) error {
	return patiently(func() error {
		return rename(from, to, windows.FILE_RENAME_REPLACE_IF_EXISTS|windows.FILE_RENAME_POSIX_SEMANTICS,
			windows.MOVEFILE_REPLACE_EXISTING)
	})
}

// publish gives a finished file its name. The error is os.ErrExist if the name is taken.
func publish(unfinished, path string) error {
	return patiently(func() error { return rename(unfinished, path, windows.FILE_RENAME_POSIX_SEMANTICS, 0) })
}

// Remove removes a file.
func Remove(path string) error {
	return patiently(func() error { return os.Remove(path) })
}

// patiently retries for a moment what fails because somebody else, such as a virus scanner, has the
// file open exclusively.
func patiently(do func() error) error {
	const patience, pause = 100 * time.Millisecond, 5 * time.Millisecond
	for until := time.Now().Add(patience); ; time.Sleep(pause) {
		err := do()
		if !busy(err) || time.Now().After(until) {
			return err
		}
	}
}

// rename renames with the semantics of POSIX, through an open file. On file systems that can't do
// that (FAT, network drives) it renames by path.
func rename(from, to string, how, byPath uint32) error {
	err := renameOpen(from, to, how)
	if errors.Is(err, windows.ERROR_INVALID_PARAMETER) || errors.Is(err, windows.ERROR_INVALID_FUNCTION) ||
		errors.Is(err, windows.ERROR_NOT_SUPPORTED) || errors.Is(err, windows.ERROR_CALL_NOT_IMPLEMENTED) {
		err = moveByPath(from, to, byPath)
		if busy(err) && byPath != 0 {
			err = moveOver(from, to)
		}
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

// moveOver replaces a file that others have open, on file systems where such a file can be renamed
// but not replaced. For a moment the name is free: whoever creates a file because there is none
// must therefore exclude whoever replaces it.
func moveOver(from, to string) error {
	aside := unfinishedName(to)
	if err := moveByPath(to, aside, 0); err != nil {
		return err
	}
	err := moveByPath(from, to, 0)
	if err != nil {
		if back := moveByPath(aside, to, 0); !errors.Is(back, os.ErrExist) {
			return errors.Join(err, back)
		}
		// Somebody created another file in that moment; it is as new as ours.
	}
	_ = os.Remove(aside) // it disappears once nobody has it open
	return err
}

func moveByPath(from, to string, flags uint32) error {
	old, err := windows.UTF16PtrFromString(LongPath(from))
	if err != nil {
		return err
	}
	name, err := windows.UTF16PtrFromString(LongPath(to))
	if err != nil {
		return err
	}
	return windows.MoveFileEx(old, name, flags)
}

// busy tells whether an error may mean that somebody else has the file open.
func busy(err error) bool {
	return errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED)
}

func renameOpen(from, to string, how uint32) error {
	name, err := windows.UTF16FromString(LongPath(to))
	if err != nil {
		return err
	}
	handle, err := open(from, windows.DELETE|windows.SYNCHRONIZE, windows.OPEN_EXISTING,
		windows.FILE_FLAG_OPEN_REPARSE_POINT|windows.FILE_FLAG_BACKUP_SEMANTICS)
	if err != nil {
		return err
	}
	defer func() { _ = windows.CloseHandle(handle) }()
	// FILE_RENAME_INFO, with the name where its last field is.
	type info struct {
		how       uint32
		directory windows.Handle
		length    uint32 // of the name, in bytes
		name      [1]uint16
	}
	size := unsafe.Sizeof(info{}) + uintptr(len(name))*2
	buffer := make([]uint64, (size+7)/8)
	i := (*info)(unsafe.Pointer(&buffer[0]))
	i.how, i.length = how, uint32(len(name)-1)*2
	copy(unsafe.Slice(&i.name[0], len(name)), name)
	return windows.SetFileInformationByHandle(handle, windows.FileRenameInfoEx,
		(*byte)(unsafe.Pointer(i)), uint32(size))
}
