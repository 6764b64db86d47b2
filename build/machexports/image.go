package main

import (
	"bytes"
	"debug/macho"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Load commands, and where in each the numbers are that this program reads or changes.
const (
	loadSymtab    = 0x2
	loadDysymtab  = 0xb
	loadSignature = 0x1d
	loadDyldInfo  = 0x80000022 // LC_DYLD_INFO_ONLY

	symbolSize = 16 // struct nlist_64: name, type, section, description, value
	external   = 0x01
	private    = 0x10 // was visible to other objects while it was linked
)

// image is a Mach-O library for a 64-bit processor that is changed in place.
type image struct {
	content  []byte
	commands map[uint32][]byte // parts of content
}

// restrict leaves only these names, as C has them, in what a library shows. Each has
// to be there.
func restrict(content []byte, names []string) error {
	m, err := open(content)
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	for _, name := range names {
		keep["_"+name] = true
	}
	if err := m.restrictTree(keep); err != nil {
		return err
	}
	if err := m.restrictSymbols(keep); err != nil {
		return err
	}
	return m.sign()
}

func open(content []byte) (*image, error) {
	file, err := macho.NewFile(bytes.NewReader(content)) // which checks the sizes of the commands
	if err != nil {
		return nil, err
	}
	if file.Magic != macho.Magic64 || file.ByteOrder != binary.LittleEndian || file.Type != macho.TypeDylib {
		return nil, errors.New("it is not a library for a 64-bit Mac")
	}
	m := &image{content, map[uint32][]byte{}}
	const headerSize = 32
	at := headerSize
	for range file.Ncmd {
		command, size := number(content[at:]), int(number(content[at+4:]))
		m.commands[command] = content[at : at+size]
		at += size
	}
	return m, nil
}

// field is the number at a place of a load command.
func (m *image) field(command uint32, at int) (uint32, error) {
	raw := m.commands[command]
	if len(raw) < at+4 {
		return 0, fmt.Errorf("it has no load command %#x of that size", command)
	}
	return number(raw[at:]), nil
}

// part is the part of the file that two numbers of a load command name, where it
// begins and how many entries it has.
func (m *image) part(command uint32, at, size int) ([]byte, error) {
	start, err := m.field(command, at)
	if err != nil {
		return nil, err
	}
	count, err := m.field(command, at+4)
	if err != nil {
		return nil, err
	}
	end := uint64(start) + uint64(count)*uint64(size)
	if end > uint64(len(m.content)) {
		return nil, fmt.Errorf("load command %#x points behind the end", command)
	}
	return m.content[start:end], nil
}

// restrictTree writes the loader's tree of exports anew.
func (m *image) restrictTree(keep map[string]bool) error {
	tree, err := m.part(loadDyldInfo, 40, 1)
	if err != nil {
		return err
	}
	exports, err := readTree(tree)
	if err != nil {
		return err
	}
	for name := range keep {
		if exports[name] == nil {
			return fmt.Errorf("it does not show %s", name[1:])
		}
	}
	for name := range exports {
		if !keep[name] {
			delete(exports, name)
		}
	}
	written := writeTree(exports)
	if len(written) > len(tree) {
		return fmt.Errorf("the tree of %d exports needs %d bytes, and there are %d", len(exports),
			len(written), len(tree))
	}
	clear(tree[copy(tree, written):])
	return nil
}

// restrictSymbols makes local symbols of those that are not kept. The table begins with
// local symbols, then come those that the library shows; so they change their places,
// and what refers to symbols by number follows.
func (m *image) restrictSymbols(keep map[string]bool) error {
	table, err := m.part(loadSymtab, 8, symbolSize)
	if err != nil {
		return err
	}
	names, err := m.part(loadSymtab, 16, 1)
	if err != nil {
		return err
	}
	first, err := m.field(loadDysymtab, 16)
	if err != nil {
		return err
	}
	count, err := m.field(loadDysymtab, 20)
	if err != nil {
		return err
	}
	shown := slice(table, uint64(first)*symbolSize, uint64(count)*symbolSize)
	locals, err := m.field(loadDysymtab, 12)
	if err != nil {
		return err
	}
	if shown == nil || locals != first {
		return errors.New("its symbols are in another order than those of a linked library")
	}
	var hidden, kept []int // by their place among those shown
	for i := range int(count) {
		name, _, _ := bytes.Cut(slice(names, uint64(number(shown[i*symbolSize:])), 0), []byte{0})
		if keep[string(name)] {
			kept = append(kept, i)
		} else {
			hidden = append(hidden, i)
		}
	}
	before := slices.Clone(shown)
	moved := map[uint32]uint32{}
	for to, from := range append(slices.Clone(hidden), kept...) {
		symbol := shown[to*symbolSize : (to+1)*symbolSize]
		copy(symbol, before[from*symbolSize:])
		if to < len(hidden) {
			symbol[4] = symbol[4]&^external | private
		}
		moved[first+uint32(from)] = first + uint32(to)
	}
	indirect, err := m.part(loadDysymtab, 56, 4)
	if err != nil {
		return err
	}
	for ; len(indirect) >= 4; indirect = indirect[4:] {
		if to, ok := moved[number(indirect)]; ok {
			binary.LittleEndian.PutUint32(indirect, to)
		}
	}
	dysymtab := m.commands[loadDysymtab]
	binary.LittleEndian.PutUint32(dysymtab[12:], locals+uint32(len(hidden)))
	binary.LittleEndian.PutUint32(dysymtab[16:], first+uint32(len(hidden)))
	binary.LittleEndian.PutUint32(dysymtab[20:], uint32(len(kept)))
	return nil
}

func number(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }

// slice is a part of b, with size 0 all from there on; nil if there is no such part.
func slice(b []byte, start, size uint64) []byte {
	if start > uint64(len(b)) || size > uint64(len(b))-start {
		return nil
	}
	if size == 0 {
		return b[start:]
	}
	return b[start : start+size]
}
