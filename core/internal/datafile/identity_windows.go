package datafile

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// identity is which file a file is, whatever its name. os.SameFile would ask only when
// it compares, and answer that it is another one if it is not told.
type identity struct {
	volume uint32
	index  uint64
	err    error // it could not be told
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

// is takes what could not be told for the same, unless there was nothing.
func (i identity) is(other identity) bool {
	if i.err != nil {
		return !errors.Is(i.err, os.ErrNotExist)
	}
	return i.volume == other.volume && i.index == other.index
}

// root is nil: a process can't change the root of its paths there, and "/" is that of the
// current drive.
func root() os.FileInfo { return nil }
