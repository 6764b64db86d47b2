package device

import (
	"crypto/sha256"
	"strings"

	"github.com/google/uuid"
)

// hardware derives a client UUID from the machine's own identifier. The hash
// keeps the identifier itself from leaving the machine (docs/compatibility.md, "Client UUID").
func hardware() (string, error) {
	id, err := machineID()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte("openlts/device\n" + id))
	derived, err := uuid.FromBytes(sum[:16])
	if err != nil {
		return "", err
	}
	derived[6] = derived[6]&0x0f | 0x80 // version 8: our own scheme (RFC 9562)
	derived[8] = derived[8]&0x3f | 0x80
	return derived.String(), nil
}

// normalized is an identifier as it is hashed.
func normalized(id string) string { return strings.TrimSpace(strings.ToLower(id)) }
