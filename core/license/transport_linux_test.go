package license_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// A path that leads to no regular file delays nobody.
func TestCAFileThatIsNoFile(t *testing.T) {
	directory := t.TempDir()
	fifo, link := filepath.Join(directory, "fifo"), filepath.Join(directory, "link")
	loop := filepath.Join(directory, "loop")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]string{{"/dev/zero", link}, {loop, loop}} {
		if err := os.Symlink(pair[0], pair[1]); err != nil {
			t.Fatal(err)
		}
	}
	socket := filepath.Join(directory, "socket")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	for path, says := range map[string]string{
		fifo:            "it is not a regular file",
		"/dev/zero":     "it is not a regular file",
		link:            "it is not a regular file",
		loop:            "too many levels of symbolic links",
		socket:          "no such device or address",
		fifo + "/below": "not a directory",
	} {
		p := parameters("https://lts.example.com")
		p.CAFile = path
		checkCAFile(t, path, ask(t, &p), fmt.Sprintf("%q", path), says)
	}
}

func TestCAFileThatMayNotBeRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "root.pem")
	write(t, path, "secret")
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		// Root may read every file; meanwhile this thread is nobody to the file system.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := syscall.Setfsuid(65534); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = syscall.Setfsuid(0) }()
	}
	p := parameters("https://lts.example.com")
	p.CAFile = path
	checkCAFile(t, path, ask(t, &p), fmt.Sprintf("%q", path), "permission denied")
}
