package ledger

import (
	"context"
	"database/sql"
)

// Anchor relates our clock to a server's: at the same moment the server's clock showed Server and
// ours Wall, in seconds since 1970. It moves on with every authorization, and whenever the server's
// time is reckoned from it.
type Anchor struct{ Server, Wall int64 }

// anchorMarks are the names under which an anchor is stored.
func anchorMarks(lts string) (server, wall string) { return "server_time " + lts, "wall_time " + lts }

// Anchor is the anchor of a server, named by the id of its signing key.
func (l *Ledger) Anchor(ctx context.Context, lts string) (a Anchor, found bool, err error) {
	server, wall := anchorMarks(lts)
	found, err = l.get(ctx, "SELECT s.value, w.value FROM mark s, mark w WHERE s.name = ? AND w.name = ?",
		[]any{server, wall}, &a.Server, &a.Wall)
	return a, found, err
}

// SetAnchor stores the anchor of a server and replaces the one before.
func (l *Ledger) SetAnchor(ctx context.Context, lts string, a Anchor) error {
	return l.transaction(ctx, func(tx *sql.Tx) error { return setAnchor(tx, lts, a) })
}

func setAnchor(tx *sql.Tx, lts string, a Anchor) error {
	server, wall := anchorMarks(lts)
	_, err := tx.Exec(
		`INSERT INTO mark (name, value) VALUES (?, ?), (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value`,
		server, a.Server, wall, a.Wall)
	return err
}
