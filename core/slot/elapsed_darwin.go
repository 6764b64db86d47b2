package slot

import (
	"time"

	"golang.org/x/sys/unix"
)

// sinceStart is the time since the machine started. On macOS the monotonic clock
// goes on while the machine sleeps; the one Go reads does not. If it can't be read,
// the wall clock stands in for it: then no setting of it is seen.
func sinceStart() time.Duration {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) != nil {
		return time.Duration(time.Now().UnixNano())
	}
	return time.Duration(now.Nano())
}
