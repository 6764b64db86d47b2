// Package device keeps the identity of the device: the client UUID and the key that proves it.
//
// It is in a file of its own, beside the ledger, so that a damaged ledger does not turn the device
// into a new one, which would cost a seat. The ledger has a copy, in case the file is lost or
// damaged. A new identity is the last resort: whatever can be read is used, even if nothing can be
// written.
package device

import (
	"context"
	"crypto/ecdh"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
)

// Identity identifies a device.
type Identity struct {
	UUID   string
	Source string           // one of the sources below
	Key    *ecdh.PrivateKey // X25519
	// Trouble is what was wrong with the stored identity, or why it can't be stored; nil if nothing
	// was wrong. It is for people: the identity can be used all the same.
	Trouble error
}

// Sources of a client UUID.
const (
	SourceRandom   = "random"
	SourceHardware = "hardware"
	SourceHost     = "host"
	// SourceMemory is a random one that is not stored: it ends with the process.
	SourceMemory = "memory"
)

// FileName is the name of the identity's file in the data directory.
const FileName = "device.json"

// Copy keeps a copy of the identity, in case its file gets lost: without it the
// device would be a new one, which costs a seat.
type Copy interface {
	Identity(ctx context.Context) (text string, err error) // "" if there is none
	KeepIdentity(ctx context.Context, text string) error
}

// Identity gives the device's identity from the file and the copy; if there is none, it creates and
// stores one (docs/compatibility.md, "Client UUID"). It repairs the file and the copy if necessary
// and possible. A UUID chosen by the host takes precedence over the method. With an empty directory
// nothing is stored: the identity lasts as long as the process. kept may be nil.
func (f *File) Identity(ctx context.Context, method protocol.UUIDGenerationMethod, chosen string,
	kept Copy) (Identity, error) {
	// Check the parameters first: if they are wrong, no file should be created.
	id, source := "", SourceRandom
	switch {
	case chosen != "":
		parsed, err := uuid.Parse(chosen)
		if err != nil || len(chosen) != 36 {
			return Identity{}, protocol.Errorf(protocol.StatusInvalidArgument,
				"deviceUUID %.40q is not a UUID of the form 8-4-4-4-12 hex digits", chosen)
		}
		id, source = parsed.String(), SourceHost
	case method == protocol.UUIDGenerationMethodHardware:
		derived, err := hardware()
		if err != nil {
			return Identity{}, protocol.Errorf(protocol.StatusBindDeviceFailed,
				"the client UUID can't be derived from this machine (%w); use the random method or set deviceUUID", err)
		}
		id, source = derived, SourceHardware
	}
	own, lasting, err := f.settle(ctx, kept)
	if err != nil {
		return Identity{}, err
	}
	if source == SourceRandom {
		id = own.UUID
		if !lasting {
			source = SourceMemory
		}
	}
	return Identity{UUID: id, Source: source, Key: own.key, Trouble: f.trouble}, nil
}
