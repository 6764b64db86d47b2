package server

import (
	"bytes"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

// script is a listener that gives these errors.
type script struct {
	net.Listener
	errors []error
}

func (s *script) Accept() (net.Conn, error) {
	err := s.errors[0]
	s.errors = s.errors[1:]
	return nil, err
}

func TestScarceDescriptorsAreToldOnce(t *testing.T) {
	none := &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	var log bytes.Buffer
	steps := []error{nil, none, none, none, nil, nil, none, none, nil}
	l := &scarceListener{Listener: &script{errors: steps}, log: slog.New(slog.NewTextHandler(&log, nil))}
	for range steps {
		_, _ = l.Accept()
	}
	if out := log.String(); strings.Count(out, "out of file descriptors") != 2 ||
		strings.Count(out, "accepted again") != 2 {
		t.Error(out)
	}
}
