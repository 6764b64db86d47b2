//go:build !windows && !(unix && cgo)

package ledger

import "errors"

// vfs is the way in which SQLite uses the file system. Without C there is no SQLite.
func vfs() (name string, err error) {
	return "", errors.New("SQLite is not in this build: it needs cgo")
}
