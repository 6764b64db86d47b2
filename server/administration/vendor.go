package administration

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"errors"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// ServerUUID is the UUID by which license files name a server. It derives from the server's signing
// key, so a copy of the database is the same server.
func ServerUUID(signing ed25519.PublicKey) string {
	sum := sha256.Sum256(append([]byte("openlts/1/server\n"), signing...))
	id := uuid.UUID(sum[:16])
	id[6] = id[6]&0x0f | 0x80 // version 8: our own scheme
	id[8] = id[8]&0x3f | 0x80 // the variant of RFC 9562
	return id.String()
}

// VendorKey gives the key with which this server signs license files, and makes it at the first
// use. It is not the server's key, because other servers trust what it signs.
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
			err = errDamagedVendorKey
		}
		if err != nil {
			return err
		}
		key = ed25519.NewKeyFromSeed(seed)
		return nil
	})
	return key, err
}

// signer is the key with which this server signs license files. Only an owner can make it; after
// that, others may sign with it.
func (a *Administrator) signer(ctx context.Context) (ed25519.PrivateKey, error) {
	if a.may(Owner) == nil {
		return a.VendorKey(ctx)
	}
	var seed []byte
	err := a.Store.Update(ctx, func(tx store.Tx) (err error) {
		seed, err = tx.VendorKey()
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, &Error{
			Kind: NotFound, Text: "there is no key yet that signs license files; an owner makes it, on " +
				"the page of license files or by `lts vendor key`",
		}
	}
	if err == nil && len(seed) != ed25519.SeedSize {
		err = errDamagedVendorKey
	}
	if err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// errDamagedVendorKey is the error if the stored key is not a key.
var errDamagedVendorKey = errors.New("the vendor's key in the database is damaged; restore it from a backup")

// VendorPublicKey is the key by which other servers recognize license files of this server. An
// owner makes it at the first use.
func (a *Administrator) VendorPublicKey(ctx context.Context) (ed25519.PublicKey, error) {
	if err := errors.Join(a.may(Viewer), a.everywhere()); err != nil {
		return nil, err
	}
	key, err := a.signer(ctx)
	if err != nil {
		return nil, err
	}
	return key.Public().(ed25519.PublicKey), nil
}

// HasVendorKey tells whether this server can sign license files.
func (a *Administrator) HasVendorKey(ctx context.Context) (has bool, err error) {
	if err := errors.Join(a.may(Viewer), a.everywhere()); err != nil {
		return false, err
	}
	err = a.Store.Update(ctx, func(tx store.Tx) error {
		_, err := tx.VendorKey()
		if has = err == nil; errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		return err
	})
	return has, err
}

// TrustVendor makes this server trust the license files of a vendor.
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
		return vendor, invalid("publicKey",
			"%q is not the public key of a vendor; `lts vendor key` prints it at the vendor's", publicKey)
	}
	vendor.PublicKey = key
	return vendor, a.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.TrustVendor(vendor); err != nil {
			return err
		}
		return a.audit(tx, "vendor.trust", protocol.SigningKeyID(key), "name %q", name)
	})
}

// PublicKey is a public key, as it is shown.
type PublicKey struct {
	ID        string `json:"id"`
	PublicKey string `json:"publicKey"`
}

// ViewKey shows a public key.
func ViewKey(key ed25519.PublicKey) PublicKey {
	return PublicKey{protocol.SigningKeyID(key), protocol.Encoding.EncodeToString(key)}
}

// Vendor is a trusted vendor, as it is shown.
type Vendor struct {
	PublicKey
	Name      string `json:"name"`
	TrustedAt int64  `json:"trustedAt"`
}

// Vendors lists the vendors whose license files this server trusts.
func (a *Administrator) Vendors(ctx context.Context) (list []Vendor, err error) {
	if err := errors.Join(a.may(Viewer), a.everywhere()); err != nil {
		return nil, err
	}
	err = a.Store.Update(ctx, func(tx store.Tx) error {
		vendors, err := tx.Vendors()
		list = make([]Vendor, len(vendors))
		for i, v := range vendors {
			list[i] = Vendor{ViewKey(v.PublicKey), v.Name, v.TrustedAt}
		}
		return err
	})
	return list, err
}

// trusted are the keys of the trusted vendors, including the own key.
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
