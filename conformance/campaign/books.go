package main

import (
	"encoding/binary"
	"fmt"
	"os"
)

// The layout of the books a client keeps, shared with client/client.h and
// client/client.py: a header and lines of 64 bytes, in the machine's byte order.
const (
	countedTypes = 3
	bookLines    = 255
	bookSize     = 64 * (1 + bookLines)
)

// countedTypes by name, in the order of the counters. The last one is defined by
// the client.
var typeNames = [countedTypes]string{"QR_CODE", "EAN_13", "CAMPAIGN"}

// bounds are what a client says of its operations: no more than started were
// ever handed to the library, and it said LTS_OK for all that are acked.
type bounds struct{ Started, Acked int64 }

func (b bounds) plus(other bounds) bounds {
	return bounds{b.Started + other.Started, b.Acked + other.Acked}
}

// books is what a client noted in shared memory up to the instant it died.
type books struct {
	Opened     int64 // licenses
	Forks      int64
	StateFlags uint32 // all that were ever seen, combined
	Announced  int64  // errors of the storage that the library told of, after damage
	Types      [countedTypes]bounds
}

func readBooks(path string) (books, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return books{}, err
	}
	return parseBooks(text)
}

func parseBooks(text []byte) (books, error) {
	if len(text) == 0 { // the client died before it could begin them
		return books{}, nil
	}
	if len(text) != bookSize {
		return books{}, fmt.Errorf("a client's books have %d bytes, not %d", len(text), bookSize)
	}
	field := func(line, index int) int64 { return int64(binary.NativeEndian.Uint64(text[64*line+8*index:])) }
	b := books{Opened: field(0, 0), Forks: field(0, 1), StateFlags: uint32(field(0, 2)), Announced: field(0, 3)}
	for line := 1; line <= bookLines; line++ {
		for i := range countedTypes {
			b.Types[i] = b.Types[i].plus(bounds{field(line, i), field(line, countedTypes+i)})
		}
	}
	return b, nil
}

// all is the sum over the types.
func (b books) all() bounds {
	var sum bounds
	for _, t := range b.Types {
		sum = sum.plus(t)
	}
	return sum
}
