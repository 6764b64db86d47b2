package records

import (
	"context"

	"github.com/openlts/openlts/server/store"
)

// Certificate returns what is stored under a name for certificate authorities: a key, or a
// certificate with its key; store.ErrNotFound.
func Certificate(ctx context.Context, r store.Reader, name string) (string, error) {
	list, err := texts(ctx, r, "SELECT data FROM certificate WHERE name = ?", name)
	return one(list, err)
}

// PutCertificate stores it and replaces what was there.
func PutCertificate(ctx context.Context, tx store.Tx, name, data string) error {
	return exec(ctx, tx, "INSERT INTO certificate (name, data) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET data "+
		"= excluded.data", name, data)
}

// DeleteCertificate deletes it, if it is there.
func DeleteCertificate(ctx context.Context, tx store.Tx, name string) error {
	return exec(ctx, tx, "DELETE FROM certificate WHERE name = ?", name)
}
