package client

import (
	"fmt"
	"path"
	"runtime"
	"strings"
)

// spawn is the one place where core starts a goroutine. A panic in it is
// contained: it must never take the host down.
func spawn(contained func(cause any), do func()) {
	go func() {
		defer func() {
			if cause := recover(); cause != nil {
				contained(cause)
			}
		}()
		do()
	}()
}

// Contained tells the host, by an event, of a panic that was caught while something was
// done for this license. Call it in the deferred function that recovered cause.
func (l *License) Contained(cause any) { l.meter.contained(cause) }

// Describe says what a panic was and where it happened. Call it in the deferred function
// that recovered cause: the place is on the stack only there.
func Describe(cause any) string {
	return fmt.Sprintf("a bug in this library was contained: %v, in %s; please report it", cause, placeOfPanic())
}

// placeOfPanic is the innermost function that is not the runtime's, with file and line.
func placeOfPanic() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	for panicking := false; ; {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(frame.Function, "runtime."):
			// Without folders: those of the machine that built it tell nobody anything.
			return fmt.Sprintf("%s (%s:%d)", path.Base(frame.Function), path.Base(frame.File), frame.Line)
		}
		if !more {
			return "an unknown place"
		}
	}
}
