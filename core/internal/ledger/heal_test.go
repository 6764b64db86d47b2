package ledger

import (
	"database/sql"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestAHolderOfOursIsWaitedFor: once one of us has the lock that nobody could have for long,
// the others wait for that one as for any other, although it is slow.
func TestAHolderOfOursIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := Open(t.Context(), t.TempDir(), Options{Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		waited := make(chan error, 1)
		err = l.transaction(t.Context(), func(*sql.Tx) error {
			l.stuck.Store(true) // as if we had not got it yet
			go func() { waited <- l.Try(t.Context()) }()
			synctest.Wait() // until that one waits
			l.stuck.Store(false)
			time.Sleep(2 * shortPatience)
			return nil
		})
		if err = errors.Join(err, <-waited, l.Close()); err != nil {
			t.Error(err)
		}
	})
}

// TestAttempts are fewer and fewer while they fail.
func TestAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a attempts
		failure, made := errors.New("no"), 0
		fail := func() error { made++; return failure }
		for range 36000 { // an hour
			if err := a.try(fail); !errors.Is(err, failure) {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if made < 60 || made > 70 {
			t.Errorf("%d attempts in an hour", made)
		}
		time.Sleep(longestPause)
		if err := a.try(func() error { return nil }); err != nil {
			t.Error(err)
		}
		made = 0
		for range 2 { // what failed long ago is forgotten
			_ = a.try(fail)
			time.Sleep(firstPause)
		}
		if made != 2 {
			t.Errorf("%d attempts after a success", made)
		}
	})
}
