package capi

// #include "job.h"
import "C"

import (
	"strings"
	"unicode/utf8"
	"unsafe"
)

// text is a string of a job; "" if it is NULL.
func text(s *C.char) string {
	if s == nil {
		return ""
	}
	return C.GoString(s)
}

// setText copies a line into a job, always NUL-terminated, and cuts it between characters if it
// does not fit.
func setText(to *C.char, size int, line string) {
	if to == nil || size <= 0 {
		return
	}
	line = strings.ReplaceAll(strings.ReplaceAll(line, "\n", "; "), "\x00", "")
	if len(line) >= size {
		line = line[:size-1]
		for len(line) > 0 && !utf8.ValidString(line[max(0, len(line)-utf8.UTFMax):]) &&
			!utf8.RuneStart(line[len(line)-1]) {
			line = line[:len(line)-1]
		}
		if last, width := utf8.DecodeLastRuneInString(line); last == utf8.RuneError && width == 1 {
			line = line[:len(line)-1]
		}
	}
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(to)), size)
	copy(bytes, line)
	bytes[len(line)] = 0
}
