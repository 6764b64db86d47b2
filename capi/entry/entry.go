// Package entry is how the Go runtime of the library is entered: not by the
// loader, but by C (capi/start.c), when the first function is called that
// needs Go.
//
// build/library names the symbol of this package as the library's entry (-E), and
// the linker script capi/entry.ld takes it out of what the loader runs. Elsewhere
// nothing here is used, and Go starts when the library is loaded.
package entry
