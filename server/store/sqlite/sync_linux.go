package sqlite

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncData leaves out what is only about the file, such as when it was changed.
func syncData(f *os.File) error {
	for {
		if err := unix.Fdatasync(int(f.Fd())); err != unix.EINTR {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
