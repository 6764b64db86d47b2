//go:build unix

package datafile_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/openlts/openlts/core/internal/datafile"
)

func place(t *testing.T, path string) datafile.Place {
	t.Helper()
	f, err := datafile.OpenOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return datafile.PlaceOf(path, info)
}

func TestWhatIsGone(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(path string) error
		gone bool
	}{
		"nothing happened": {func(string) error { return nil }, false},
		"removed":          {os.Remove, true},
		"replaced": {func(path string) error {
			return os.Rename(path+".other", path)
		}, true},
		"its directory is removed": {func(path string) error { return os.RemoveAll(filepath.Dir(path)) }, true},
		"its directory is a file": {
			func(path string) error { d := filepath.Dir(path); return os.Rename(d, d+".x") }, true,
		},
		"a link to itself is at its place": {
			func(path string) error { _ = os.Rename(path, path+".x"); return os.Symlink(path+".x", path) }, true,
		},
	} {
		directory := filepath.Join(t.TempDir(), "d")
		if err := os.Mkdir(directory, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(directory, "f")
		write(t, path+".other", "")
		p := place(t, path)
		if err := test.do(path); err != nil {
			t.Fatal(err)
		}
		if name == "its directory is a file" {
			write(t, directory, "")
		}
		if p.Gone() != test.gone {
			t.Errorf("%s: gone: %v", name, p.Gone())
		}
	}
}

// TestMain lets the test's program do what a process can't undo: see child.
func TestMain(m *testing.M) {
	if what := os.Getenv("DATAFILE_CHILD"); what != "" {
		child(what, os.Getenv("DATAFILE_PATH"))
		return
	}
	os.Exit(m.Run())
}

// child opens a file, gives up the right to see it, and prints whether it is gone.
func child(what, path string) {
	f, err := datafile.OpenOrCreate(path)
	if err == nil {
		var info os.FileInfo
		if info, err = f.Stat(); err == nil {
			p := datafile.PlaceOf(path, info)
			switch what {
			case "user":
				err = syscall.Setuid(54321)
			case "root":
				err = syscall.Chroot(filepath.Dir(path))
			case "root with another":
				jail := filepath.Dir(path)
				inside := filepath.Join(jail, path)
				if err = os.MkdirAll(filepath.Dir(inside), 0o700); err == nil {
					if err = os.WriteFile(inside, nil, 0o600); err == nil {
						err = syscall.Chroot(jail)
					}
				}
			}
			if err == nil {
				fmt.Println("gone:", p.Gone())
				return
			}
		}
	}
	fmt.Println(err)
}

// TestWhatCanNotBeSeenIsNotGone: privileges were dropped, or the root changed.
func TestWhatCanNotBeSeenIsNotGone(t *testing.T) {
	asRoot(t)
	for _, what := range []string{"user", "root", "root with another"} {
		directory := t.TempDir() // 0700, in one of the same
		command := exec.Command(os.Args[0])
		command.Env = append(os.Environ(), "DATAFILE_CHILD="+what, "DATAFILE_PATH="+filepath.Join(directory, "f"))
		if err := os.Chmod(directory, 0o700); err != nil {
			t.Fatal(err)
		}
		out, err := command.CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != "gone: false" {
			t.Errorf("another %s: %s, %v", what, out, err)
		}
	}
}
