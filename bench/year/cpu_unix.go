//go:build unix

package main

import (
	"syscall"
	"time"
)

// processorTime is what this process has taken of the processors: on a machine that does
// other things besides, it says more than a clock.
func processorTime() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
