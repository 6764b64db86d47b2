//go:build unix

package device

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
)

// machineID reads the identifier that systemd and D-Bus give the machine. On macOS and the BSDs,
// only running a program would tell one, which a library in a host's process must not do.
func machineID() (string, error) {
	return firstMachineID("/etc/machine-id", "/var/lib/dbus/machine-id")
}

// firstMachineID reads the first file with a valid identifier. It skips placeholders
// ("uninitialized", zeros and others) and empty files, as in a system image from which many
// machines were made: otherwise these would all be one device.
func firstMachineID(paths ...string) (string, error) {
	problem := errors.New("there is no " + paths[0])
	for i, path := range paths {
		id, err := readMachineID(path)
		if err == nil {
			return id, nil
		}
		if i == 0 && !errors.Is(err, os.ErrNotExist) {
			problem = err
		}
	}
	return "", problem
}

func readMachineID(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, 256))
	if err != nil {
		return "", err
	}
	id := normalized(string(text))
	if raw, err := hex.DecodeString(id); err != nil || len(raw) != 16 || placeholder(id) {
		return "", fmt.Errorf("%s holds %.40q, which identifies no machine", path, id)
	}
	return id, nil
}
