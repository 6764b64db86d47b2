package administration

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// What passwords of accounts cost to try: 19 MiB and two passes each, which OWASP
// names as the least.
const (
	argonMemory = 19 << 10 // KiB
	argonPasses = 2
	argonLanes  = 1
	argonSalt   = 16
	argonSum    = 32
)

// Limits of a password, in characters and bytes.
const (
	MinPassword = 10
	maxPassword = 1024
)

// hashing bounds how much memory hashing takes at once.
var hashing = make(chan struct{}, 2)

func argon(ctx context.Context, password string, salt []byte, memory, passes uint32, lanes uint8, size uint32) ([]byte, error) {
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), salt, passes, memory, lanes, size), nil
}

// hashPassword gives what is kept of a password.
func hashPassword(ctx context.Context, password string) (string, error) {
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt) // never fails
	sum, err := argon(ctx, password, salt, argonMemory, argonPasses, argonLanes, argonSum)
	if err != nil {
		return "", err
	}
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonPasses, argonLanes, encode(salt), encode(sum)), nil
}

// checkPassword tells whether a password is the one that was hashed.
func checkPassword(ctx context.Context, password, hashed string) (bool, error) {
	if len(password) > maxPassword {
		return false, nil
	}
	parts := strings.Split(hashed, "$")
	var version int
	var memory, passes uint32
	var lanes uint8
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, fmt.Errorf("a stored password is not of argon2id")
	}
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false, fmt.Errorf("a stored password is of another version of argon2id")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); err != nil || memory > 1<<20 || passes > 64 || passes < 1 || lanes < 1 {
		return false, fmt.Errorf("a stored password has parameters that can't be")
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, err
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) < 16 || len(want) > 128 {
		return false, fmt.Errorf("a stored password is damaged")
	}
	got, err := argon(ctx, password, salt, memory, passes, lanes, uint32(len(want)))
	return err == nil && subtle.ConstantTimeCompare(got, want) == 1, err
}

func checkNewPassword(password, name string) error {
	switch n := utf8.RuneCountInString(password); {
	case n < MinPassword:
		return invalid("password", "the password has %d characters; %d are the least", n, MinPassword)
	case len(password) > maxPassword:
		return invalid("password", "the password is longer than %d bytes", maxPassword)
	case !utf8.ValidString(password):
		return invalid("password", "the password is not text")
	case strings.EqualFold(password, name), strings.Trim(password, password[:1]) == "":
		return invalid("password", "this password would be guessed first")
	}
	return nil
}

// secret makes a random text of 256 bits, for a session, a token or a link.
func secret() string {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	return base64.RawURLEncoding.EncodeToString(random)
}

// digest is what is kept of a secret: nothing leads back from it, and there is
// nothing to guess, so it need not be slow.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
