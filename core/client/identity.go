package client

import (
	"context"
	"time"

	"github.com/openlts/openlts/core/internal/device"
	"github.com/openlts/openlts/core/internal/ledger"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
)

// copyIn is the copy that a ledger has. One in memory has none that would last.
func copyIn(l *ledger.Ledger) device.Copy {
	if l == nil || !l.Durable() {
		return nil
	}
	return l
}

// tellOfIdentity notes what was wrong with the identity that is kept.
func (m *meter) tellOfIdentity() {
	if m.device.Trouble == nil {
		return
	}
	if m.device.Source == device.SourceMemory {
		m.flags.Or(uint32(protocol.StateFlagStorageDegraded))
	}
	m.event(protocol.EventKindStateChanged, protocol.StatusLicenseBufferFailed, 0, m.device.Trouble.Error())
}

// DeviceUUID tells the client UUID that a device would use with these
// parameters, making it if there is none yet.
func DeviceUUID(ctx context.Context, parameters license.Parameters) (string, error) {
	directory := prepareDirectory(parameters.DataDirectory)
	found := device.Read(directory.path)
	var kept device.Copy
	// A ledger is opened only for the copy that it has of a lost identity: what else
	// is found then, such as damage, the license that opens it next has to tell.
	if !found.Sound() && directory.writable() {
		l, err := ledger.Open(ctx, directory.path, ledger.Options{Now: time.Now})
		if l != nil {
			defer func() { _ = l.Close() }()
		}
		if err == nil {
			kept = copyIn(l)
		}
	}
	identity, err := found.Identity(ctx, parameters.UUIDGenerationMethod, parameters.DeviceUUID, kept)
	switch {
	case err == nil && identity.Source == device.SourceMemory && directory.writable():
		err = identity.Trouble
	case err == nil && identity.Source == device.SourceMemory:
		err = directory.unusable
	case err == nil:
		return identity.UUID, nil
	}
	if protocol.StatusOf(err) == protocol.StatusInternal {
		err = ledger.Failed("reading the identity of the device", err)
	}
	return "", err
}
