//go:build !windows

package client

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
)

// usersDirectory is the default data directory.
func usersDirectory() (string, error) {
	home, _ := os.UserHomeDir() // "" if the environment names none
	return defaultDirectory(home)
}

// defaultDirectory is the default data directory: .openlts in the home directory that the
// environment names or, if it names none, the user database.
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

// aHome tells whether a path may be a home directory. Users without a home directory have the root.
func aHome(path string) bool { return filepath.IsAbs(path) && filepath.Clean(path) != "/" }

// otherPrivileges tells whether the program has rights that the user who started it, and set its
// environment, may not have.
func otherPrivileges() bool { return os.Getuid() != os.Geteuid() || os.Getgid() != os.Getegid() }
