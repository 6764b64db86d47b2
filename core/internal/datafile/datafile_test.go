package datafile_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/openlts/openlts/core/internal/datafile"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAFileOfOurs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if _, err := datafile.Open(path, datafile.Read); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("opening what is not there: %v", err)
	}
	for range 2 { // made, then opened
		f, err := datafile.OpenOrCreate(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString("content"); err != nil {
			t.Error(err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		t.Errorf("others can read it: %v, %v", info.Mode(), err)
	}
	if _, err := datafile.Create(path); !errors.Is(err, os.ErrExist) {
		t.Errorf("creating it again: %v", err)
	}
	if text, err := datafile.ReadFile(path, 7); err != nil || string(text) != "content" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := datafile.ReadFile(path, 6); !errors.Is(err, datafile.ErrTooLarge) {
		t.Errorf("beyond the limit: %v", err)
	}
}

func TestMakeAndReplace(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "f")
	var makers sync.WaitGroup
	var made, refused int
	var mu sync.Mutex
	for i := range 16 {
		makers.Go(func() {
			err := datafile.Make(path, bytes.Repeat([]byte{'a' + byte(i)}, 1000))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				made++
			case errors.Is(err, os.ErrExist):
				refused++
			default:
				t.Error(err)
			}
		})
	}
	makers.Wait()
	if made != 1 || refused != 15 || len(read(t, path)) != 1000 {
		t.Errorf("%d made it, %d were refused, %d bytes", made, refused, len(read(t, path)))
	}
	if err := datafile.Replace(path, []byte("new")); err != nil || read(t, path) != "new" {
		t.Errorf("%v, %q", err, read(t, path))
	}
	if left, _ := datafile.List(directory, ""); !slices.Equal(left, []string{path}) {
		t.Errorf("left: %v", left)
	}
}

func TestSetAside(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "f")
	for i := range 30 {
		write(t, path, strings.Repeat("x", i))
		aside, err := datafile.SetAside(path, ".damaged")
		if err != nil || len(read(t, aside)) != i {
			t.Fatalf("%s, %v", aside, err)
		}
	}
	if left, _ := datafile.List(directory, ""); len(left) != 10 || left[0] != path+".damaged" {
		t.Errorf("kept: %v", left)
	}
}

// TestNamesAreNoPatterns: directories and files with any name, up to the longest.
func TestNamesAreNoPatterns(t *testing.T) {
	names, file := []string{"x[1]", "per%20cent", "with space", "Grüße-日本", "-dash", "'$(x)`"}, "[a].tally"
	if runtime.GOOS != "windows" { // which has no such names
		names = append(names, `back\slash`, `[!a]\*`, "a*b", "what?", "new\nline", `"`)
		file = "[a]*.tally"
	}
	root := t.TempDir()
	long := root
	for len(long) < 2047-256 {
		long = filepath.Join(long, strings.Repeat("l", 250))
	}
	long = filepath.Join(long, strings.Repeat("e", 2047-len(long)-1))
	if len(long) != 2047 {
		t.Fatalf("the path has %d bytes", len(long))
	}
	directories := []string{long}
	for _, name := range names {
		directories = append(directories, filepath.Join(root, name))
	}
	for _, directory := range directories {
		if err := os.MkdirAll(directory, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(directory, file)
		if err := datafile.Make(path, []byte("x")); err != nil {
			t.Error(err)
		}
		write(t, filepath.Join(directory, "other"), "")
		if found, err := datafile.List(directory, ".tally"); err != nil || !slices.Equal(found, []string{path}) {
			t.Errorf("found %q, %v; want %q", found, err, path)
		}
		if err := datafile.Replace(path, []byte("y")); err != nil || read(t, path) != "y" {
			t.Error(err)
		}
		if _, err := datafile.SetAside(path, ".damaged"); err != nil {
			t.Error(err)
		}
	}
	if _, err := datafile.List(filepath.Join(root, "none"), ""); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a directory that is not there: %v", err)
	}
}
