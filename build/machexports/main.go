// Command machexports takes names out of what a library for macOS shows: all but those
// given. It is for the linker of zig, which knows no list of exports.
//
//	go run ./build/machexports libopenlts.dylib LTS_ABIVersion LTS_CloseLicense
//
// The file keeps its size and its layout. Names that are not to be seen become local
// symbols, the loader's tree of exports is written anew where it is, and an ad-hoc
// signature, which an arm64 Mac asks for, is brought up to date.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: machexports LIBRARY NAME...")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintf(os.Stderr, "machexports: %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}

func run(file string, names []string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := restrict(content, names); err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o755)
}
