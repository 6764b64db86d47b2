package administration

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// Limits of a password, in characters and bytes.
const (
	MinPassword = 10
	maxPassword = 1024
)

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

// digest is what the server stores of a secret. It can't be reversed, and a random secret can't be
// guessed, so it need not be slow.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
