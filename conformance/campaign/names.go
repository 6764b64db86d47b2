package main

import (
	"path/filepath"
	"strings"
)

// oddNames are names of directories that people have: what is a pattern, an escape,
// a separator or an end somewhere, and the longest path that may be.
var oddNames = []string{
	"x[1]",
	longName,
	`back\slash`,
	"any*",
	"with spaces and 'quotes\"",
	"Größe 数据 🙂",
	"two\nlines",
	"what?#%41&mode=memory",
	"-rf",
	"{a,b}$HOME;`x`",
}

// longName stands for a path of the greatest length.
const longName = ""

// longest is how long the path of a data directory may be; see LTS_ConnectionParameters.
const longest = 2047

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
