//go:build unix

package client

import (
	"os"
	"syscall"
)

func ownedByUs(info os.FileInfo) bool {
	file, ok := info.Sys().(*syscall.Stat_t)
	return ok && file.Uid == uint32(os.Geteuid())
}
