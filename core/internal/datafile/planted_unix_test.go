//go:build unix

package datafile_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/openlts/openlts/core/internal/datafile"
)

// plants are what others may put at a path of ours; victim is a file of someone's.
func plants(victim string) map[string]func(path string) error {
	return map[string]func(path string) error{
		"a FIFO":                    func(path string) error { return unix.Mkfifo(path, 0o600) },
		"a directory":               func(path string) error { return os.Mkdir(path, 0o700) },
		"a link to a victim":        func(path string) error { return os.Symlink(victim, path) },
		"a link that leads nowhere": func(path string) error { return os.Symlink(victim+".made", path) },
		"a link to a device":        func(path string) error { return os.Symlink("/dev/zero", path) },
		"a link to itself":          func(path string) error { return os.Symlink(path, path) },
		"a socket": func(path string) error {
			socket, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
			if err != nil {
				return err
			}
			socket.SetUnlinkOnClose(false)
			return socket.Close()
		},
	}
}

// TestPlantedFiles: nothing is followed, waited for, or written; all say what is
// there, and all can be set aside.
func TestPlantedFiles(t *testing.T) {
	for name := range plants("") {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			victim := filepath.Join(directory, "victim")
			write(t, victim, "precious")
			path := filepath.Join(directory, "f")
			if err := plants(victim)[name](path); err != nil {
				t.Fatal(err)
			}
			refused := func(what string, err error) {
				t.Helper()
				if !errors.Is(err, datafile.ErrForeign) || !strings.Contains(err.Error(), "remove it") ||
					!strings.Contains(err.Error(), path) {
					t.Errorf("%s: %v", what, err)
				}
			}
			_, err := datafile.Check(path, datafile.Read)
			refused("checking", err)
			_, err = datafile.Open(path, datafile.Read)
			refused("opening", err)
			_, err = datafile.Open(path, datafile.Write)
			refused("opening for writing", err)
			_, err = datafile.OpenOrCreate(path)
			refused("opening or creating", err)
			_, err = datafile.ReadFile(path, 100)
			refused("reading", err)
			refused("replacing", datafile.Replace(path, []byte("x")))
			if _, err := datafile.Create(path); !errors.Is(err, os.ErrExist) {
				t.Errorf("creating: %v", err)
			}
			if err := datafile.Make(path, []byte("x")); !errors.Is(err, os.ErrExist) {
				t.Errorf("making: %v", err)
			}
			if _, err := datafile.SetAside(path, ".aside"); err != nil {
				t.Errorf("setting aside: %v", err)
			}
			if err := datafile.Make(path, []byte("ours")); err != nil {
				t.Errorf("making, then: %v", err)
			}
			if text := read(t, victim); text != "precious" {
				t.Errorf("the victim holds %q", text)
			}
			if _, err := os.Lstat(victim + ".made"); err == nil {
				t.Error("a file was made elsewhere")
			}
		})
	}
}

// TestAFileWithSeveralNames is read, and written only once it has content of its own.
func TestAFileWithSeveralNames(t *testing.T) {
	directory := t.TempDir()
	victim, path := filepath.Join(directory, "victim"), filepath.Join(directory, "f")
	write(t, victim, "precious")
	if err := os.Link(victim, path); err != nil {
		t.Fatal(err)
	}
	if text, err := datafile.ReadFile(path, 100); err != nil || string(text) != "precious" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := datafile.Open(path, datafile.Write); !errors.Is(err, datafile.ErrLinked) ||
		!errors.Is(err, datafile.ErrForeign) {
		t.Errorf("opened for writing: %v", err)
	}
	if err := datafile.Separate(path, 4); !errors.Is(err, datafile.ErrTooLarge) {
		t.Errorf("separated beyond the limit: %v", err)
	}
	if err := datafile.Separate(path, 100); err != nil {
		t.Fatal(err)
	}
	f, err := datafile.Open(path, datafile.Write)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.WriteString("changed"); err != nil {
		t.Error(err)
	}
	if read(t, victim) != "precious" || read(t, path) != "changeds" {
		t.Errorf("the victim holds %q, we have %q", read(t, victim), read(t, path))
	}
}

func TestASparseFileIsNotReadWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, "")
	if err := os.Truncate(path, 200<<30); err != nil {
		t.Skipf("the file system has no sparse file of 200 GiB: %v", err)
	}
	if _, err := datafile.ReadFile(path, 4096); !errors.Is(err, datafile.ErrTooLarge) {
		t.Errorf("%v", err)
	}
}

func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("giving files to other users needs root")
	}
}

// TestFilesOfOthers are refused, unless the directory is theirs, or shared.
func TestFilesOfOthers(t *testing.T) {
	asRoot(t)
	const other, third, group = 54321, 54322, 54400
	for name, test := range map[string]struct {
		directoryUser, directoryGroup int
		mode                          os.FileMode
		fileUser, fileGroup           int
		foreign                       bool
	}{
		"ours":                             {0, 0, 0o700, 0, 0, false},
		"another's":                        {0, 0, 0o700, other, other, true},
		"another's where all may write":    {0, 0, 0o777 | os.ModeSticky, other, other, true},
		"that of the directory's owner":    {other, other, 0o700, other, other, false},
		"a third's":                        {other, other, 0o777, third, third, true},
		"a member's":                       {0, group, 0o770 | os.ModeSetgid, other, group, false},
		"a member's, of another group":     {0, group, 0o770 | os.ModeSetgid, other, other, true},
		"of a group that may not write":    {0, group, 0o750 | os.ModeSetgid, other, group, true},
		"of a group where all may write":   {0, group, 0o777 | os.ModeSetgid, other, group, true},
		"of a group it does not hand down": {0, group, 0o770, other, group, true},
	} {
		directory := t.TempDir()
		path := filepath.Join(directory, "f")
		write(t, path, "x")
		if err := errors.Join(os.Chown(path, test.fileUser, test.fileGroup),
			os.Chown(directory, test.directoryUser, test.directoryGroup),
			os.Chmod(directory, test.mode)); err != nil {
			t.Fatal(err)
		}
		f, err := datafile.Open(path, datafile.Write)
		if errors.Is(err, datafile.ErrForeign) != test.foreign || (err != nil) != test.foreign {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			_ = f.Close()
		}
	}
}

// TestFilesOfASharedDirectory are the group's, whatever the umask.
func TestFilesOfASharedDirectory(t *testing.T) {
	asRoot(t)
	for umask, mode := range map[int]os.FileMode{0o022: 0o770, 0o002: 0o775, 0o077: 0o770} {
		directory := t.TempDir()
		if err := errors.Join(os.Chown(directory, 0, 54400), os.Chmod(directory, mode|os.ModeSetgid)); err != nil {
			t.Fatal(err)
		}
		before := syscall.Umask(umask)
		err := datafile.Make(filepath.Join(directory, "f"), nil)
		syscall.Umask(before)
		info, statErr := os.Stat(filepath.Join(directory, "f"))
		if err = errors.Join(err, statErr); err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o660 || info.Sys().(*syscall.Stat_t).Gid != 54400 {
			t.Errorf("umask %o: %v", umask, info.Mode())
		}
	}
}
