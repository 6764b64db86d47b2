package filetest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// Disk mounts a real file system with room for so many kilobytes. The test is skipped if it may not
// mount one.
func Disk(t *testing.T, kilobytes int64) string {
	t.Helper()
	directory := t.TempDir()
	options := fmt.Sprintf("size=%dk,mode=0700", kilobytes)
	if err := unix.Mount("openlts-test", directory, "tmpfs", 0, options); err != nil {
		t.Skipf("this test needs a small disk of its own, and mounting one needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(directory, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return directory
}

// Fill fills a disk completely; free makes room again.
func Fill(t *testing.T, directory string) (free func()) {
	t.Helper()
	path := filepath.Join(directory, "ballast")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for size := 1 << 16; size > 0; size /= 2 {
		for err == nil {
			_, err = f.Write(make([]byte, size))
		}
		err = nil
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}
