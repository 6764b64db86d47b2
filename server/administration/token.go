package administration

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// Scope is what a token may be used for.
type Scope string

// Scopes.
const (
	ScopeRead  Scope = "read"
	ScopeWrite Scope = "write"
)

// tokenPrefix lets scanners for leaked secrets recognize a token.
const tokenPrefix = "lts_"

// Token is a token of the API, as it is shown.
type Token struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Scope        Scope  `json:"scope"`
	Organization string `json:"organization,omitempty"` // "": all
	CreatedBy    string `json:"createdBy"`
	CreatedAt    int64  `json:"createdAt"`
	ExpiresAt    int64  `json:"expiresAt,omitempty"` // 0: never
	SeenAt       int64  `json:"seenAt,omitempty"`    // 0: never
}

func viewToken(t records.Token) Token {
	return Token{t.ID, t.Name, Scope(t.Scope), t.Organization, t.CreatedBy, t.CreatedAt, t.ExpiresAt, t.SeenAt}
}

// TokenInput is a token to add.
type TokenInput struct {
	Name         string `json:"name"`
	Scope        Scope  `json:"scope"`
	Organization string `json:"organization,omitempty"`
	ExpiresAt    int64  `json:"expiresAt,omitempty"` // 0: never
}

// Tokens lists all tokens; for owners.
func (a *Administrator) Tokens(ctx context.Context) ([]Token, error) {
	if err := a.may(Owner); err != nil {
		return nil, err
	}
	stored, err := records.Tokens(ctx, a.Store)
	list := make([]Token, len(stored))
	for i, token := range stored {
		list[i] = viewToken(token)
	}
	return list, err
}

// AddToken adds a token and returns its secret, only this time; for owners.
func (a *Administrator) AddToken(ctx context.Context, in TokenInput) (Token, string, error) {
	now := a.Now().Unix()
	errs := []error{a.may(Owner), checkName("token", in.Name)}
	if in.Scope != ScopeRead && in.Scope != ScopeWrite {
		errs = append(errs, invalid("scope", "there is no scope %q; choose from read, write", in.Scope))
	}
	if in.ExpiresAt != 0 && in.ExpiresAt <= now {
		errs = append(errs, invalid("expiresAt", "the token would have expired already"))
	}
	if err := errors.Join(errs...); err != nil {
		return Token{}, "", err
	}
	made := tokenPrefix + secret()
	token := records.Token{
		ID: "token-" + strings.ToLower(randomText()), Digest: digest(made), Name: in.Name, Scope: string(in.Scope),
		Organization: in.Organization, CreatedBy: a.Actor, CreatedAt: now, ExpiresAt: in.ExpiresAt,
	}
	return viewToken(token), made, a.Store.Update(ctx, func(tx store.Tx) error {
		if in.Organization != "" {
			if _, err := tx.Organization(in.Organization); err != nil {
				return notFound(err, ObjectOrganization, in.Organization)
			}
		}
		if err := records.AddToken(ctx, tx, token); err != nil {
			return err
		}
		return a.audit(tx, "token.add", token.ID, "name %q, scope %s, %s", in.Name, in.Scope, reach(in.Organization))
	})
}

// RemoveToken revokes a token; for owners.
func (a *Administrator) RemoveToken(ctx context.Context, id string) error {
	if err := a.may(Owner); err != nil {
		return err
	}
	return a.Store.Update(ctx, func(tx store.Tx) error {
		if err := records.RemoveToken(ctx, tx, id); err != nil {
			return notFound(err, ObjectToken, id)
		}
		return a.audit(tx, "token.remove", id, "")
	})
}

// Bearer gives the principal of a token. A token may at most change what an administrator may, and
// never manages accounts.
func (a *Administrator) Bearer(ctx context.Context, attempts *Attempts, network, token string) (Principal, error) {
	now := a.Now()
	t, err := records.FindToken(ctx, a.Store, digest(token))
	if errors.Is(err, store.ErrNotFound) || err == nil && t.ExpiresAt != 0 && now.Unix() >= t.ExpiresAt {
		// Nobody can guess 256 bits; this limits what attempts cost the server.
		if _, ok := attempts.take("token of "+network, network, now); !ok {
			return Principal{}, &Error{Kind: Limited, Text: "too many wrong tokens; wait a minute"}
		}
		return Principal{}, &Error{Kind: Unauthenticated, Text: "this token is not known, or has expired"}
	}
	if err != nil {
		return Principal{}, err
	}
	if now.Sub(time.Unix(t.SeenAt, 0)) > touchTime {
		if err := a.Store.Update(ctx, func(tx store.Tx) error {
			return records.TouchToken(ctx, tx, t.Digest, now.Unix())
		}); err != nil {
			return Principal{}, err
		}
	}
	role := Viewer
	if Scope(t.Scope) == ScopeWrite {
		role = Editor
	}
	return Principal{Name: "token " + t.Name + " (" + t.ID + ")", Role: role, Organization: t.Organization}, nil
}
