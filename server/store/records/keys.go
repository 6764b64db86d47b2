package records

import (
	"context"

	"github.com/openlts/openlts/server/store"
)

// ServerKeys reads the server's keys; store.ErrNotFound. It writes nothing, so that a
// server can start on a replica.
func ServerKeys(ctx context.Context, r store.Reader) (store.ServerKeys, error) {
	var list []store.ServerKeys
	err := r.Query(ctx, "SELECT signing, report FROM server_key", nil, func(scan func(...any) error) error {
		var keys store.ServerKeys
		err := scan(&keys.Signing, &keys.Report)
		list = append(list, keys)
		return err
	})
	return one(list, err)
}
