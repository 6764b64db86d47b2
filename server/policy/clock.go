package policy

import (
	"errors"
	"fmt"
	"time"
)

// clockSlack is how far the server's clock may go back: clocks are corrected, and servers on one
// database don't agree to the second.
const clockSlack = 24 * time.Hour

// ErrClock is the error of all requests while the server's clock can't be right: otherwise the
// server would refuse everybody for good (as not yet effective), or grant what ended long ago.
var ErrClock = errors.New("the server's clock is wrong")

func clockError(now time.Time, latest int64) error {
	return fmt.Errorf("%w: it shows %s, but something was stored at %s; set the clock right, "+
		"or, if it was wrong then, start the server with --trust-clock",
		ErrClock, now.UTC().Format(time.RFC3339), time.Unix(latest, 0).UTC().Format(time.RFC3339))
}
