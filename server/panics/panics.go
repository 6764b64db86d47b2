// Package panics handles the recovered panics of a server: each is logged with its place and counts
// in the metrics. A panic is a bug, but it costs one request, not the server.
package panics

import (
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/openlts/openlts/server/throttle"
)

// Part is the part of the server that panicked.
type Part string

// The parts that recover from panics.
const (
	Clients Part = "clients" // the API of clients
	Writer  Part = "writer"  // decisions, and their transaction
	REST    Part = "rest"    // the API of administration
	Pages   Part = "pages"
)

// Parts are all parts, so that their series begin at 0.
var Parts = []Part{Clients, Writer, REST, Pages}

var counted = struct {
	sync.Mutex
	parts map[Part]int64
}{parts: map[Part]int64{}}

// told limits the log, so that nobody who finds a request that panics can fill the disk with
// stacks.
var told = throttle.NewMeter(time.Now)

// Caught logs a panic, with its stack and further attributes (as for slog.Logger.Error), and counts
// it. Panics at one place are logged once a minute. Call it in the deferred function that recovered
// cause: only there is the place still on the stack.
func Caught(log *slog.Logger, part Part, cause any, attributes ...any) {
	counted.Lock()
	counted.parts[part]++
	counted.Unlock()
	untold, tell := told.Meet(fmt.Sprintf("%p %s", log, place()))
	if !tell {
		return
	}
	log.Error("a panic was caught; this is a bug, please report it with this line", throttle.With(untold,
		append([]any{"part", string(part), "panic", cause, "stack", string(debug.Stack())}, attributes...))...)
}

// place is where the panic began: the first function below the runtime's own.
func place() string {
	var callers [64]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers[:])])
	panicked := false
	for {
		frame, more := frames.Next()
		ours := !strings.HasPrefix(frame.Function, "runtime.")
		if panicked && ours || !more {
			return fmt.Sprintf("%s:%d", frame.File, frame.Line)
		}
		panicked = panicked || frame.Function == "runtime.gopanic"
	}
}

// Counts is how many panics each part caught since the process started.
func Counts() map[Part]int64 {
	counted.Lock()
	defer counted.Unlock()
	return maps.Clone(counted.parts)
}
