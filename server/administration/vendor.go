package administration

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// ServerUUID is the UUID that license files name a server by: it comes from the key
// the server signs with, so a copy of the database is the same server.
func ServerUUID(signing ed25519.PublicKey) string {
	sum := sha256.Sum256(append([]byte("openlts/1/server\n"), signing...))
	id := uuid.UUID(sum[:16])
	id[6] = id[6]&0x0f | 0x80 // version 8: made in a way of our own
	id[8] = id[8]&0x3f | 0x80 // the variant of RFC 9562
	return id.String()
}

// VendorKey gives the key by which license files are signed here, making it at the
// first time. It is another key than the server's: what it signs is believed
// elsewhere.
func (a *Administrator) VendorKey(ctx context.Context) (key ed25519.PrivateKey, err error) {
	if err := errors.Join(a.may(Owner), a.everywhere()); err != nil {
		return nil, err
	}
	err = a.Store.Update(ctx, func(tx store.Tx) error {
		seed, err := tx.VendorKey()
		if errors.Is(err, store.ErrNotFound) {
			seed = make([]byte, ed25519.SeedSize)
			_, _ = rand.Read(seed) // never fails
			if err := tx.AddVendorKey(seed); err != nil {
				return err
			}
			key = ed25519.NewKeyFromSeed(seed)
			return a.audit(tx, "vendor.key", protocol.SigningKeyID(key.Public().(ed25519.PublicKey)), "made")
		}
		if err == nil && len(seed) != ed25519.SeedSize {
			err = errors.New("the vendor's key in the database is damaged; restore it from a backup")
		}
		if err != nil {
			return err
		}
		key = ed25519.NewKeyFromSeed(seed)
		return nil
	})
	return key, err
}

// TrustVendor has the license files of a vendor believed here.
func (a *Administrator) TrustVendor(ctx context.Context, publicKey, name string) (store.Vendor, error) {
	if err := errors.Join(a.may(Owner), a.everywhere()); err != nil {
		return store.Vendor{}, err
	}
	vendor := store.Vendor{Name: name, TrustedAt: a.Now().Unix()}
	if err := checkName("vendor", name); err != nil {
		return vendor, err
	}
	key, err := protocol.Encoding.DecodeString(publicKey)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return vendor, fmt.Errorf("%q is not the public key of a vendor; `lts vendor key` prints it at the vendor's", publicKey)
	}
	vendor.PublicKey = key
	return vendor, a.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.TrustVendor(vendor); err != nil {
			return err
		}
		return a.audit(tx, "vendor.trust", protocol.SigningKeyID(key), "name %q", name)
	})
}

// Vendors lists the vendors whose license files are believed here.
func (a *Administrator) Vendors(ctx context.Context) (vendors []store.Vendor, err error) {
	if err := errors.Join(a.may(Owner), a.everywhere()); err != nil {
		return nil, err
	}
	err = a.Store.Update(ctx, func(tx store.Tx) error {
		vendors, err = tx.Vendors()
		return err
	})
	return vendors, err
}

// trusted are the keys of the vendors that are believed, with the own one.
func trusted(tx store.Tx) (keys []ed25519.PublicKey, err error) {
	vendors, err := tx.Vendors()
	if err != nil {
		return nil, err
	}
	for _, vendor := range vendors {
		keys = append(keys, bytes.Clone(vendor.PublicKey))
	}
	seed, err := tx.VendorKey()
	if errors.Is(err, store.ErrNotFound) {
		return keys, nil
	}
	if err == nil && len(seed) == ed25519.SeedSize {
		keys = append(keys, ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey))
	}
	return keys, err
}
