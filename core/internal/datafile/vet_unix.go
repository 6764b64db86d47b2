//go:build unix

package datafile

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// vet says why a file is not ours.
func vet(info os.FileInfo, path string, access Access) error {
	if what := kind(info.Mode()); what != "" {
		return &ForeignError{Path: path, What: what}
	}
	file, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	if access == Write && file.Nlink > 1 {
		return &ForeignError{Path: path, linked: true}
	}
	if file.Uid == uint32(os.Geteuid()) || file.Uid == 0 {
		return nil
	}
	// The owner of the directory may put anything there, even under our name. And file systems
	// without owners show all files, including ours, as those of one user.
	if in, err := os.Stat(filepath.Dir(path)); err == nil {
		if directory, ok := in.Sys().(*syscall.Stat_t); ok &&
			(file.Uid == directory.Uid || sharedByGroup(in) && file.Gid == directory.Gid) {
			return nil
		}
	}
	return &ForeignError{Path: path, What: fmt.Sprintf("a file of user %d", file.Uid)}
}

// sharedByGroup tells whether a group shares a directory: new files get its group, and only members
// of the group may create files.
func sharedByGroup(directory os.FileInfo) bool {
	const groupWrites, othersWrite = 0o020, 0o002
	mode := directory.Mode()
	return mode&os.ModeSetgid != 0 && mode&groupWrites != 0 && mode&othersWrite == 0
}
