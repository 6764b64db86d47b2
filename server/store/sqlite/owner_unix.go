//go:build unix

package sqlite

import (
	"os"
	"syscall"
)

// giveLike gives a file to the owner of another one. Only root can do this. A command that an
// administrator runs as root must not leave files that the server, which runs as another user,
// can't open. (SQLite does the same for its own files.)
func giveLike(path, other string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Lstat(other)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		return nil
	}
	return os.Lchown(path, int(owner.Uid), int(owner.Gid))
}
