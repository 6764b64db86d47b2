package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// promisedFile holds what programs that were compiled with an older header rely on. It is
// compiled as a test.
const promisedFile = "capi/test/promised.c"

// emitPromised adds a line for each field and value that has none, and changes none: a field
// that moved, or a value that changed, doesn't compile.
func emitPromised(all definitions, files map[string][]byte) error {
	text, err := os.ReadFile(promisedFile)
	if err != nil {
		return err
	}
	lines := strings.SplitAfter(string(text), "\n")
	for _, s := range all.Structures {
		group := "FIELD(LTS_" + s.Name + ", "
		for _, p := range s.layout() {
			name := group + p.name + ","
			lines = promise(lines, group, name, fmt.Sprintf("%s %d, %d);\n", name, p.offset, p.size))
		}
	}
	for _, v := range all.StatusCodes {
		name := "VALUE(LTS_" + statusConstant(v) + ","
		lines = promise(lines, "VALUE(LTS_ERR_", name, fmt.Sprintf("%s %d);\n", name, v.Value))
	}
	for _, e := range all.Enumerations {
		group := "VALUE(LTS_" + e.Prefix + "_"
		for _, v := range e.Values {
			name := group + v.Name + ","
			lines = promise(lines, group, name, fmt.Sprintf("%s %d);\n", name, v.Value))
		}
	}
	files[promisedFile] = []byte(strings.Join(lines, ""))
	return nil
}

// promise adds a line behind the last one of its group, unless one begins with the name.
func promise(lines []string, group, name, line string) []string {
	at := 0
	for i, have := range lines {
		switch {
		case strings.HasPrefix(have, name):
			return lines
		case strings.HasPrefix(have, group):
			at = i + 1
		}
	}
	if at == 0 { // the first of its group: behind all others
		for i, have := range lines {
			if strings.HasPrefix(have, "FIELD(") || strings.HasPrefix(have, "VALUE(") {
				at = i + 1
			}
		}
	}
	return slices.Insert(lines, at, line)
}

// placed is where a member of a C struct lies, in bytes, where pointers have 64 bits.
type placed struct {
	name         string
	offset, size int
}

// layout is how a C compiler lays out a structure.
func (s structure) layout() []placed {
	var members []placed
	end := 0
	add := func(name string, size, alignment int) {
		offset := (end + alignment - 1) / alignment * alignment
		members = append(members, placed{name, offset, size})
		end = offset + size
	}
	for _, f := range s.Fields {
		switch f.Type {
		case listField:
			add(f.Name, 8, 8)
			add(f.Name+"Count", 4, 4)
		case textField, timeField, unitsField, limitField, bitsField:
			add(f.Name, 8, 8)
		case stringField:
			add(f.Name, f.Length, 1)
		default:
			add(f.Name, 4, 4)
		}
	}
	return members
}
