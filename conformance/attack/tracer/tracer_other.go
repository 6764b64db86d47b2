//go:build !linux || !amd64

package tracer

import (
	"os/exec"
	"syscall"
	"time"
)

// Run can't do anything here.
func Run(*exec.Cmd, string, time.Duration, func(Call) Decision) (syscall.WaitStatus, error) {
	return 0, ErrNotHere
}
