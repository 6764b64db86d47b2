package client

import (
	"context"
	"slices"
	"time"

	"github.com/openlts/openlts/core/protocol"
)

// Info is what is known about a license.
type Info struct {
	Flags       protocol.StateFlag
	Status      protocol.Status // OK, or LICENSE_CACHE_USED with the reason in Message
	Message     string
	Grant       *protocol.Authorization
	Quota       protocol.Quota
	Modules     []protocol.LicenseModule // both granted and asked for; empty: all
	DeviceUUID  string
	Run         string
	SlotSeconds int
	// AuthorizedAt and BufferUntil are by our clock, in seconds since 1970.
	AuthorizedAt, BufferUntil int64
	// Usage is the usage of the device, including what is not sealed yet, in all processes.
	Usage Account
}

// Info gives what is known about the license. If the ledger can't be read until ctx ends, usage is
// what it was at the last successful read plus what was recorded since, and the flag
// STORAGE_DEGRADED is set.
func (l *License) Info(ctx context.Context) (Info, error) {
	if l.closed.Load() {
		return Info{}, protocol.StatusInvalidHandle
	}
	// Wait at most half of the time for dead runs, which are normally adopted before Open ends.
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

// usage is the usage of the device, including what is not in the ledger yet.
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

// half gives a context with half of the time that is left in ctx.
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
