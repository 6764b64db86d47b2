package servertest

import (
	"net"
	"os"
	"runtime"
	"sync/atomic"
)

var loopbacks atomic.Uint32

// Loopback gives an address of this machine that nobody else uses. Connections to it come
// from 127.0.0.1, so all its ports are free: for a server that has to be at a certain one,
// and for one that is started again where it was. (A port of 127.0.0.1 can be taken
// meanwhile, by any connection that somebody opens.) Only Linux has more than one address.
func Loopback() string {
	if runtime.GOOS != "linux" {
		return "127.0.0.1"
	}
	process, n := os.Getpid(), loopbacks.Add(1)
	return net.IPv4(127, byte(129+process>>8&63), byte(process), byte(1+(n-1)%254)).String()
}
