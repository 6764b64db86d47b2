package ledger

import (
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// shortName is another name for a path that is too long for SQLite, which takes 511 bytes. The name
// leads through the open directory of the file, which stays open until release.
func shortName(path string) (name string, release func(), err error) {
	if len(path) <= longestPath {
		return path, func() {}, nil
	}
	directory, err := unix.Open(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", nil, fmt.Errorf("opening %s: %w", filepath.Dir(path), err)
	}
	// Not /proc/self, which shows the descriptors of the process's first thread: in a
	// host, the library's threads may have their own.
	name = fmt.Sprintf("/proc/thread-self/fd/%d/%s", directory, filepath.Base(path))
	return name, func() { _ = unix.Close(directory) }, nil
}
