package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// adoptOrphans makes children of clients that were killed ours, so that we can
// wait for them.
func adoptOrphans() error {
	return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
}

// family is a client with the children it forks: a process group of its own.
type family struct {
	command *exec.Cmd
	stdout  bytes.Buffer
	stderr  bytes.Buffer
	ended   chan struct{} // closed when all of it is dead and reaped
	err     error         // how the client ended; after ended

	mu     sync.Mutex // guards what follows, and that no signal is sent after the end
	over   bool
	killed bool
}

// startFamily starts a client. Its end is the end of all that have its standard
// error open, which its children inherit.
func startFamily(environment []string, program string, arguments ...string) (*family, error) {
	f := &family{command: exec.Command(program, arguments...), ended: make(chan struct{})}
	f.command.Env = append(os.Environ(), environment...)
	f.command.Stdout, f.command.Stderr = &f.stdout, &f.stderr
	f.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := f.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(f.ended)
		f.err = f.command.Wait()
		f.mu.Lock()
		defer f.mu.Unlock()
		f.over = true
		for { // the children it left behind; those it reaped itself are gone
			_, err := unix.Wait4(-f.command.Process.Pid, nil, 0, nil)
			if err != nil && !errors.Is(err, unix.EINTR) {
				return
			}
		}
	}()
	return f, nil
}

// signal sends a signal to the client, or to it and all its children.
func (f *family) signal(s syscall.Signal, everybody bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		return false
	}
	if s == syscall.SIGKILL {
		f.killed = true
	}
	pid := f.command.Process.Pid
	if everybody {
		return unix.Kill(-pid, s) == nil
	}
	return f.command.Process.Signal(s) == nil
}

func (f *family) wasKilled() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.killed
}

// pause stops the family for a while. Its locks stay held, its connections open.
func (f *family) pause(d time.Duration) {
	if f.signal(syscall.SIGSTOP, true) {
		select {
		case <-time.After(d):
		case <-f.ended:
		}
		f.signal(syscall.SIGCONT, true)
	}
}

// misbehaved says what is wrong with how a family ended, or "". It must be dead.
func (f *family) misbehaved() string {
	said := bytes.TrimSpace(f.stderr.Bytes())
	if len(said) > 4000 {
		said = append(said[:2000:2000], append([]byte("\n...\n"), said[len(said)-2000:]...)...)
	}
	switch {
	case len(said) > 0:
		return fmt.Sprintf("the client said (%v): %s", f.err, said)
	case f.err != nil && !f.wasKilled():
		return fmt.Sprintf("the client ended unexpectedly: %v", f.err)
	}
	return ""
}
