//go:build cgo

package ledger

import (
	"errors"
	"syscall"

	"github.com/mattn/go-sqlite3"
)

// sqliteFailed tells whether an error comes from SQLite, and not from our own checks.
func sqliteFailed(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && e.Code != sqlite3.ErrConstraint
}

// notOurs tells whether SQLite says that a file is damaged or not a database of ours.
func notOurs(err error) bool {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return false
	}
	// SQLITE_ERROR is a missing table or column: another program's database.
	return e.Code == sqlite3.ErrCorrupt || e.Code == sqlite3.ErrNotADB ||
		e.Code == sqlite3.ErrFormat || e.Code == sqlite3.ErrError
}

// noRoom tells whether SQLite failed for lack of room.
func noRoom(err error) bool {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case sqlite3.ErrFull:
		return true
	case sqlite3.ErrIoErr:
		return e.SystemErrno == syscall.ENOSPC || e.SystemErrno == syscall.EDQUOT || e.SystemErrno == syscall.EFBIG
	default:
		return false
	}
}
