package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"
)

// supervisor is systemd, which waits for a service of the type notify; see sd_notify(3).
type supervisor struct {
	socket   string        // "": nobody waits
	watchdog time.Duration // how often it wants to hear that all is well; 0: never
}

// newSupervisor reads from the environment whether systemd waits for this process.
func newSupervisor(lookup func(string) string, pid int) supervisor {
	s := supervisor{socket: lookup("NOTIFY_SOCKET")}
	if s.socket != "" && s.socket[0] == '@' {
		s.socket = "\x00" + s.socket[1:] // one that has no file
	}
	if of := lookup("WATCHDOG_PID"); of != "" && of != strconv.Itoa(pid) {
		return s
	}
	if n, err := strconv.ParseInt(lookup("WATCHDOG_USEC"), 10, 64); err == nil && n > 0 &&
		n < int64(time.Hour/time.Microsecond)*24*365 {
		s.watchdog = time.Duration(n) * time.Microsecond
	}
	return s
}

// tell sends a state, such as READY=1.
func (s supervisor) tell(state string) error {
	if s.socket == "" {
		return nil
	}
	connection, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: s.socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("telling systemd %s: %w", state, err)
	}
	_, err = connection.Write([]byte(state))
	return errors.Join(err, connection.Close())
}

// watch reports twice in each interval that all is well, as long as it is, until ctx ends.
func (s supervisor) watch(ctx context.Context, well func() bool, failed func(error)) {
	if s.socket == "" || s.watchdog == 0 {
		return
	}
	ticker := time.NewTicker(max(s.watchdog/2, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if !well() {
			continue
		}
		if err := s.tell("WATCHDOG=1"); err != nil {
			failed(err)
		}
	}
}

// answers tells whether a handler answers its health check. It does not check the database: ending
// the server would not bring the database back.
func answers(handler http.Handler, path string) bool {
	status := healthStatus{header: http.Header{}}
	handler.ServeHTTP(&status, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}, Header: http.Header{},
		Body: http.NoBody, RemoteAddr: "127.0.0.1:0"})
	return status.code == http.StatusOK || status.code == 0
}

// healthStatus is a response of which only the status matters.
type healthStatus struct {
	header http.Header
	code   int
}

func (s *healthStatus) Header() http.Header            { return s.header }
func (s *healthStatus) Write(text []byte) (int, error) { return len(text), nil }
func (s *healthStatus) WriteHeader(code int)           { s.code = code }

// systemd returns the supervisor of this process.
func systemd() supervisor { return newSupervisor(os.Getenv, os.Getpid()) }
