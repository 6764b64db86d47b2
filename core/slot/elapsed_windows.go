package slot

import (
	"time"

	"golang.org/x/sys/windows"
)

// sinceStart is the time since the machine started, its sleep included.
func sinceStart() time.Duration { return windows.DurationSinceBoot() }
