//go:build !linux || !cgo

package ledger

import "fmt"

func shortName(path string) (name, vfs string, release func(), err error) {
	if len(path) > longestPath {
		return "", "", nil, fmt.Errorf("%s has %d bytes, and %d is the most: set a dataDirectory with a shorter path",
			path, len(path), longestPath)
	}
	return path, lockless, func() {}, nil
}
