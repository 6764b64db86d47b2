package administration

import (
	"context"
	"errors"
	"time"

	"github.com/openlts/openlts/server/password"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// CodeReplacement is the handshake code that takes the place of another one.
type CodeReplacement struct {
	Custom string `json:"custom"` // the part after "<organization>-"
	// SessionPassword is the new code's; needed if the former code has one, because whoever has a
	// license key of that knows its password as well.
	SessionPassword string `json:"sessionPassword,omitempty"`
	// OverlapDays is how long both codes work, from 0 to MaxOverlapDays.
	OverlapDays int64 `json:"overlapDays,omitempty"`
}

// ReplaceCode adds a handshake code that gives what another one gives: the same items in the same
// order, to the same applications, and as the default of the organization if the former one was.
// The former one is archived once the overlap has passed, so that applications can be updated one
// by one, for example after a license key leaked. What was counted under it stays.
func (a *Administrator) ReplaceCode(ctx context.Context, code string, in CodeReplacement) (Code, error) {
	if err := errors.Join(checkID("custom", "the custom part of the handshake code", in.Custom),
		checkText("sessionPassword", "the session password", in.SessionPassword)); err != nil {
		return Code{}, err
	}
	if in.OverlapDays < 0 || in.OverlapDays > MaxOverlapDays {
		return Code{}, invalid("overlapDays", "the time in which both codes work is from 0 to %d days", MaxOverlapDays)
	}
	hash := ""
	if in.SessionPassword != "" {
		hash = password.Hash(in.SessionPassword)
	}
	next := ""
	err := a.changeCode(ctx, code, func(tx store.Tx, c store.HandshakeCode) error {
		now := a.Now()
		switch {
		case c.Archived(now.Unix()):
			return &Error{Kind: Conflict, Object: ObjectCode, ID: code,
				Text: "handshake code " + code + " is archived: take it back first"}
		case c.PublicTrial:
			return &Error{Kind: Conflict, Object: ObjectCode, ID: code, Text: "handshake code " + code +
				" has the public trial, which stays with it: give the trial to another code first"}
		case c.SessionPassword != "" && hash == "":
			return invalid("sessionPassword", "handshake code %s has a session password, which its license keys "+
				"hold: give the new code its own", code)
		}
		fields, err := records.ValidationFields(ctx, tx, c.Key)
		if err != nil {
			return err
		}
		added := store.HandshakeCode{Code: c.Organization + "-" + in.Custom, Organization: c.Organization,
			SessionPassword: hash, ValidationFields: fields, Default: c.Default, CreatedAt: now.Unix()}
		if err := tx.AddHandshakeCode(added); errors.Is(err, store.ErrExists) {
			return exists(ObjectCode, added.Code)
		} else if err != nil {
			return err
		}
		if added, err = tx.HandshakeCode(added.Code); err != nil {
			return err
		}
		if err := records.AttachAlike(ctx, tx, c.Key, added.Key); err != nil {
			return err
		}
		until := now.Add(time.Duration(in.OverlapDays) * 24 * time.Hour)
		if err := tx.ArchiveHandshakeCode(c.Key, until.Unix()); err != nil {
			return err
		}
		next = added.Code
		return a.audit(tx, "handshake.replace", code, "by %s, works until %s, %s", next,
			until.UTC().Format(time.RFC3339), given(hash != "", "session password"))
	})
	if err != nil {
		return Code{}, err
	}
	return a.Code(ctx, next)
}
