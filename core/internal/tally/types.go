package tally

import (
	"bytes"

	"github.com/openlts/openlts/core/protocol"
)

// The tally contains the names of the operation types that a host defined, because types belong to
// a run: whoever has the tally can name its counts.

// DefineType gives a name a number, the same number if it has one already. ok is false if all
// numbers for hosts are taken. Only one goroutine may call it at a time.
func (t *Tally) DefineType(name string) (number int, ok bool) {
	for number = int(protocol.FirstHostOperationType); number < Types; number++ {
		switch t.TypeName(number) {
		case name:
			return number, true
		case "":
			t.SetTypeName(number, name)
			return number, true
		}
	}
	return 0, false
}

// DefinedTypes is the number of operation types that the host defined.
func (t *Tally) DefinedTypes() int {
	n := 0
	for n < HostTypes && t.TypeName(int(protocol.FirstHostOperationType)+n) != "" {
		n++
	}
	return n
}

// SetTypeName notes the name of a type that the host defined. Call it before anything is counted
// under the type.
func (t *Tally) SetTypeName(operationType int, name string) {
	clear(t.name(operationType)) // a process that died here may have left part of a name
	copy(t.name(operationType), name)
}

// TypeName is the name noted for a type that the host defined, or "".
func (t *Tally) TypeName(operationType int) string {
	name := string(bytes.TrimRight(t.name(operationType), "\x00"))
	if !protocol.ValidOperationTypeName(name) {
		return "" // not written to its end: nothing was counted of the type yet
	}
	return name
}

func (t *Tally) name(operationType int) []byte {
	offset := namesOffset(t.shards) + (operationType-int(protocol.FirstHostOperationType))*protocol.MaxOperationTypeName
	return t.memory[offset : offset+protocol.MaxOperationTypeName]
}
