package slot

import (
	"time"

	"golang.org/x/sys/unix"
)

// sinceStart is the time since the machine started. On macOS the monotonic clock continues while
// the machine sleeps; the one that Go reads does not. If it can't be read, we use the wall clock,
// and then can't notice when somebody sets it.
func sinceStart() time.Duration {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) != nil {
		return time.Duration(time.Now().UnixNano())
	}
	return time.Duration(now.Nano())
}
