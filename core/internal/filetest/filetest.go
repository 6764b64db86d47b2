// Package filetest has what tests of the data directory need from the system: small disks,
// directories that every user can reach, and processes of other users.
package filetest

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Directory makes a directory that every user can reach (those of t.TempDir are inside one of
// root's).
func Directory(t *testing.T, mode os.FileMode) string {
	t.Helper()
	directory, err := os.MkdirTemp("", "openlts-test-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(directory) })
	if err := os.Chmod(directory, mode); err != nil {
		t.Fatal(err)
	}
	return directory
}

// Program is a copy of the test's own program, at a path where every user can run it. TestMain has
// to call RemoveProgram at its end.
func Program(t *testing.T) string {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// RemoveProgram removes what Program made, if anything.
func RemoveProgram() {
	if made != "" {
		_ = os.RemoveAll(made)
	}
}

var made string // the directory of program

var program = sync.OnceValues(func() (string, error) {
	directory, err := os.MkdirTemp("", "openlts-test-*")
	if err != nil {
		return "", err
	}
	made = directory
	path := filepath.Join(directory, "program.test")
	if os.Link(os.Args[0], path) != nil {
		text, err := os.ReadFile(os.Args[0])
		if err == nil {
			err = os.WriteFile(path, text, 0o755)
		}
		if err != nil {
			return "", err
		}
	}
	return path, os.Chmod(directory, 0o755)
})
