package tally

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"sync"
	"syscall"
)

// thisProcess identifies this process, as far as the system allows.
var thisProcess = sync.OnceValue(func() (o owner) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return o
	}
	raw, err := hex.DecodeString(string(bytes.ReplaceAll(bytes.TrimSpace(text), []byte("-"), nil)))
	if err != nil || len(raw) != len(o.boot) {
		return o
	}
	pid := os.Getpid()
	started, ok := startOf(pid)
	space, err := os.Stat("/proc/self/ns/pid")
	if err != nil || !ok {
		return o
	}
	copy(o.boot[:], raw)
	o.pid, o.started = uint32(pid), started
	if of, ok := space.Sys().(*syscall.Stat_t); ok {
		o.namespace = of.Ino
	}
	return o
})

// startOf is when a process started, in clock ticks since the boot: no two processes with the same
// id have the same start.
func startOf(pid int) (ticks uint64, ok bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	// The second field is the program's name in parentheses, which may contain any bytes.
	const field, after = 22, 3
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) <= field-after || string(fields[0]) == "Z" {
		return 0, false
	}
	ticks, err = strconv.ParseUint(string(fields[field-after]), 10, 64)
	return ticks, err == nil
}
