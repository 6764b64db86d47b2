//go:build !cgo

package ledger

// Without cgo there is no SQLite, and opening a ledger fails. This file is for compilers that check
// the sources for another system (build/test systems).

func sqliteFailed(error) bool { return false }

func notOurs(error) bool { return false }

func noRoom(error) bool { return false }
