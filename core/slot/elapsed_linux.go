package slot

import (
	"time"

	"golang.org/x/sys/unix"
)

// sinceStart is the time since the machine started, its sleep included. Go's own
// monotonic time stands still while the machine sleeps, so that waking up would look
// like a clock that was set. Where the kernel has no such clock, the wall clock
// stands in for it: then no setting of it is seen.
func sinceStart() time.Duration {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) != nil {
		return time.Duration(time.Now().UnixNano())
	}
	return time.Duration(now.Nano())
}
