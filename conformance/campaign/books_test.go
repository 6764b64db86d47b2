package main

import (
	"encoding/binary"
	"testing"
)

func TestBooks(t *testing.T) {
	text := make([]byte, bookSize)
	set := func(line, index int, value uint64) { binary.NativeEndian.PutUint64(text[64*line+8*index:], value) }
	set(0, 0, 2) // licenses
	set(0, 1, 3) // forks
	set(0, 2, 256)
	set(0, 3, 4)
	set(1, 0, 10) // started
	set(1, 3, 9)  // acked
	set(bookLines, 0, 5)
	set(bookLines, 2, 7)
	set(bookLines, 5, 6)
	b, err := parseBooks(text)
	want := books{Opened: 2, Forks: 3, StateFlags: 256, Announced: 4,
		Types: [countedTypes]bounds{{Started: 15, Acked: 9}, {}, {Started: 7, Acked: 6}}}
	if err != nil || b != want {
		t.Errorf("%+v, %v; want %+v", b, err, want)
	}
	if all := b.all(); all != (bounds{22, 15}) {
		t.Errorf("in all %+v", all)
	}
	if b, err := parseBooks(nil); err != nil || b != (books{}) {
		t.Errorf("of a client that died at once: %+v, %v", b, err)
	}
	if _, err := parseBooks(text[:100]); err == nil {
		t.Error("cut books passed")
	}
}
