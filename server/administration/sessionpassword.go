package administration

import (
	"context"
	"errors"
	"time"

	"github.com/openlts/openlts/server/password"
	"github.com/openlts/openlts/server/store"
)

// MaxOverlapDays is how long a replaced session password may stay valid.
const MaxOverlapDays = 3650

const maxOverlap = MaxOverlapDays * 24 * time.Hour

// SetSessionPassword changes the session password of a handshake code; an empty one means that the
// code has none any more. The former password stays valid for overlap, so that applications can be
// updated one by one.
func (a *Administrator) SetSessionPassword(ctx context.Context, code, sessionPassword string,
	overlap time.Duration) error {
	if err := errors.Join(a.may(Editor),
		checkText("sessionPassword", "the session password", sessionPassword)); err != nil {
		return err
	}
	if overlap < 0 || overlap > maxOverlap {
		return invalid("overlapDays", "the time in which both passwords work is from 0 to %d days", MaxOverlapDays)
	}
	hash := ""
	if sessionPassword != "" {
		hash = password.Hash(sessionPassword)
	}
	return a.Store.Update(ctx, func(tx store.Tx) error {
		c, err := a.visibleCode(tx, code)
		if err != nil {
			return err
		}
		previous, until := c.SessionPassword, a.Now().Add(overlap).Unix()
		if overlap == 0 || previous == "" || hash == "" {
			previous, until = "", 0
		}
		if err := tx.SetSessionPassword(c.Key, hash, previous, until); err != nil {
			return err
		}
		return a.audit(tx, "handshake.password", code, "%s", overlapping(hash != "", until))
	})
}

// checkSessionPassword says whether this is the session password of a code.
func checkSessionPassword(code store.HandshakeCode, sessionPassword string) error {
	if code.SessionPassword == "" {
		if sessionPassword != "" {
			return invalid("sessionPassword", "handshake code %s has no session password", code.Code)
		}
		return nil
	}
	if sessionPassword == "" {
		return invalid("sessionPassword",
			"handshake code %s has a session password, which the license key has to hold; "+
				"give it (only its hash is kept here)", code.Code)
	}
	fits, err := password.Verify(sessionPassword, code.SessionPassword)
	if err == nil && !fits {
		err = invalid("sessionPassword", "this is not the session password of handshake code %s", code.Code)
	}
	return err
}
