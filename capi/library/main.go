// Command library is the shared library, which build/library builds: -buildmode=c-shared needs a
// package main. There is no C in it: otherwise Go would write a header for it, and for that compile
// all C again at each build, including SQLite.
package main

import _ "github.com/openlts/openlts/capi" // everything that the library exports

// A library has no main.
func main() {}
