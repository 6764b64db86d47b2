package device

import (
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// hardware derives a client UUID from the machine's own identifier. Because of the hash, the
// identifier itself does not leave the machine (docs/compatibility.md, "Client UUID").
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

// placeholders are identifiers, in hex digits, that makers of hardware or of system images use if
// there is no real one: many machines have the same.
var placeholders = []string{
	"03000200040005000006000700080009", "00020003000400050006000700080009",
	"12345678123456789012123456789012", "1234567812345678123456789abcdef0", "123456781234567890abcddeefaabbcc",
	"0102030405060708090a0b0c0d0e0f10", "000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff",
	"ffeeddccbbaa99887766554433221100", "fedcba9876543210fedcba9876543210",
}

// placeholder tells whether an identifier of 32 hex digits can't belong to a single machine: it is
// a known placeholder, or repeats a short pattern, as fewer than one in 2^64 random identifiers do.
func placeholder(digits string) bool {
	for period := 1; period < len(digits); period *= 2 {
		if strings.Repeat(digits[:period], len(digits)/period) == digits {
			return true
		}
	}
	return slices.Contains(placeholders, digits)
}

// normalized is an identifier in the form that is hashed.
func normalized(id string) string { return strings.TrimSpace(strings.ToLower(id)) }
