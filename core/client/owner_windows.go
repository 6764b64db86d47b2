package client

import "os"

// ownedByUs is always true: Windows has no directories like /tmp, where everybody may make files
// but not remove those of others.
func ownedByUs(os.FileInfo) bool { return true }
