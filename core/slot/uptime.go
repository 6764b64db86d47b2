package slot

import "time"

var begin = time.Now()

// monotonic is the time since this package was initialized, by Go's own clock.
func monotonic() time.Duration { return time.Since(begin) }
