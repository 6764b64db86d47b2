//go:build unix

package ledger

// lockless is SQLite's way to the file system that takes no locks.
const lockless = "unix-none"
