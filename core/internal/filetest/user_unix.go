//go:build unix

package filetest

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// As makes a command run as another user. The test is skipped if it may not do that.
func As(t *testing.T, command *exec.Cmd, user, group uint32) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("being another user needs root")
	}
	command.SysProcAttr = &syscall.SysProcAttr{
		Credential: &syscall.Credential{Uid: user, Gid: group, Groups: []uint32{group}},
	}
}
