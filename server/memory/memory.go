// Package memory sets how the garbage collector of a server works.
package memory

import (
	"os"
	"runtime/debug"
)

// Most of what a server allocates lives for one request: collecting it less often needs more
// memory, but leaves up to a fifth more time for reports. The limit is for hostile requests: above
// it, the collector runs as often as usual.
const (
	percent = 400
	limit   = 256 << 20
)

// Tune sets the garbage collector, unless the environment does (GOGC, GOMEMLIMIT).
func Tune() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}
