//go:build !windows && !(unix && cgo)

package ledger

import "errors"

// vfs is SQLite's way to the file system; there is no SQLite without C.
func vfs() (name string, err error) {
	return "", errors.New("SQLite is not in this build: it needs cgo")
}
