// Package macos tests the libraries for macOS, as far as another system can: no program is run.
package macos

import (
	"bytes"
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

// What zig's linker, which knows no list of exports, shows beside the header's functions:
// how C and Go call each other, and names of its own. Mach-O binds a name to its library,
// so they meet no other library's.
var unavoidable = []string{"__dso_handle", "_cgo_panic", "_cgo_topofstack", "_mh_dylib_header", "crosscall1", "crosscall2"}

const largest = 9 << 20 // bytes of a library

func TestLibrariesForMacOS(t *testing.T) {
	for target, processor := range map[string]macho.Cpu{"aarch64": macho.CpuArm64} {
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
			libraries, err := file.ImportedLibraries()
			if err != nil {
				t.Fatal(err)
			}
			for _, library := range libraries {
				if !strings.HasPrefix(library, "/usr/lib/") && !strings.HasPrefix(library, "/System/Library/Frameworks/") {
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
			if processor == macho.CpuArm64 && commands[loadSignature] == nil {
				t.Error("is not signed")
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
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(unavoidable, name) })
	slices.Sort(names)
	return names
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
