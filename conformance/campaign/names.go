package main

import (
	"path/filepath"
	"strings"
)

// oddNames are names of directories that people have: what is a pattern, an escape,
// a separator or an end somewhere, and paths as long as the ledger can be opened by.
var oddNames = []string{
	"x[1]",
	`back\slash`,
	"any*",
	"with spaces and 'quotes\"",
	"Größe 数据 🙂",
	"two\nlines",
	"what?#%41&mode=memory",
	"-rf",
	"{a,b}$HOME;`x`",
	longName,
}

// longName stands for a path of the greatest length.
const longName = ""

// longest is how long the path of a data directory may be. SQLite takes no path of
// more than 511 bytes, and the journal's name ends that of the longest file it opens.
const longest = 511 - len("/ledger.db-journal")

// oddPath is a directory with an odd name within another one.
func oddPath(within string, number int) string {
	name := oddNames[number%len(oddNames)]
	if name != longName {
		return filepath.Join(within, name)
	}
	path := within
	for len(path) < longest {
		// A name may have 255 bytes. What is left for the last one must not be nothing.
		length := min(200, longest-len(path)-1)
		if rest := longest - len(path) - 1 - length; rest == 1 {
			length--
		}
		path += "/" + strings.Repeat("l", length)
	}
	return path
}
