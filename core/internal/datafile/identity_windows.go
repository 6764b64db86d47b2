package datafile

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// identity identifies a file independently of its name. os.SameFile would ask the system only when
// it compares, and would take an error for a different file.
type identity struct {
	volume uint32
	index  uint64
	err    error // why the file could not be identified
}

func identityOf(path string, _ os.FileInfo) identity {
	i, err := identify(path)
	i.err = err
	return i
}

func identify(path string) (identity, error) {
	handle, err := open(path, windows.FILE_READ_ATTRIBUTES, windows.OPEN_EXISTING,
		windows.FILE_FLAG_OPEN_REPARSE_POINT|windows.FILE_FLAG_BACKUP_SEMANTICS)
	if err != nil {
		return identity{}, err
	}
	defer func() { _ = windows.CloseHandle(handle) }()
	i, err := identityOfHandle(handle)
	if err != nil {
		return identity{}, &os.PathError{Op: "GetFileInformationByHandle", Path: path, Err: err}
	}
	return i, nil
}

func identityOfHandle(handle windows.Handle) (identity, error) {
	var info windows.ByHandleFileInformation
	err := windows.GetFileInformationByHandle(handle, &info)
	return identity{volume: info.VolumeSerialNumber,
		index: uint64(info.FileIndexHigh)<<32 | uint64(info.FileIndexLow)}, err
}

// is takes files for the same if one could not be identified, unless there is no file.
func (i identity) is(other identity) bool {
	if i.err != nil {
		return !errors.Is(i.err, os.ErrNotExist)
	}
	return i.volume == other.volume && i.index == other.index
}

// root is nil: a process on Windows can't change its root, and "/" is the root of the current
// drive.
func root() os.FileInfo { return nil }
