package client

import (
	"fmt"
	"path"
	"runtime"
	"strings"
)

// spawn is the only place where core starts a goroutine. It recovers panics, because a panic must
// never end the host's process.
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

// Contained tells the host by an event that a panic was recovered in work for this license. Call it
// in the deferred function that recovered cause.
func (l *License) Contained(cause any) { l.meter.contained(cause) }

// Describe says what panicked and where. Call it in the deferred function that recovered cause:
// only there is the place still on the stack.
func Describe(cause any) string {
	return fmt.Sprintf("a bug in this library was contained: %v, in %s; please report it", cause, placeOfPanic())
}

// placeOfPanic is the innermost function outside Go's runtime, with file and line.
func placeOfPanic() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	for panicking := false; ; {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(frame.Function, "runtime."):
			// Without the folders of the build machine, which help nobody.
			return fmt.Sprintf("%s (%s:%d)", path.Base(frame.Function), path.Base(frame.File), frame.Line)
		}
		if !more {
			return "an unknown place"
		}
	}
}
