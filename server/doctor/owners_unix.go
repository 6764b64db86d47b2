//go:build unix

package doctor

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// owners checks who owns the files of a database and who else may read them, because they contain
// the keys.
func owners(directory string) (findings []Finding) {
	const check = "files"
	owner := func(info fs.FileInfo) uint32 {
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			return stat.Uid
		}
		return 0
	}
	root, err := os.Stat(directory)
	if err != nil {
		return []Finding{{check, Wrong, fmt.Sprintf("the data directory can't be read: %s", err)}}
	}
	if mode := root.Mode().Perm(); mode&0o022 != 0 {
		findings = append(findings, Finding{
			check, Wrong, fmt.Sprintf("others may write into %s (mode %o): chmod 700", directory, mode),
		})
	}
	entries, err := os.ReadDir(directory)
	if err != nil {
		return append(findings, Finding{check, Wrong, fmt.Sprintf("the data directory can't be read: %s", err)})
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil { // it is gone: files come and go
			continue
		}
		path := filepath.Join(directory, entry.Name())
		if owner(info) != owner(root) {
			findings = append(findings, Finding{check, Wrong, fmt.Sprintf(
				"%s belongs to user %d, and the directory to %d: chown it", path, owner(info), owner(root))})
		}
		if mode := info.Mode(); mode.IsRegular() && mode.Perm()&0o077 != 0 && filepath.Ext(path) != ".lock" {
			findings = append(findings, Finding{check, Warning, fmt.Sprintf(
				"others may read or write %s (mode %o), which holds secrets: chmod 600", path, mode.Perm())})
		}
	}
	if len(findings) == 0 {
		findings = append(findings, Finding{check, OK, "all files are of one user, and nobody else may read them"})
	}
	return findings
}
