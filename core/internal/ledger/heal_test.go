package ledger

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

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
