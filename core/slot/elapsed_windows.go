package slot

import (
	"time"

	"golang.org/x/sys/windows"
)

// sinceStart is the time since the machine started, including its sleep.
func sinceStart() time.Duration { return windows.DurationSinceBoot() }
