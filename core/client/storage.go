package client

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/openlts/openlts/core/internal/device"
	"github.com/openlts/openlts/core/internal/ledger"
	"github.com/openlts/openlts/core/internal/tally"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
)

// openStorage opens the files of the data directory. If that can't be used, the license keeps
// everything in memory and says so, because counting in memory is better than a program that does
// not start. If the identity can be read, the device stays the same one. If other processes hold
// the ledger for longer than we may wait, the license works without it until they release it.
func (m *meter) openStorage(ctx context.Context) error {
	ctx, cancel := storageTime(ctx)
	defer cancel()
	directory := prepareDirectory(m.parameters.DataDirectory)
	identity := device.Read(directory.path)
	err := directory.unusable
	if directory.writable() {
		m.directory, m.place = directory.path, directory.place
		err = m.openIn(ctx, m.directory, identity)
	}
	if err == nil {
		m.tellOfIdentity()
		return nil
	}
	if status := protocol.StatusOf(err); status == protocol.StatusInvalidArgument ||
		status == protocol.StatusBindDeviceFailed {
		return err // not the directory's fault
	}
	m.degrade(err)
	if err := m.openIn(ctx, "", identity); err != nil {
		if status := protocol.StatusOf(err); status == protocol.StatusInvalidArgument ||
			status == protocol.StatusBindDeviceFailed {
			return err
		}
		return ledger.Failed("keeping usage in memory", err)
	}
	m.tellOfIdentity()
	return nil
}

// storageTime is how long the data directory may take of the time for opening a license: asking the
// servers takes time, too.
func storageTime(ctx context.Context) (context.Context, context.CancelFunc) {
	const share, longest = 4, 2 * time.Second
	wait := longest
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(deadline)/share)
	}
	return context.WithTimeout(ctx, wait)
}

func (m *meter) openIn(ctx context.Context, directory string, identity *device.File) (err error) {
	m.ledger, err = ledger.Open(ctx, directory, ledger.Options{Now: m.clock.Now, Notify: m.ledgerNotice})
	if errors.Is(err, ledger.ErrBusy) {
		m.storageFailed(err)
		err = nil
	}
	if err != nil {
		return err
	}
	m.device, err = identity.Identity(ctx, m.parameters.UUIDGenerationMethod, m.parameters.DeviceUUID, copyIn(m.ledger))
	if err != nil {
		_ = m.ledger.Close()
	}
	return err
}

// degrade notes that the data directory can't be used, and why.
func (m *meter) degrade(err error) {
	m.directory = ""
	m.flags.Or(uint32(protocol.StateFlagStorageDegraded))
	m.event(protocol.EventKindStateChanged, protocol.StatusLicenseBufferFailed, 0,
		fmt.Sprintf("usage is kept in memory and dies with the process: %v", err))
}

// createTally makes the tally in the data directory. If that fails, because the disk is full or
// broken, the license works in memory, with its reports: what is counted in memory must be
// submitted from memory.
func (m *meter) createTally(ctx context.Context, account tally.Account, length slot.Length) (err error) {
	if m.directory != "" {
		if err = m.roomForRun(ctx); err == nil {
			m.tally, err = tally.Create(m.directory, account, length, m.clock.Now())
		}
		if err == nil {
			return nil
		}
		m.degrade(err)
		before := m.ledger
		if m.ledger, err = ledger.Open(ctx, "", ledger.Options{Now: m.clock.Now}); err != nil {
			m.ledger = before
			return ledger.Failed("keeping usage in memory", err)
		}
		_ = before.Close()
	}
	if m.tally, err = tally.Create("", account, length, m.clock.Now()); err != nil {
		return ledger.Failed("making the counters", err)
	}
	return nil
}

// roomForRun says why the ledger has no room for another run. Other failures, such as a ledger that
// other processes hold, do not matter: until they pass, the tally keeps the counts.
func (m *meter) roomForRun(ctx context.Context) error {
	ctx, cancel := storageTime(ctx)
	defer cancel()
	if err := m.ledger.RoomForRun(ctx); errors.Is(err, ledger.ErrNoRoom) {
		return err
	}
	return nil
}

func (m *meter) inDirectory(name string) string {
	if m.directory == "" {
		return ""
	}
	return filepath.Join(m.directory, name)
}

// ledgerNotice tells the host what happened to the ledger.
func (m *meter) ledgerNotice(n ledger.Notice) {
	if n.Damage != "" {
		m.unbalanced.Store(true)
		m.recovered(n.Damage)
		return
	}
	m.event(protocol.EventKindStateChanged, protocol.StatusOK, 0,
		"the ledger was removed while in use; it was written anew, and nothing was lost")
}

// balance declares lost the units that were in a lost ledger.
func (m *meter) balance(ctx context.Context) error {
	lost, err := m.ledger.Balance(ctx)
	if err == nil {
		m.unbalanced.Store(false)
		m.lostByStorage(lost)
	}
	return err
}

// recovered tells the host that the storage was damaged and that the license continues with what is
// left of it.
func (m *meter) recovered(damage string) {
	m.setFlag(protocol.StateFlagStorageRecovered)
	m.event(protocol.EventKindStateChanged, protocol.StatusLicenseBufferFailed, 0, damage)
}

// lostByStorage tells the host how many units were lost with a ledger.
func (m *meter) lostByStorage(units int64) {
	if units > 0 {
		m.setFlag(protocol.StateFlagUsageLost)
		m.recovered(fmt.Sprintf("%d operations were in reports that are gone with a damaged or deleted ledger; they "+
			"are declared lost", units))
	}
}

// checkTally notices when the tally's file was removed: recording continues, but its counts are
// lost if the process dies.
func (m *meter) checkTally() {
	if m.tally.Gone() && !m.exposed.Swap(true) {
		m.setFlag(protocol.StateFlagStorageDegraded)
		m.event(protocol.EventKindStateChanged, protocol.StatusLicenseBufferFailed, 0,
			"the file of the counters was removed or replaced; what is recorded in the current slot dies "+
				"with the process")
	}
}

// storageFailed notes that the ledger could not be written. Nothing is lost: the tally keeps what
// could not be folded.
func (m *meter) storageFailed(err error) {
	if !m.failing.Swap(true) {
		m.setFlag(protocol.StateFlagStorageDegraded)
		m.event(protocol.EventKindStateChanged, protocol.StatusOf(ledger.Failed("writing the ledger", err)), 0,
			fmt.Sprintf("the ledger can't be written; the counters hold what was recorded: %v", err))
	}
}

// storageWorks notes that the ledger can be written again.
func (m *meter) storageWorks() {
	if m.failing.Swap(false) && m.directory != "" && m.tally.Durable() && !m.exposed.Load() {
		m.clearFlag(protocol.StateFlagStorageDegraded)
		m.event(protocol.EventKindStateChanged, protocol.StatusOK, 0,
			"the ledger can be written again; nothing was lost")
	}
}
