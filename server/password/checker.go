package password

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"runtime"
	"time"

	"github.com/openlts/openlts/server/recent"
)

// How many results are remembered. Wrong passwords are kept separately, so that an attacker who
// guesses can't push out the results of honest devices.
const (
	maxRight = 20_000
	maxWrong = 20_000
)

// maxWait is how long a password waits for its turn to be hashed.
const maxWait = 10 * time.Second

// ErrBusy is the error if a password could not be hashed in time.
var ErrBusy = errors.New("too many passwords are being checked")

// Checker checks passwords. It hashes each once and then remembers the result under a digest with a
// key that only this process knows, so that hashing does not limit how many devices are authorized.
// It hashes only a few at the same time, because each hash takes 19 MiB.
type Checker struct {
	key    [32]byte
	right  *recent.Cache[string]   // the hash that fits, by owner and password
	wrong  *recent.Cache[struct{}] // by owner, password and hash
	places chan struct{}
	verify func(password, hash string) (bool, error)
}

// NewChecker makes a checker.
func NewChecker() *Checker {
	c := &Checker{
		right: recent.New[string](maxRight), wrong: recent.New[struct{}](maxWrong),
		places: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)), verify: Verify,
	}
	_, _ = rand.Read(c.key[:]) // never fails
	return c
}

// Right gives the hash that a password of an owner is known to fit.
func (c *Checker) Right(owner, password string) (hash string, known bool) {
	return c.right.Get(c.digest(owner, password))
}

// Try tells whether a password of an owner fits a hash. Before it hashes anything,
// admit may refuse with an error.
func (c *Checker) Try(ctx context.Context, owner, password, hash string, admit func() error) (bool, error) {
	name, whole := c.digest(owner, password), c.digest(owner, password, hash)
	if known, ok := c.right.Get(name); ok && known == hash {
		return true, nil
	}
	if _, ok := c.wrong.Get(whole); ok {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	select {
	case c.places <- struct{}{}:
		defer func() { <-c.places }()
	case <-ctx.Done():
		return false, ErrBusy
	}
	// Another request with the same password may have found out meanwhile.
	if known, ok := c.right.Get(name); ok && known == hash {
		return true, nil
	}
	if err := admit(); err != nil {
		return false, err
	}
	fits, err := c.verify(password, hash)
	switch {
	case err != nil:
		return false, err
	case fits:
		c.right.Put(name, hash)
	default:
		c.wrong.Put(whole, struct{}{})
	}
	return fits, nil
}

// digest identifies texts without revealing them.
func (c *Checker) digest(texts ...string) string {
	h := hmac.New(sha256.New, c.key[:])
	for _, text := range texts {
		sum := sha256.Sum256([]byte(text))
		h.Write(sum[:])
	}
	return string(h.Sum(nil))
}
