package ledger

// vfs is SQLite's way to the file system that takes no locks. The journal stays open,
// because no file that SQLite has open can be deleted there. Paths may have any length.
func vfs() (name string, err error) { return "win32-longpath-none", nil }
