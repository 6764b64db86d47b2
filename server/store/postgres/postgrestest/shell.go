package postgrestest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Shell makes a directory for the commands of a page of documentation, and gives the
// environment in which PostgreSQL's programs work on the cluster, as its superuser.
// Servers that are started on a folder of the directory end with the test.
func (c *Cluster) Shell(t testing.TB) (directory string, environment []string) {
	t.Helper()
	directory, err := c.makeDirectory(c.Directory, "shell-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { endServers(t, directory) })
	path := c.programs + string(os.PathListSeparator) + os.Getenv("PATH")
	if c.as != nil {
		programs := t.TempDir()
		for _, name := range []string{"pg_ctl", "pg_basebackup"} { // those that make files, or refuse to run as root
			script := fmt.Sprintf("#!/bin/sh\nexec setpriv --reuid=%d --regid=%d --clear-groups %s \"$@\"\n", c.as.Uid,
				c.as.Gid, filepath.Join(c.programs, name))
			if err := os.WriteFile(filepath.Join(programs, name), []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		path = programs + string(os.PathListSeparator) + path
	}
	return directory, []string{"PGHOST=" + c.Directory, "PGUSER=" + Superuser, "PATH=" + path}
}

// endServers ends the servers whose data is in folders of a directory.
func endServers(t testing.TB, directory string) {
	files, err := filepath.Glob(filepath.Join(directory, "*", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		first, _, _ := strings.Cut(string(text), "\n")
		pid, wrong := strconv.Atoi(first)
		if err := errors.Join(err, wrong); err != nil {
			t.Error(err)
			continue
		}
		deadline := time.Now().Add(10 * time.Second)
		for syscall.Kill(pid, syscall.SIGQUIT) == nil {
			if time.Now().After(deadline) {
				t.Errorf("the server of %s does not end", file)
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}
