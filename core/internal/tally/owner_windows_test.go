package tally

import (
	"os"
	"testing"
)

// TestTheListOfProcesses says of each what it would say itself: it is asked where a process
// of another user does not answer.
func TestTheListOfProcesses(t *testing.T) {
	for _, pid := range []int{os.Getpid(), os.Getppid(), 1 << 30} {
		started, ok := startOf(pid)
		listed, found := listedStartOf(pid)
		if listed != started || found != ok {
			t.Errorf("process %d: %d, %v; by the list %d, %v", pid, started, ok, listed, found)
		}
	}
	if started, ok := startOf(os.Getpid()); !ok || started == 0 {
		t.Errorf("our own: %d, %v", started, ok)
	}
}
