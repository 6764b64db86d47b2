package tracer

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Run starts a program and traces it to its end. It asks decide for the fate of
// each system call that touches directory (an absolute path without symbolic
// links) or a file in it, one after the other. A program that takes longer than
// limit is killed; then the error is ErrHung. Standard streams must be files.
func Run(command *exec.Cmd, directory string, limit time.Duration,
	decide func(Call) Decision) (syscall.WaitStatus, error) {
	// The thread that starts a program is the one that may trace it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if command.SysProcAttr == nil {
		command.SysProcAttr = &syscall.SysProcAttr{}
	}
	command.SysProcAttr.Ptrace = true
	command.SysProcAttr.Setpgid = true // see wait
	if err := command.Start(); err != nil {
		return 0, err
	}
	pid := command.Process.Pid
	t := &tracing{pid: pid, directory: directory, decide: decide, threads: map[int]*thread{pid: {}}}
	hung := time.AfterFunc(limit, func() { _ = command.Process.Kill() })
	status, err := t.run()
	if !hung.Stop() && err == nil {
		err = ErrHung
	}
	return status, errors.Join(err, command.Process.Release())
}

type tracing struct {
	pid       int
	directory string
	decide    func(Call) Decision
	threads   map[int]*thread
}

// thread of the program.
type thread struct {
	inside   bool     // a system call
	decision Decision // about it
	// What the register with the number of bytes held before it was halved: a
	// system call leaves it as it is, and compilers count on that.
	bytes uint64
}

// run follows the program from its first instruction to its end.
func (t *tracing) run() (syscall.WaitStatus, error) {
	var status unix.WaitStatus
	if _, err := t.wait(&status); err != nil {
		return 0, fmt.Errorf("waiting for the program's start: %w", err)
	}
	if status.Stopped() {
		const options = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEFORK |
			unix.PTRACE_O_TRACEVFORK | unix.PTRACE_O_EXITKILL
		if err := unix.PtraceSetOptions(t.pid, options); err != nil {
			return 0, t.abandon("tracing the program", err)
		}
		if err := t.resume(t.pid, 0); err != nil {
			return 0, t.abandon("tracing the program", err)
		}
	}
	for id := t.pid; id != t.pid || status.Stopped(); {
		var err error
		id, err = t.wait(&status)
		if err != nil {
			return 0, t.abandon("waiting for the program", err)
		}
		if !status.Stopped() {
			delete(t.threads, id)
			continue
		}
		// A thread that was killed meanwhile answers nothing.
		if err := t.stopped(id, status); err != nil && !errors.Is(err, unix.ESRCH) {
			return 0, t.abandon("tracing the program", err)
		}
	}
	return syscall.WaitStatus(status), nil
}

// wait waits for a thread of the program, which is a process group of its own:
// the thread that traces it may have started other programs before, and others
// wait for those.
func (t *tracing) wait(status *unix.WaitStatus) (id int, err error) {
	for {
		id, err = unix.Wait4(-t.pid, status, unix.WALL|unix.WNOTHREAD, nil)
		if !errors.Is(err, unix.EINTR) {
			return id, err
		}
	}
}

// abandon ends a program that can't be traced.
func (t *tracing) abandon(doing string, cause error) error {
	_ = unix.Kill(t.pid, unix.SIGKILL)
	var status unix.WaitStatus
	for {
		if _, err := t.wait(&status); err != nil {
			return fmt.Errorf("%s: %w", doing, cause)
		}
	}
}

func (t *tracing) resume(id, signal int) error { return unix.PtraceSyscall(id, signal) }

// stopped says how a thread that stopped goes on.
func (t *tracing) stopped(id int, status unix.WaitStatus) error {
	current, known := t.threads[id]
	if !known { // a new thread, whose first stop is of the tracer's making
		t.threads[id] = &thread{}
		return t.resume(id, 0)
	}
	switch signal := status.StopSignal(); {
	case signal == unix.SIGTRAP|0x80:
		if err := t.systemCall(id, current); err != nil {
			return err
		}
		return t.resume(id, 0)
	case signal == unix.SIGTRAP && status.TrapCause() > 0:
		return t.resume(id, 0) // it made a thread
	default:
		return t.resume(id, int(signal))
	}
}

// systemCall is called at the entrance and at the end of each system call.
func (t *tracing) systemCall(id int, current *thread) error {
	current.inside = !current.inside
	if !current.inside && current.decision.Fate == Done {
		return nil // its end, of no interest
	}
	var registers unix.PtraceRegs
	if err := unix.PtraceGetRegs(id, &registers); err != nil {
		return err
	}
	if !current.inside {
		return t.leave(id, current, &registers)
	}
	call, ok := t.read(&registers)
	if !ok {
		return nil
	}
	current.decision = t.decide(call)
	return t.enter(id, current, &registers)
}

// enter does at the entrance of a call what was decided about it.
func (t *tracing) enter(id int, current *thread, registers *unix.PtraceRegs) error {
	switch current.decision.Fate {
	case Before:
		return unix.Kill(t.pid, unix.SIGKILL)
	case Fails:
		registers.Orig_rax = ^uint64(0) // no system call has this number
	case Short, Torn:
		current.bytes = registers.Rdx
		registers.Rdx /= 2
	default:
		return nil
	}
	return unix.PtraceSetRegs(id, registers)
}

// leave does at the end of a call what was decided about it.
func (t *tracing) leave(id int, current *thread, registers *unix.PtraceRegs) error {
	decision := current.decision
	current.decision = Decision{}
	switch decision.Fate {
	case After, Torn:
		return unix.Kill(t.pid, unix.SIGKILL)
	case Fails, Doubtful:
		registers.Rax = uint64(-int64(decision.Error))
	case Short:
		registers.Rdx = current.bytes
	default:
		return nil
	}
	return unix.PtraceSetRegs(id, registers)
}
