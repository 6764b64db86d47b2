package device

import (
	"encoding/hex"
	"fmt"

	"github.com/google/uuid"
	"golang.org/x/sys/windows/registry"
)

func machineID() (string, error) {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, `SOFTWARE\Microsoft\Cryptography`,
		registry.QUERY_VALUE|registry.WOW64_64KEY)
	if err != nil {
		return "", err
	}
	defer func() { _ = key.Close() }()
	id, _, err := key.GetStringValue("MachineGuid")
	if err != nil {
		return "", err
	}
	id = normalized(id)
	if parsed, err := uuid.Parse(id); err != nil || placeholder(hex.EncodeToString(parsed[:])) {
		return "", fmt.Errorf("MachineGuid is %.40q, which identifies no machine", id)
	}
	return id, nil
}
