// Package device knows which device this is: the client UUID and the key that
// proves it.
//
// They live in a file of their own, beside the ledger, so that a damaged ledger
// does not turn the device into a new one (which would cost a seat). The ledger
// has a copy, for the case that the file is lost or damaged. A new identity is
// the last resort: whatever can be read is used, even if nothing can be written.
package device

import (
	"context"
	"crypto/ecdh"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
)

// Identity is what a device is known by.
type Identity struct {
	UUID   string
	Source string           // one of the sources below
	Key    *ecdh.PrivateKey // X25519
	// Trouble is what was wrong with the identity that is kept, or why none can be
	// kept; nil if nothing was. It is for people: the identity is good all the same.
	Trouble error
}

// Sources of a client UUID.
const (
	SourceRandom   = "random"
	SourceHardware = "hardware"
	SourceHost     = "host"
	// SourceMemory is a random one that is not kept anywhere: it ends with the
	// process.
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

// Identity gives the device's identity from what was read and the copy, making and keeping
// one if there is none (docs/compatibility.md, "Client UUID"). It mends the file and the
// copy where that is needed and possible. A UUID the host chose wins over the method. With
// an empty directory nothing is kept: the identity lasts as long as the process. There need
// not be a copy (nil).
func (f *File) Identity(ctx context.Context, method protocol.UUIDGenerationMethod, chosen string,
	kept Copy) (Identity, error) {
	// Asked first: what is wrong with the parameters is no reason to make a file.
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
