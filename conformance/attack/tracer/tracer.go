// Package tracer runs a program and decides, at each system call with which it
// touches the files of one directory, what becomes of it: the call is done, or
// fails, or is done in half, or is the last thing the program does.
//
// It is a tracer of its own, on ptrace, because strace, which can inject
// failures, can't do what is needed here: its short writes only lie about how
// much was written, it kills at the entrance of a call and not at its end, and
// it counts calls by thread, while goroutines move between threads. A preloaded
// library is of no use either: Go makes its system calls without libc.
//
// The program is stopped at the entrance and the end of each system call. That
// makes it slower by some microseconds a call, and needs nothing of it.
package tracer

import (
	"errors"
	"syscall"
)

// ErrNotHere is the error on other systems than Linux on x86-64.
var ErrNotHere = errors.New("system calls can be traced on Linux on x86-64 only")

// ErrHung is the error of a program that had to be killed because its time was
// over.
var ErrHung = errors.New("the program did not come to an end")

// Class is what kind of thing a system call does.
type Class string

// Classes of system calls.
const (
	Open  Class = "open"
	Read  Class = "read"
	Write Class = "write" // also what changes a file's size
	Sync  Class = "sync"
	Lock  Class = "lock"
	Map   Class = "map"
	Name  Class = "name" // makes, renames and removes names
	Look  Class = "look" // asks for what there is, and its attributes
	Close Class = "close"
)

// Call is a system call that touches the directory.
type Call struct {
	Name    string // such as "pwrite64", or "fcntl(F_SETLK)"
	Class   Class
	Path    string // of the file; of two, the second
	Bytes   int    // how many a read or a write is asked to move
	Creates bool   // it opens a file and makes it if there is none
	Unlocks bool   // it gives a lock back
}

// Fate is what becomes of a call.
type Fate string

// Fates.
const (
	Done     Fate = ""         // as if nobody was watching
	Fails    Fate = "fails"    // with an error, and nothing is done
	Doubtful Fate = "doubtful" // it is done, and an error says that it was not
	Short    Fate = "short"    // half of the bytes are moved, and the result says so
	Before   Fate = "before"   // the program is killed before the call is done
	After    Fate = "after"    // the program is killed when the call is done
	Torn     Fate = "torn"     // half of the bytes are moved, and the program is killed
)

// Decision is the fate of a call, and the error, where there is one.
type Decision struct {
	Fate  Fate
	Error syscall.Errno
}
