package ledger

// vfs is SQLite's way to the file system that takes no locks. The journal stays open,
// because no file that is open can be deleted there.
func vfs() (name string, err error) { return "win32-none", nil }
