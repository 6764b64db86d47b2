package client

import (
	"fmt"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// usersDirectory is where usage is kept unless the host says otherwise: OpenLTS in the
// user's local application data. The system is asked, and not the environment, which
// belongs to whoever started the program; and a directory that roams from machine to
// machine with the user would make one device of several.
func usersDirectory() (string, error) {
	data, err := windows.KnownFolderPath(windows.FOLDERID_LocalAppData, windows.KF_FLAG_DEFAULT)
	if err != nil {
		return "", fmt.Errorf("the user has no directory for local application data: set dataDirectory to one that "+
			"can be written: %w", err)
	}
	return filepath.Join(data, "OpenLTS"), nil
}
