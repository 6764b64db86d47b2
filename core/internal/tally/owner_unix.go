//go:build unix

package tally

import (
	"os"
	"syscall"
)

// fileID identifies an open file independently of its name.
func fileID(f *os.File) (device, inode uint64, ok bool) {
	info, err := f.Stat()
	if err != nil {
		return 0, 0, false
	}
	file, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return uint64(file.Dev), file.Ino, true //nolint:unconvert // narrower on some architectures
}
