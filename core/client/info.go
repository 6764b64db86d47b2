package client

import (
	"context"
	"slices"
	"time"

	"github.com/openlts/openlts/core/protocol"
)

// Info is what is known of a license.
type Info struct {
	Flags       protocol.StateFlag
	Status      protocol.Status // OK, or LICENSE_CACHE_USED with the reason in Message
	Message     string
	Grant       *protocol.Authorization
	Quota       protocol.Quota
	Modules     []protocol.LicenseModule // that may be used: of the item, and asked for; empty: all
	DeviceUUID  string
	Run         string
	SlotSeconds int
	// AuthorizedAt and BufferUntil are by our clock, in seconds since 1970.
	AuthorizedAt, BufferUntil int64
	// Usage is that of the device, what is not sealed yet included, in all processes.
	Usage Account
}

// Info tells what is known of the license. If the ledger can't be read until ctx
// ends, usage is what it was when it last could, and what was recorded since; the
// flag STORAGE_DEGRADED is set then.
func (l *License) Info(ctx context.Context) (Info, error) {
	if l.closed.Load() {
		return Info{}, protocol.StatusInvalidHandle
	}
	// Half of the time for the usage of dead runs, which is normally taken over by the
	// time Open ends.
	adopting, cancel := half(ctx)
	defer cancel()
	select {
	case <-l.meter.adopted:
	case <-adopting.Done():
	}
	granted := l.meter.grant()
	info := Info{Grant: granted.Authorization, DeviceUUID: l.meter.device.UUID,
		Modules: commonModules(granted.Authorization.Item.Modules, l.meter.parameters.LimitedLicenseModules),
		Run:     l.meter.tally.Run, SlotSeconds: l.meter.parameters.SlotSeconds, AuthorizedAt: granted.AuthorizedAt(),
		BufferUntil: granted.BufferUntil(), Usage: l.meter.usage(ctx)}
	info.Flags = protocol.StateFlag(l.meter.flags.Load())
	if info.Usage.Lost() > 0 {
		info.Flags |= protocol.StateFlagUsageLost
	}
	if granted.Reason != nil {
		info.Status, info.Message = protocol.StatusLicenseCacheUsed, granted.Reason.Error()
	}
	l.meter.mu.Lock()
	info.Quota = l.meter.quota
	l.meter.mu.Unlock()
	return info, nil
}

// usage is that of the device, what is not in the ledger yet included.
func (m *meter) usage(ctx context.Context) Account {
	usage, counted, err := m.ledger.Usage(ctx, m.tally)
	if err != nil {
		m.storageFailed(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil {
		m.lastUsage, m.lastCounted = usage, counted
		return usage
	}
	since := m.ledger.Counted(m.tally) - m.lastCounted
	usage = m.lastUsage
	usage.Recorded += since
	usage.Pending += since
	return usage
}

// half bounds by half of the time that ctx leaves.
func half(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)/2)
}

// commonModules are the modules in both lists; an empty list means all.
func commonModules(granted, asked []protocol.LicenseModule) []protocol.LicenseModule {
	if len(granted) == 0 || len(asked) == 0 {
		return append(slices.Clone(granted), asked...)
	}
	return slices.DeleteFunc(slices.Clone(granted), func(module protocol.LicenseModule) bool {
		return !slices.Contains(asked, module)
	})
}
