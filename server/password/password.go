// Package password hashes passwords with argon2id, in the PHC string format, so that a copy of the
// database reveals none. A hash takes memory and time by design, so results are remembered (see
// Checker).
package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The cost of a hash, as OWASP recommends for argon2id: about 30 ms.
const (
	memory  = 19 * 1024 // KiB
	passes  = 2
	threads = 1
	saltLen = 16
	hashLen = 32
)

// Limits for the parameters of a stored hash: a damaged row must not use up the server's memory.
const (
	maxMemory = 256 * 1024 // KiB
	maxPasses = 16
	maxHash   = 512 // bytes of the whole text
)

// hashing limits how many hashes this process makes at the same time: each takes memory, and a
// stranger may have caused it.
var hashing = make(chan struct{}, 2)

var derive = argon2.IDKey // tests count who is in it

// hash waits for its turn and makes the hash of a password.
func (p parameters) hash(password string, length int) []byte {
	hashing <- struct{}{}
	defer func() { <-hashing }()
	return derive([]byte(password), p.salt, p.passes, p.memory, p.threads, uint32(length))
}

// ErrHash is the error if a text is not a hash of this package.
var ErrHash = errors.New("the stored password is not an argon2id hash")

// Hash gives the hash of a password, with a new salt each time.
func Hash(password string) string {
	salt := make([]byte, saltLen)
	_, _ = rand.Read(salt) // never fails
	p := parameters{memory: memory, passes: passes, threads: threads, salt: salt}
	return format(memory, passes, threads, salt, p.hash(password, hashLen))
}

// IsHash tells whether a text looks like a hash.
func IsHash(text string) bool { return strings.HasPrefix(text, "$argon2id$") }

// Verify tells whether a password is the one that was hashed. It compares in constant time.
func Verify(password, hash string) (bool, error) {
	p, err := parse(hash)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(p.hash(password, len(p.sum)), p.sum) == 1, nil
}

var encoding = base64.RawStdEncoding

func format(memory, passes uint32, threads uint8, salt, sum []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, passes, threads,
		encoding.EncodeToString(salt), encoding.EncodeToString(sum))
}

type parameters struct {
	memory, passes uint32
	threads        uint8
	salt, sum      []byte
}

func parse(hash string) (p parameters, err error) {
	fields := strings.Split(hash, "$")
	if len(hash) > maxHash || len(fields) != 6 || fields[1] != "argon2id" {
		return p, ErrHash
	}
	var version int
	if _, err := fmt.Sscanf(fields[2], "v=%d", &version); err != nil || version != argon2.Version {
		return p, ErrHash
	}
	if _, err := fmt.Sscanf(fields[3], "m=%d,t=%d,p=%d", &p.memory, &p.passes, &p.threads); err != nil {
		return p, ErrHash
	}
	if p.memory < 8 || p.memory > maxMemory || p.passes < 1 || p.passes > maxPasses || p.threads < 1 {
		return p, ErrHash
	}
	salt, saltErr := encoding.DecodeString(fields[4])
	sum, sumErr := encoding.DecodeString(fields[5])
	if saltErr != nil || sumErr != nil || len(salt) < 8 || len(sum) < 16 {
		return p, ErrHash
	}
	p.salt, p.sum = salt, sum
	return p, nil
}
