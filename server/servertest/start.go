package servertest

import (
	"os"
	"time"

	"github.com/openlts/openlts/core/testkit"
)

// StartVariable names the environment variable with another start for tests, as
// RFC 3339 writes times.
const StartVariable = "OPENLTS_TEST_START"

// Start is the time at which the clocks of servers under test begin. It is always the
// same, so that no test depends on when it runs: the middle of a slot, an hour and a
// day, in the middle of a month. With StartVariable tests can be run as at any other
// time, such as at the last second of a year.
func Start() time.Time {
	if value := os.Getenv(StartVariable); value != "" {
		start, err := time.Parse(time.RFC3339, value)
		if err != nil {
			panic(StartVariable + ": " + err.Error()) // set by whoever runs the tests
		}
		return start
	}
	return time.Date(2026, time.March, 18, 12, 31, 30, 0, time.UTC)
}

// NewClock is a clock that begins at Start and stands still until a test moves it.
func NewClock() *testkit.Clock { return testkit.NewClock(Start()) }
