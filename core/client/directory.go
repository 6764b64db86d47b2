package client

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
)

// defaultDirectory is where usage is kept unless the host says otherwise:
// .openlts in the user's home directory. The user database is asked and not the
// environment, which is not our interface.
func defaultDirectory() (string, error) {
	u, err := user.Current()
	if err != nil || u.HomeDir == "" || u.HomeDir == "/" {
		return "", fmt.Errorf("the user has no home directory; set dataDirectory")
	}
	return filepath.Join(u.HomeDir, ".openlts"), nil
}

// prepareDirectory makes the data directory and checks that it can be written.
func prepareDirectory(chosen string) (string, error) {
	directory := chosen
	if directory == "" {
		var err error
		if directory, err = defaultDirectory(); err != nil {
			return "", err
		}
	}
	// Absolute, because the host may change its working directory later.
	directory, err := filepath.Abs(directory)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return "", fmt.Errorf("the data directory can't be made: %w", err)
	}
	probe, err := os.CreateTemp(directory, "write-test-*.new")
	if err != nil {
		return "", fmt.Errorf("the data directory can't be written: %w", err)
	}
	_ = probe.Close()
	_ = os.Remove(probe.Name())
	return directory, nil
}
