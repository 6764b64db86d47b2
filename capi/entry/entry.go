// Package entry is the entry to the Go runtime of the library. Not the loader calls it but C
// (capi/start.c), in the first call of a function that needs Go.
//
// build/library makes the symbol of this package the library's entry (-E), and the linker script
// capi/entry.ld removes it from what the loader runs. In other builds this package is not used, and
// Go starts when the library is loaded.
package entry
