package client

import (
	"fmt"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// usersDirectory is the default data directory: OpenLTS in the user's local application data. It
// asks the system and not the environment, which whoever started the program has chosen. It is not
// the roaming directory, which would follow the user from machine to machine and make several
// machines one device.
func usersDirectory() (string, error) {
	data, err := windows.KnownFolderPath(windows.FOLDERID_LocalAppData, windows.KF_FLAG_DEFAULT)
	if err != nil {
		return "", fmt.Errorf("the user has no directory for local application data: set dataDirectory to one that "+
			"can be written: %w", err)
	}
	return filepath.Join(data, "OpenLTS"), nil
}
