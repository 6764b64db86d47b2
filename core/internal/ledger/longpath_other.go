//go:build !linux && !windows

package ledger

import "fmt"

func shortName(path string) (name string, release func(), err error) {
	if len(path) > longestPath {
		return "", nil, fmt.Errorf("%s has %d bytes, and %d is the most: set a dataDirectory with a shorter path",
			path, len(path), longestPath)
	}
	return path, func() {}, nil
}
