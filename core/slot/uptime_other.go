//go:build !linux && !windows

package slot

import "time"

// uptime is Go's monotonic clock, which on macOS and iOS goes on in sleep.
func uptime() time.Duration { return monotonic() }
