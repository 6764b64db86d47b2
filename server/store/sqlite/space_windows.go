package sqlite

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

// Space returns the number of free bytes on the database's disk.
func (s *Store) Space() (int64, error) {
	directory, err := windows.UTF16PtrFromString(filepath.Dir(s.path))
	if err != nil {
		return 0, err
	}
	var free uint64
	err = windows.GetDiskFreeSpaceEx(directory, &free, nil, nil)
	return int64(min(free, 1<<63-1)), err
}
