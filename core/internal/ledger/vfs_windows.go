package ledger

// vfs is SQLite's file system without locks. The journal stays open, because on Windows a file that
// SQLite has open can't be deleted. Paths may have any length.
func vfs() (name string, err error) { return "win32-longpath-none", nil }
