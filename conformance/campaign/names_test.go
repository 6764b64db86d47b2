package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestOddDirectories are all there are, each another one, and can be made.
func TestOddDirectories(t *testing.T) {
	within := t.TempDir()
	seen := map[string]bool{}
	for number := range oddNames {
		directory := oddPath(within, number)
		if seen[directory] {
			t.Errorf("%q comes twice", directory)
		}
		seen[directory] = true
		if err := os.MkdirAll(directory, 0o700); err != nil {
			t.Error(err)
		}
	}
	for length := range 300 {
		within := "/" + string(make([]byte, length))
		if got := oddPath(within, slices.Index(oddNames, longName)); len(got) != longest {
			t.Errorf("from %d bytes: %d, not %d", len(within), len(got), longest)
		}
	}
	if got, err := matching(filepath.Join(within, "x[1]"), "*"); err != nil || len(got) != 0 {
		t.Errorf("%q, %v", got, err)
	}
}
