package datafile

import (
	"os"
	"syscall"

	"golang.org/x/sys/windows"
)

// vet says why a file is not ours. Access control lists, which files inherit from the directory,
// decide who may put files there.
func vet(info os.FileInfo, path string, _ Access) error {
	if what := kind(info.Mode()); what != "" {
		return &ForeignError{Path: path, What: what}
	}
	if file, ok := info.Sys().(*syscall.Win32FileAttributeData); ok &&
		file.FileAttributes&windows.FILE_ATTRIBUTE_REPARSE_POINT != 0 {
		return &ForeignError{Path: path, What: "a reparse point"}
	}
	return nil
}

func sharedByGroup(os.FileInfo) bool { return false }
