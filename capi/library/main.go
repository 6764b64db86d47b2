// Command library is the shared library, which build/library builds: package main is
// what -buildmode=c-shared asks for. There is no C in it: if there were, Go would write
// a header for it, and to that end compile all C anew at each build, SQLite included.
package main

import _ "github.com/openlts/openlts/capi" // all that the library exports

// A library has no main.
func main() {}
