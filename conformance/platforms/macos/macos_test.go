// Package macos tests the libraries for macOS, as far as another system can: no program is run.
package macos

import (
	"bytes"
	"crypto/sha256"
	"debug/macho"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The load commands of a Mach-O file that debug/macho only numbers.
const (
	loadIDDylib      = 0xd
	loadSignature    = 0x1d
	loadBuildVersion = 0x32
	loadDyldInfo     = 0x80000022
	loadExportsTrie  = 0x80000033
)

const largest = 9 << 20 // bytes of a library

func TestLibrariesForMacOS(t *testing.T) {
	for target, processor := range map[string]macho.Cpu{"aarch64": macho.CpuArm64, "x86_64": macho.CpuAmd64} {
		t.Run(target, func(t *testing.T) {
			name := filepath.Join("../../../out/lib/macos-"+target, "libopenlts.dylib")
			content, err := os.ReadFile(name)
			if errors.Is(err, fs.ErrNotExist) {
				t.Skipf("there is no library: build/library --target macos-%s", target)
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(content) > largest {
				t.Errorf("%d bytes; want %d at most", len(content), largest)
			}
			file, err := macho.NewFile(bytes.NewReader(content))
			if err != nil {
				t.Fatal(err)
			}
			if file.Cpu != processor || file.Type != macho.TypeDylib {
				t.Errorf("is a %v for %v", file.Type, file.Cpu)
			}
			if got, want := exported(t, file, content), declared(t); !slices.Equal(got, want) {
				t.Errorf("shows %v\nwant  %v", got, want)
			}
			if got, want := global(file), declared(t); !slices.Equal(got, want) {
				t.Errorf("its symbol table shows %v\nwant  %v", got, want)
			}
			libraries, err := file.ImportedLibraries()
			if err != nil {
				t.Fatal(err)
			}
			for _, library := range libraries {
				if !strings.HasPrefix(library, "/usr/lib/") &&
					!strings.HasPrefix(library, "/System/Library/Frameworks/") {
					t.Errorf("needs %s, which is not the system's", library)
				}
			}
			commands := commandsOf(file)
			if id := commands[loadIDDylib]; !strings.Contains(string(id), "@rpath/libopenlts.dylib\x00") {
				t.Errorf("its name is %q", id)
			}
			// The fourth number is the oldest macOS: 12.0.0.
			if build := commands[loadBuildVersion]; len(build) < 16 || file.ByteOrder.Uint32(build[12:]) != 12<<16 {
				t.Errorf("is for another macOS: % x", build)
			}
			// A processor of Apple's runs nothing that is not signed.
			if processor == macho.CpuArm64 || commands[loadSignature] != nil {
				checkSignature(t, content, commands[loadSignature])
			}
		})
	}
}

// commandsOf gives the load commands of a file by their numbers.
func commandsOf(file *macho.File) map[uint32][]byte {
	commands := map[uint32][]byte{}
	for _, load := range file.Loads {
		raw := load.Raw()
		commands[file.ByteOrder.Uint32(raw)] = raw
	}
	return commands
}

// exported gives the names that the loader finds in a library, as C has them: those of a
// tree whose edges are parts of names.
func exported(t *testing.T, file *macho.File, content []byte) []string {
	t.Helper()
	commands := commandsOf(file)
	var start, size uint32
	if raw := commands[loadExportsTrie]; len(raw) >= 16 {
		start, size = file.ByteOrder.Uint32(raw[8:]), file.ByteOrder.Uint32(raw[12:])
	} else if raw := commands[loadDyldInfo]; len(raw) >= 48 {
		start, size = file.ByteOrder.Uint32(raw[40:]), file.ByteOrder.Uint32(raw[44:])
	} else {
		t.Fatal("the library says nothing of what it shows")
	}
	tree := content[start : start+size]
	var names []string
	var walk func(offset uint64, prefix string)
	walk = func(offset uint64, prefix string) {
		node := tree[offset:]
		terminal, n := binary.Uvarint(node)
		node = node[n:]
		if terminal > 0 {
			names = append(names, strings.TrimPrefix(prefix, "_"))
		}
		node = node[terminal:]
		children := node[0]
		node = node[1:]
		for ; children > 0; children-- {
			edge, rest, _ := bytes.Cut(node, []byte{0})
			child, n := binary.Uvarint(rest)
			node = rest[n:]
			walk(child, prefix+string(edge))
		}
	}
	walk(0, "")
	slices.Sort(names)
	return names
}

// global gives the names that the symbol table marks as shown.
func global(file *macho.File) []string {
	const external, kind, debugging = 0x01, 0x0e, 0xe0
	var names []string
	for _, symbol := range file.Symtab.Syms {
		if symbol.Type&external != 0 && symbol.Type&kind != 0 && symbol.Type&debugging == 0 {
			names = append(names, strings.TrimPrefix(symbol.Name, "_"))
		}
	}
	slices.Sort(names)
	return names
}

// checkSignature computes the hashes of a library's pages, as a Mac does before it runs
// one: its signature is a list of blobs, of which one begins with the hashes' places.
func checkSignature(t *testing.T, content, command []byte) {
	t.Helper()
	if len(command) < 16 {
		t.Error("is not signed")
		return
	}
	signature := content[binary.LittleEndian.Uint32(command[8:]):]
	at := bytes.Index(signature, []byte{0xfa, 0xde, 0x0c, 0x02})
	if at < 0 {
		t.Error("its signature has no hashes")
		return
	}
	directory := signature[at:]
	number := func(at int) int { return int(binary.BigEndian.Uint32(directory[at:])) }
	hashes, pages, limit, page := directory[number(16):], number(28), number(32), 1<<directory[39]
	if limit != int(binary.LittleEndian.Uint32(command[8:])) || pages != (limit+page-1)/page {
		t.Errorf("%d pages up to %d are signed", pages, limit)
	}
	for i := range pages {
		sum := sha256.Sum256(content[i*page : min((i+1)*page, limit)])
		if !bytes.Equal(sum[:], hashes[i*sha256.Size:][:sha256.Size]) {
			t.Errorf("page %d is not the one that was signed", i)
		}
	}
}

// declared gives the functions of the header.
func declared(t *testing.T) []string {
	t.Helper()
	header, err := os.ReadFile("../../../include/openlts/openlts.h")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, match := range regexp.MustCompile(`LTS_CALL (LTS_[A-Za-z]+)`).FindAllSubmatch(header, -1) {
		names = append(names, string(match[1]))
	}
	slices.Sort(names)
	return names
}
