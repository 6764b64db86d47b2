//go:build darwin || windows

package tally

import (
	"os"
	"sync"
)

// thisProcess tells who we are. When it started tells it from those of other boots, too.
var thisProcess = sync.OnceValue(func() (o owner) {
	pid := os.Getpid()
	if started, ok := startOf(pid); ok {
		o.pid, o.started = uint32(pid), started
	}
	return o
})
