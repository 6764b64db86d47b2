package ledger

import "context"

// CachedAuthorization is an authorization as received from a server.
type CachedAuthorization struct {
	JWS        string
	PublicKey  string // the server's, base64url
	ReceivedAt int64  // by our clock
}

// SaveAuthorization keeps an authorization for use without a server. request is
// the digest of what was asked for.
func (l *Ledger) SaveAuthorization(ctx context.Context, request string, a CachedAuthorization) error {
	return l.exec(ctx, `INSERT INTO authorization (request, jws, public_key, received_at) VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET jws = excluded.jws, public_key = excluded.public_key, received_at = excluded.received_at`,
		request, a.JWS, a.PublicKey, a.ReceivedAt)
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

// DropAuthorization forgets a cached authorization, because a server refused
// what it granted before.
func (l *Ledger) DropAuthorization(ctx context.Context, request string) error {
	return l.exec(ctx, "DELETE FROM authorization WHERE request = ?", request)
}

// ServerKey is the key a server was first seen with; "" if it never was.
func (l *Ledger) ServerKey(ctx context.Context, server string) (key string, err error) {
	_, err = l.get(ctx, "SELECT public_key FROM server_key WHERE server = ?", []any{server}, &key)
	return key, err
}

// RememberServerKey keeps the key a server was first seen with. A key that is
// remembered already stays.
func (l *Ledger) RememberServerKey(ctx context.Context, server, key string, now int64) error {
	return l.exec(ctx, "INSERT INTO server_key (server, public_key, seen_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", server, key, now)
}
