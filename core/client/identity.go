package client

import (
	"context"
	"time"

	"github.com/openlts/openlts/core/internal/device"
	"github.com/openlts/openlts/core/internal/ledger"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
)

// copyIn is the copy of the identity in a ledger; nil for a ledger in memory, which would not last.
func copyIn(l *ledger.Ledger) device.Copy {
	if l == nil || !l.Durable() {
		return nil
	}
	return l
}

// tellOfIdentity tells the host what was wrong with the stored identity.
func (m *meter) tellOfIdentity() {
	if m.device.Trouble == nil {
		return
	}
	if m.device.Source == device.SourceMemory {
		m.flags.Or(uint32(protocol.StateFlagStorageDegraded))
	}
	m.event(protocol.EventKindStateChanged, protocol.StatusLicenseBufferFailed, 0, m.device.Trouble.Error())
}

// DeviceUUID gives the client UUID that a device uses with these parameters, and creates it if
// there is none yet.
func DeviceUUID(ctx context.Context, parameters license.Parameters) (string, error) {
	directory := prepareDirectory(parameters.DataDirectory)
	found := device.Read(directory.path)
	var kept device.Copy
	// The ledger is needed only for its copy of a lost identity. Other findings, such as damage,
	// are left to the next license that opens it.
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
