package password

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestHash(t *testing.T) {
	first, second := Hash("s3cret"), Hash("s3cret")
	if first == second || strings.Contains(first, "s3cret") || !IsHash(first) || IsHash("s3cret") {
		t.Errorf("%s, %s", first, second)
	}
	for password, want := range map[string]bool{"s3cret": true, "S3cret": false, "": false} {
		if got, err := Verify(password, first); err != nil || got != want {
			t.Errorf("%q: %t, %v", password, got, err)
		}
	}
}

// Whatever number of people ask at once, few hashes take their memory at once.
func TestFewAreHashedAtOnce(t *testing.T) {
	original := derive
	t.Cleanup(func() { derive = original })
	var inside, most atomic.Int64
	derive = func(_, _ []byte, _, _ uint32, _ uint8, length uint32) []byte {
		now := inside.Add(1)
		for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
		}
		runtime.Gosched()
		inside.Add(-1)
		return make([]byte, length)
	}
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			if fits, err := Verify("x", Hash("x")); err != nil || !fits {
				t.Error(fits, err)
			}
		})
	}
	wg.Wait()
	if most.Load() > int64(cap(hashing)) {
		t.Errorf("%d at once", most.Load())
	}
}

// A damaged hash is an error, and costs nothing.
func TestDamagedHashes(t *testing.T) {
	good := Hash("x")
	for _, hash := range []string{
		"", "x", "$argon2id$", strings.Replace(good, "argon2id", "argon2i", 1),
		strings.Replace(good, "v=19", "v=16", 1), strings.Replace(good, "m=19456", "m=4000000000", 1),
		strings.Replace(good, "t=2", "t=100000", 1), strings.Replace(good, "p=1", "p=0", 1),
		strings.Replace(good, "p=1", "p=999", 1), good[:len(good)-40], good + strings.Repeat("A", 1000), good + "!",
	} {
		if fits, err := Verify("x", hash); !errors.Is(err, ErrHash) || fits {
			t.Errorf("%q: %t, %v", hash, fits, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, hash string) {
		p, err := parse(hash)
		if err == nil && (p.memory > maxMemory || p.passes > maxPasses) {
			t.Errorf("%+v", p)
		}
	})
}

func admit() error { return nil }

// What was found out once is not hashed again, right or wrong; other owners,
// passwords and hashes are other questions.
func TestRemembers(t *testing.T) {
	c, hashed := NewChecker(), 0
	c.verify = func(password, hash string) (bool, error) {
		hashed++
		return "hash of "+password == hash, nil
	}
	for range 3 {
		for _, test := range []struct {
			owner, password, hash string
			want                  bool
		}{
			{"a", "p", "hash of p", true}, {"a", "q", "hash of p", false}, {"b", "p", "hash of p", true},
			{"a", "p", "hash of r", false},
		} {
			if got, err := c.Try(t.Context(), test.owner, test.password, test.hash, admit); err != nil ||
				got != test.want {
				t.Errorf("%+v: %t, %v", test, got, err)
			}
		}
	}
	if hashed != 4 {
		t.Errorf("hashed %d times", hashed)
	}
	if hash, known := c.Right("a", "p"); !known || hash != "hash of p" {
		t.Errorf("%q, %t", hash, known)
	}
	if _, known := c.Right("a", "q"); known {
		t.Error("a wrong password is right")
	}
	refused := errors.New("refused")
	if _, err := c.Try(t.Context(), "a", "new", "hash of p", func() error { return refused }); !errors.Is(err,
		refused) || hashed != 4 {
		t.Errorf("%v, hashed %d times", err, hashed)
	}
}

// Few are hashed at once, and who waits too long is told.
func TestBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewChecker()
		var at, most atomic.Int64
		release := make(chan struct{})
		c.verify = func(string, string) (bool, error) {
			most.Store(max(most.Load(), at.Add(1)))
			<-release
			at.Add(-1)
			return true, nil
		}
		var wg sync.WaitGroup
		var busy, done atomic.Int64
		for i := range 50 {
			wg.Go(func() {
				switch _, err := c.Try(context.Background(), "a", fmt.Sprint(i), "h", admit); {
				case errors.Is(err, ErrBusy):
					busy.Add(1)
				case err == nil:
					done.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		places := int64(cap(c.places))
		if most.Load() != places {
			t.Errorf("%d at once", most.Load())
		}
		for busy.Load() < 50-places {
			synctest.Wait()
			time.Sleep(maxWait)
		}
		close(release)
		wg.Wait()
		if done.Load() != places || busy.Load() != 50-places {
			t.Errorf("%d done, %d busy", done.Load(), busy.Load())
		}
	})
}
