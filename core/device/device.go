// Package device knows which device this is: the client UUID and the key that
// proves it.
//
// They live in a file of their own, beside the ledger, so that a damaged ledger
// does not turn the device into a new one (which would cost a seat).
package device

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
)

// Identity is what a device is known by.
type Identity struct {
	UUID   string
	Source string           // "random", "hardware" or "host"
	Key    *ecdh.PrivateKey // X25519
}

// Sources of a client UUID.
const (
	SourceRandom   = "random"
	SourceHardware = "hardware"
	SourceHost     = "host"
)

// FileName is the name of the identity's file in the data directory.
const FileName = "device.json"

type stored struct {
	UUID       string `json:"uuid"`
	PrivateKey string `json:"privateKey"` // X25519, base64url
}

// Copy keeps a copy of the identity, in case its file gets lost: without it the
// device would be a new one, which costs a seat.
type Copy interface {
	Identity(ctx context.Context) (text string, err error) // "" if there is none
	KeepIdentity(ctx context.Context, text string) error
}

// Load gives the device's identity, making and caching one if there is none
// (seed, "About the request"). A UUID the host chose wins over the method. With
// an empty directory nothing is cached: the identity lasts as long as the
// process. There need not be a copy (nil).
func Load(ctx context.Context, directory string, method protocol.UUIDGenerationMethod, chosen string, kept Copy) (Identity, error) {
	own, err := loadStored(ctx, directory, kept)
	if err != nil {
		return Identity{}, err
	}
	raw, err := protocol.Encoding.DecodeString(own.PrivateKey)
	if err != nil {
		return Identity{}, fmt.Errorf("the device key in %s: %w", FileName, err)
	}
	key, err := ecdh.X25519().NewPrivateKey(raw)
	if err != nil {
		return Identity{}, fmt.Errorf("the device key in %s: %w", FileName, err)
	}
	switch {
	case chosen != "":
		id, err := uuid.Parse(chosen)
		if err != nil || len(chosen) != 36 {
			return Identity{}, protocol.Errorf(protocol.StatusInvalidArgument,
				"deviceUUID %.40q is not a UUID of the form 8-4-4-4-12 hex digits", chosen)
		}
		return Identity{id.String(), SourceHost, key}, nil
	case method == protocol.UUIDGenerationMethodHardware:
		id, err := hardware()
		if err != nil {
			return Identity{}, protocol.Errorf(protocol.StatusBindDeviceFailed,
				"the client UUID can't be derived from this machine (%w); use the random method or set deviceUUID", err)
		}
		return Identity{id, SourceHardware, key}, nil
	default:
		return Identity{own.UUID, SourceRandom, key}, nil
	}
}

// loadStored reads the identity's file, or makes it. Of several processes that
// make it at the same time, one wins and all take the winner's.
func loadStored(ctx context.Context, directory string, kept Copy) (stored, error) {
	if directory == "" {
		return generate()
	}
	var before string
	if kept != nil {
		before, _ = kept.Identity(ctx) // one that can't be read is none
	}
	path := filepath.Join(directory, FileName)
	for range 3 {
		text, err := os.ReadFile(path)
		switch {
		case errors.Is(err, os.ErrNotExist):
			if err := create(directory, path, before); err != nil {
				return stored{}, err
			}
			continue
		case err != nil:
			return stored{}, err
		}
		if own, err := parse(text); err == nil {
			if kept != nil && string(text) != before {
				_ = kept.KeepIdentity(ctx, string(text)) // next time
			}
			return own, nil
		}
		// Damaged: keep it for whoever wants to look, and begin anew.
		if err := os.Rename(path, path+".damaged"); err != nil {
			return stored{}, err
		}
	}
	return stored{}, fmt.Errorf("%s can be neither read nor made", path)
}

func generate() (stored, error) {
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return stored{}, err
	}
	return stored{uuid.NewString(), protocol.Encoding.EncodeToString(key.Bytes())}, nil
}

func parse(text []byte) (own stored, err error) {
	if err = json.Unmarshal(text, &own); err == nil {
		_, err = uuid.Parse(own.UUID)
	}
	return own, err
}

// create writes an identity: the one kept before, or a new one. It is linked into
// place complete, so that no other process can read half of it; if there is one
// already, that one stays.
func create(directory, path, before string) error {
	text := []byte(before)
	if _, err := parse(text); err != nil {
		own, err := generate()
		if err != nil {
			return err
		}
		if text, err = json.Marshal(own); err != nil {
			return err
		}
	}
	f, err := os.CreateTemp(directory, FileName+".*.new") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	err = os.Link(f.Name(), path)
	if err == nil || errors.Is(err, os.ErrExist) {
		return nil
	}
	// A file system without links: exclusive creation is the next best thing.
	final, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = final.Write(text)
	return errors.Join(err, final.Sync(), final.Close())
}

// hardware derives a client UUID from the machine's own identifier. The hash
// keeps the identifier itself from leaving the machine (facts 2.5).
func hardware() (string, error) {
	id, err := machineID()
	if err != nil {
		return "", err
	}
	id = strings.TrimSpace(strings.ToLower(id))
	if len(id) < 8 {
		return "", fmt.Errorf("its identifier %q is too short", id)
	}
	sum := sha256.Sum256([]byte("openlts/device\n" + id))
	derived, err := uuid.FromBytes(sum[:16])
	if err != nil {
		return "", err
	}
	derived[6] = derived[6]&0x0f | 0x80 // version 8: our own scheme (RFC 9562)
	derived[8] = derived[8]&0x3f | 0x80
	return derived.String(), nil
}
