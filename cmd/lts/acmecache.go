package main

import (
	"context"
	"errors"

	"golang.org/x/crypto/acme/autocert"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// storedCertificates stores the account key and certificates in the database, so that servers on
// several machines share them. If the authority reaches another server than the one that requested
// the certificate, that server knows the proof, too.
type storedCertificates struct{ store store.Store }

var _ autocert.Cache = storedCertificates{}

func (c storedCertificates) Get(ctx context.Context, name string) ([]byte, error) {
	data, err := records.Certificate(ctx, c.store, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, autocert.ErrCacheMiss
	}
	return []byte(data), err
}

func (c storedCertificates) Put(ctx context.Context, name string, data []byte) error {
	return c.store.Update(ctx, func(tx store.Tx) error { return records.PutCertificate(ctx, tx, name, string(data)) })
}

func (c storedCertificates) Delete(ctx context.Context, name string) error {
	return c.store.Update(ctx, func(tx store.Tx) error { return records.DeleteCertificate(ctx, tx, name) })
}
