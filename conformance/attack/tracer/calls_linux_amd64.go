package tracer

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// shape says what a system call does, and which of its arguments says to what.
type shape struct {
	name  string
	class Class
	file  argument
	at    int // number of the argument that names the file
	bytes bool
	flags int // number of the argument with the flags of opening; 0: none
}

// argument is how a system call names its file.
type argument int

const (
	descriptor argument = iota
	path
	pathAt  // relative to the descriptor before it
	address // of memory that the file is mapped to
)

// shapes of the system calls with which files are used. That they are all is
// not assumed: those of a reference run can be compared with strace.
var shapes = map[uint64]shape{
	unix.SYS_OPEN:            {name: "open", class: Open, file: path, flags: 1},
	unix.SYS_OPENAT:          {name: "openat", class: Open, file: pathAt, at: 1, flags: 2},
	unix.SYS_CREAT:           {name: "creat", class: Open, file: path},
	unix.SYS_READ:            {name: "read", class: Read, bytes: true},
	unix.SYS_PREAD64:         {name: "pread64", class: Read, bytes: true},
	unix.SYS_READV:           {name: "readv", class: Read},
	unix.SYS_PREADV:          {name: "preadv", class: Read},
	unix.SYS_WRITE:           {name: "write", class: Write, bytes: true},
	unix.SYS_PWRITE64:        {name: "pwrite64", class: Write, bytes: true},
	unix.SYS_WRITEV:          {name: "writev", class: Write},
	unix.SYS_PWRITEV:         {name: "pwritev", class: Write},
	unix.SYS_TRUNCATE:        {name: "truncate", class: Write, file: path},
	unix.SYS_FTRUNCATE:       {name: "ftruncate", class: Write},
	unix.SYS_FALLOCATE:       {name: "fallocate", class: Write},
	unix.SYS_COPY_FILE_RANGE: {name: "copy_file_range", class: Write, at: 2},
	unix.SYS_FSYNC:           {name: "fsync", class: Sync},
	unix.SYS_FDATASYNC:       {name: "fdatasync", class: Sync},
	unix.SYS_SYNC_FILE_RANGE: {name: "sync_file_range", class: Sync},
	unix.SYS_MSYNC:           {name: "msync", class: Sync, file: address},
	unix.SYS_FLOCK:           {name: "flock", class: Lock},
	unix.SYS_FCNTL:           {name: "fcntl", class: Lock}, // see lockCommands
	unix.SYS_MMAP:            {name: "mmap", class: Map, at: 4},
	unix.SYS_RENAME:          {name: "rename", class: Name, file: path, at: 1},
	unix.SYS_RENAMEAT:        {name: "renameat", class: Name, file: pathAt, at: 3},
	unix.SYS_RENAMEAT2:       {name: "renameat2", class: Name, file: pathAt, at: 3},
	unix.SYS_LINK:            {name: "link", class: Name, file: path, at: 1},
	unix.SYS_LINKAT:          {name: "linkat", class: Name, file: pathAt, at: 3},
	unix.SYS_SYMLINK:         {name: "symlink", class: Name, file: path, at: 1},
	unix.SYS_SYMLINKAT:       {name: "symlinkat", class: Name, file: pathAt, at: 2},
	unix.SYS_UNLINK:          {name: "unlink", class: Name, file: path},
	unix.SYS_UNLINKAT:        {name: "unlinkat", class: Name, file: pathAt, at: 1},
	unix.SYS_RMDIR:           {name: "rmdir", class: Name, file: path},
	unix.SYS_MKDIR:           {name: "mkdir", class: Name, file: path},
	unix.SYS_MKDIRAT:         {name: "mkdirat", class: Name, file: pathAt, at: 1},
	unix.SYS_STAT:            {name: "stat", class: Look, file: path},
	unix.SYS_LSTAT:           {name: "lstat", class: Look, file: path},
	unix.SYS_FSTAT:           {name: "fstat", class: Look},
	unix.SYS_NEWFSTATAT:      {name: "newfstatat", class: Look, file: pathAt, at: 1},
	unix.SYS_STATX:           {name: "statx", class: Look, file: pathAt, at: 1},
	unix.SYS_STATFS:          {name: "statfs", class: Look, file: path},
	unix.SYS_FSTATFS:         {name: "fstatfs", class: Look},
	unix.SYS_ACCESS:          {name: "access", class: Look, file: path},
	unix.SYS_FACCESSAT:       {name: "faccessat", class: Look, file: pathAt, at: 1},
	unix.SYS_FACCESSAT2:      {name: "faccessat2", class: Look, file: pathAt, at: 1},
	unix.SYS_READLINK:        {name: "readlink", class: Look, file: path},
	unix.SYS_READLINKAT:      {name: "readlinkat", class: Look, file: pathAt, at: 1},
	unix.SYS_LSEEK:           {name: "lseek", class: Look},
	unix.SYS_GETDENTS64:      {name: "getdents64", class: Look},
	unix.SYS_CHMOD:           {name: "chmod", class: Look, file: path},
	unix.SYS_FCHMOD:          {name: "fchmod", class: Look},
	unix.SYS_FCHMODAT:        {name: "fchmodat", class: Look, file: pathAt, at: 1},
	unix.SYS_CHOWN:           {name: "chown", class: Look, file: path},
	unix.SYS_FCHOWN:          {name: "fchown", class: Look},
	unix.SYS_FCHOWNAT:        {name: "fchownat", class: Look, file: pathAt, at: 1},
	unix.SYS_UTIMENSAT:       {name: "utimensat", class: Look, file: pathAt, at: 1},
	unix.SYS_CLOSE:           {name: "close", class: Close},
}

