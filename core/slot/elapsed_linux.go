package slot

import (
	"time"

	"golang.org/x/sys/unix"
)

// sinceStart is the time since the machine started, including its sleep. Go's own monotonic time
// stops while the machine sleeps, so waking up would look as if somebody had set the clock. If the
// kernel has no such clock, we use the wall clock, and then can't notice when somebody sets it.
func sinceStart() time.Duration {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) != nil {
		return time.Duration(time.Now().UnixNano())
	}
	return time.Duration(now.Nano())
}
