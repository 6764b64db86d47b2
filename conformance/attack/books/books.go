// Package books is what a victim of the attack notes for the judge: in a file
// mapped into memory and shared, which survives SIGKILL, outside the directory
// that is attacked.
package books

import (
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Types are the operation types a victim records. The last one is defined by
// the host.
var Types = [...]string{"QR_CODE", "EAN_13", "ATTACK"}

// Books are the notes of one process.
type Books struct {
	// Begun is raised before an operation is handed to the library, Acknowledged
	// when it said that it is counted, by type.
	Begun, Acknowledged [len(Types)]atomic.Int64
	// Volatile are those acknowledged after the library told that usage is kept in
	// memory only, and not submitted yet. They are not among Acknowledged.
	Volatile [len(Types)]atomic.Int64
	// Submitted are those of which the library said later that nothing is left to
	// be submitted.
	Submitted [len(Types)]atomic.Int64
	// Flags are all state flags that were ever seen, combined.
	Flags atomic.Int64
	// Told is the number of errors and events that told of a failing storage.
	Told atomic.Int64
}

// Size of the books in bytes.
const Size = int(unsafe.Sizeof(Books{}))

// Open maps the books in a file, which is made if there is none.
func Open(path string) (*Books, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if err := f.Truncate(int64(Size)); err != nil {
		return nil, err
	}
	memory, err := unix.Mmap(int(f.Fd()), 0, Size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mapping %s: %w", path, err)
	}
	return (*Books)(unsafe.Pointer(&memory[0])), nil
}

// Note is what was noted of one operation type.
type Note struct{ Begun, Acknowledged, Volatile, Submitted int64 }

// Plus adds up two notes.
func (n Note) Plus(other Note) Note {
	return Note{n.Begun + other.Begun, n.Acknowledged + other.Acknowledged, n.Volatile + other.Volatile,
		n.Submitted + other.Submitted}
}

// Page is what books said when they were read.
type Page struct {
	Types       [len(Types)]Note
	Flags, Told int64
}

// Read gives what the books in a file say.
func Read(path string) (Page, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Page{}, err
	}
	if len(text) != Size {
		return Page{}, fmt.Errorf("%s has %d bytes, not %d", path, len(text), Size)
	}
	var b Books
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&b)), Size), text)
	page := Page{Flags: b.Flags.Load(), Told: b.Told.Load()}
	for i := range Types {
		page.Types[i] = Note{b.Begun[i].Load(), b.Acknowledged[i].Load(), b.Volatile[i].Load(), b.Submitted[i].Load()}
	}
	return page, nil
}