// lockCommands are those of fcntl that lock. The others work on the descriptor
// and not on the file, and don't fail.
var lockCommands = map[uint64]string{
	unix.F_SETLK: "fcntl(F_SETLK)", unix.F_SETLKW: "fcntl(F_SETLKW)", unix.F_GETLK: "fcntl(F_GETLK)",
	unix.F_OFD_SETLK: "fcntl(F_OFD_SETLK)", unix.F_OFD_SETLKW: "fcntl(F_OFD_SETLKW)",
	unix.F_OFD_GETLK: "fcntl(F_OFD_GETLK)",
}

// read makes a call out of the registers, if it is one that touches the
// directory.
func (t *tracing) read(r *unix.PtraceRegs) (Call, bool) {
	s, ok := shapes[r.Orig_rax]
	if !ok {
		return Call{}, false
	}
	arguments := [...]uint64{r.Rdi, r.Rsi, r.Rdx, r.R10, r.R8, r.R9}
	call := Call{Name: s.name, Class: s.class}
	switch r.Orig_rax {
	case unix.SYS_FCNTL:
		if call.Name, ok = lockCommands[arguments[1]]; !ok {
			return Call{}, false
		}
		call.Unlocks = t.lockType(arguments[2]) == unix.F_UNLCK
	case unix.SYS_FLOCK:
		call.Unlocks = arguments[1]&unix.LOCK_UN != 0
	}
	call.Path = t.path(s, &arguments)
	if call.Path != t.directory && !strings.HasPrefix(call.Path, t.directory+"/") {
		return Call{}, false
	}
	if s.bytes {
		call.Bytes = int(arguments[2])
	}
	call.Creates = s.flags != 0 && arguments[s.flags]&unix.O_CREAT != 0
	return call, true
}

// path is the file a call is about, or "".
func (t *tracing) path(s shape, arguments *[6]uint64) string {
	switch s.file {
	case path:
		return t.absolute(t.text(arguments[s.at]), "cwd")
	case pathAt:
		named := t.text(arguments[s.at])
		if fd := int32(arguments[s.at-1]); fd != unix.AT_FDCWD {
			if named == "" { // the descriptor itself, by AT_EMPTY_PATH
				return t.link(fmt.Sprintf("fd/%d", fd))
			}
			return t.absolute(named, fmt.Sprintf("fd/%d", fd))
		}
		return t.absolute(named, "cwd")
	case address:
		return t.mapped(arguments[s.at])
	default:
		return t.link(fmt.Sprintf("fd/%d", int32(arguments[s.at])))
	}
}

func (t *tracing) absolute(named, from string) string {
	if named == "" || filepath.IsAbs(named) {
		return filepath.Clean(named)
	}
	return filepath.Join(t.link(from), named)
}

// link reads a link in the program's directory in /proc.
func (t *tracing) link(name string) string {
	target, _ := os.Readlink(fmt.Sprintf("/proc/%d/%s", t.pid, name))
	return strings.TrimSuffix(target, " (deleted)")
}

// lockType reads what kind of lock the structure at an address asks for: it
// begins with that.
func (t *tracing) lockType(address uint64) int16 {
	kind := make([]byte, 2)
	local := []unix.Iovec{{Base: &kind[0], Len: uint64(len(kind))}}
	if _, err := unix.ProcessVMReadv(t.pid, local, []unix.RemoteIovec{{Base: uintptr(address), Len: len(kind)}},
		0); err != nil {
		return -1
	}
	return int16(binary.NativeEndian.Uint16(kind))
}

// text reads a string from the program's memory, page by page, because the next
// page may not be there.
func (t *tracing) text(address uint64) string {
	const page = 4096
	var text []byte
	for len(text) <= unix.PathMax {
		part := make([]byte, page-address%page)
		remote := []unix.RemoteIovec{{Base: uintptr(address), Len: len(part)}}
		n, err := unix.ProcessVMReadv(t.pid, []unix.Iovec{{Base: &part[0], Len: uint64(len(part))}}, remote, 0)
		if err != nil || n == 0 {
			return ""
		}
		if end := bytes.IndexByte(part[:n], 0); end >= 0 {
			return string(append(text, part[:end]...))
		}
		text = append(text, part[:n]...)
		address += uint64(n)
	}
	return ""
}

// mapped is the file that is mapped at an address.
func (t *tracing) mapped(address uint64) string {
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", t.pid))
	if err != nil {
		return ""
	}
	defer func() { _ = maps.Close() }()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to uint64
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x", &from, &to); err == nil && from <= address && address < to {
			if at := strings.IndexByte(lines.Text(), '/'); at >= 0 {
				return strings.TrimSuffix(lines.Text()[at:], " (deleted)")
			}
			return ""
		}
	}
	return ""
}
