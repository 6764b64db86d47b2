//go:build unix

package device

import (
	"errors"
	"os"
)

// machineID reads what systemd and D-Bus identify the machine by. macOS and the
// BSDs have neither without running a program, which a library in a host's
// process must not do.
func machineID() (string, error) {
	for _, path := range []string{"/etc/machine-id", "/var/lib/dbus/machine-id"} {
		if id, err := os.ReadFile(path); err == nil && len(id) > 0 {
			return string(id), nil
		}
	}
	return "", errors.New("there is no /etc/machine-id")
}
