package api

import (
	"context"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/openlts/openlts/server/recent"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// Keys are the keys of a server.
type Keys struct {
	Signing ed25519.PrivateKey // signs authorizations and refusals
	Report  *ecdh.PrivateKey   // X25519; report keys are derived from it

	// devices are derived report keys, by the device's public key: devices come again, and deriving
	// a key costs more than the rest of an authorization.
	devices *recent.Cache[store.DeviceKey]
}

// maxDeviceKeys is how many report keys are remembered.
const maxDeviceKeys = 50_000

// Public is the key by which clients recognize the server.
func (k *Keys) Public() ed25519.PublicKey { return k.Signing.Public().(ed25519.PublicKey) }

// LoadKeys gives the keys in a store, and makes them at the first start.
func LoadKeys(ctx context.Context, s store.Store) (*Keys, error) {
	stored, err := records.ServerKeys(ctx, s)
	if errors.Is(err, store.ErrNotFound) {
		stored, err = makeKeys(ctx, s)
	}
	if err != nil {
		return nil, fmt.Errorf("loading the server's keys: %w", err)
	}
	report, err := ecdh.X25519().NewPrivateKey(stored.Report)
	if err != nil || len(stored.Signing) != ed25519.SeedSize {
		return nil,
			errors.Join(errors.New("the server's keys in the database are damaged; restore them from a backup"), err)
	}
	return &Keys{Signing: ed25519.NewKeyFromSeed(stored.Signing), Report: report,
		devices: recent.New[store.DeviceKey](maxDeviceKeys)}, nil
}

// makeKeys makes the keys of a store, unless another server has just done so.
func makeKeys(ctx context.Context, s store.Store) (stored store.ServerKeys, err error) {
	err = s.Update(ctx, func(tx store.Tx) (err error) {
		if stored, err = records.ServerKeys(ctx, tx); !errors.Is(err, store.ErrNotFound) {
			return err
		}
		stored.Signing = make([]byte, ed25519.SeedSize)
		if _, err := rand.Read(stored.Signing); err != nil {
			return err
		}
		report, err := ecdh.X25519().GenerateKey(rand.Reader)
		if err != nil {
			return err
		}
		stored.Report = report.Bytes()
		return tx.AddServerKeys(stored)
	})
	return stored, err
}
