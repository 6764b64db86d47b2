package ledger

import (
	"context"
	"database/sql"
)

// CachedAuthorization is an authorization as received from a server.
type CachedAuthorization struct {
	JWS        string
	PublicKey  string // the server's key, base64url
	ReceivedAt int64  // by our clock
}

// Grant is what the ledger remembers of an authorization.
type Grant struct {
	Request string // digest of what was asked for
	CachedAuthorization
	LTS    string // id of the server's signing key
	Anchor Anchor
	// FirstMet is the address of the server if this was the first contact: the ledger then
	// remembers the key for this address, unless it remembers one already.
	FirstMet string
}

// SaveGrant stores an authorization for use without a server, and what it tells about the server.
func (l *Ledger) SaveGrant(ctx context.Context, g Grant) error {
	return l.grow(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO authorization (request, jws, public_key, received_at) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET jws = excluded.jws, public_key = excluded.public_key, received_at = excluded.received_at`,
			g.Request, g.JWS, g.PublicKey, g.ReceivedAt)
		if err != nil {
			return err
		}
		if g.FirstMet != "" {
			_, err := tx.Exec(
				"INSERT INTO server_key (server, public_key, seen_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
				g.FirstMet, g.PublicKey, g.ReceivedAt)
			if err != nil {
				return err
			}
		}
		return setAnchor(tx, g.LTS, g.Anchor)
	}, func() {})
}

// Authorization finds a cached authorization; nil if there is none.
func (l *Ledger) Authorization(ctx context.Context, request string) (*CachedAuthorization, error) {
	var a CachedAuthorization
	found, err := l.get(ctx, "SELECT jws, public_key, received_at FROM authorization WHERE request = ?", []any{request},
		&a.JWS, &a.PublicKey, &a.ReceivedAt)
	if !found {
		return nil, err
	}
	return &a, nil
}

// DropAuthorization deletes a cached authorization, because the server now refuses what it granted
// before.
func (l *Ledger) DropAuthorization(ctx context.Context, request string) error {
	return l.exec(ctx, "DELETE FROM authorization WHERE request = ?", request)
}

// ServerKey is the key that a server showed at the first contact; "" if there was none.
func (l *Ledger) ServerKey(ctx context.Context, server string) (key string, err error) {
	_, err = l.get(ctx, "SELECT public_key FROM server_key WHERE server = ?", []any{server}, &key)
	return key, err
}
