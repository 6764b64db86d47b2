package server

import (
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
	"syscall"
)

// scarceListener logs once when the process runs out of file descriptors, and once when that is
// over. Meanwhile net/http keeps trying, and new clients wait.
type scarceListener struct {
	net.Listener
	log    *slog.Logger
	scarce atomic.Bool
}

// Accept accepts a connection.
func (l *scarceListener) Accept() (net.Conn, error) {
	connection, err := l.Listener.Accept()
	switch {
	case errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE):
		if !l.scarce.Swap(true) {
			l.log.Error("out of file descriptors: new connections wait until others end; raise the limit (ulimit "+
				"-n, LimitNOFILE)", "error", err)
		}
	case err == nil && l.scarce.Load() && l.scarce.Swap(false):
		l.log.Info("connections are accepted again")
	}
	return connection, err
}
