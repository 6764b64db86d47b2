//go:build darwin || windows

package tally

import (
	"os"
	"sync"
)

// thisProcess identifies this process. The time of its start also distinguishes it from processes
// of other boots.
var thisProcess = sync.OnceValue(func() (o owner) {
	pid := os.Getpid()
	if started, ok := startOf(pid); ok {
		o.pid, o.started = uint32(pid), started
	}
	return o
})
