//go:build !windows

package client

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
)

// usersDirectory is where usage is kept unless the host says otherwise.
func usersDirectory() (string, error) {
	home, _ := os.UserHomeDir() // "": the environment names none
	return defaultDirectory(home)
}

// defaultDirectory is where usage is kept unless the host says otherwise: .openlts
// in the home directory that the environment names, as everything else of the user
// is, or else the user database.
func defaultDirectory(environment string) (string, error) {
	home := environment
	if !aHome(home) || otherPrivileges() {
		home = ""
		if u, err := user.Current(); err == nil {
			home = u.HomeDir
		}
	}
	if !aHome(home) {
		return "", fmt.Errorf("user %d has no home directory (HOME is %q): set dataDirectory, or HOME, to a directory "+
			"that can be written",
			os.Geteuid(), environment)
	}
	return filepath.Join(home, ".openlts"), nil
}

// aHome tells whether a path may be a home directory. The root is what users without
// one get.
func aHome(path string) bool { return filepath.IsAbs(path) && filepath.Clean(path) != "/" }

// otherPrivileges tells whether the program has rights that whoever started it, and
// chose its environment, may not have.
func otherPrivileges() bool { return os.Getuid() != os.Geteuid() || os.Getgid() != os.Getegid() }
