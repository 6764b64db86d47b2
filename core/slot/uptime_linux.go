package slot

import (
	"time"

	"golang.org/x/sys/unix"
)

// uptime asks the clock that goes on while the machine sleeps.
func uptime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return monotonic() // a kernel older than 2.6.39, or one that forbids it
	}
	return time.Duration(t.Nano())
}
