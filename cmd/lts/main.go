// Command lts is the License Tracking Server and its administration.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // time zones, also where the system has none
)

// exitDiffers is the exit status of lts verify if something differs. The status 1 of all other
// errors means that it does not know.
const exitDiffers = 2

// differsError is the error for data that differs.
type differsError string

func (e differsError) Error() string { return string(e) }

func exitStatus(err error) int {
	var differs differsError
	if errors.As(err, &differs) {
		return exitDiffers
	}
	return 1
}

func main() {
	// The first signal requests an orderly end; a second one ends the process at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	err := newRoot().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "lts:", err)
		os.Exit(exitStatus(err))
	}
}
