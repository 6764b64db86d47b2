package client

import (
	"context"
	"crypto/ecdh"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/openlts/openlts/core/internal/device"
	"github.com/openlts/openlts/core/internal/ledger"
	"github.com/openlts/openlts/core/internal/report"
	"github.com/openlts/openlts/core/protocol"
)

// Submit seals everything recorded so far, including the current slot, and submits it together with
// what failed before. nil means that nothing is left.
func (l *License) Submit(ctx context.Context) error {
	if l.closed.Load() {
		return protocol.StatusInvalidHandle
	}
	return l.meter.sealAndSubmit(ctx)
}

// inTime tells whether the deadline of ctx is still ahead, by the machine's clock.
func (m *meter) inTime(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Now().Before(deadline)
}

func (m *meter) sealAndSubmit(ctx context.Context) error {
	// Everything includes the usage of dead runs.
	select {
	case <-m.adopted:
	case <-ctx.Done():
		return protocol.Errorf(protocol.StatusDeadlineExceeded,
			"the deadline passed while usage of earlier runs was taken over; it is kept")
	}
	for {
		sealErr := m.seal(ctx, true)
		if sealErr != nil {
			sealErr = ledger.Failed("sealing the current slot", sealErr)
		}
		if sealErr != nil && !errors.Is(sealErr, ledger.ErrNoRoom) {
			return sealErr
		}
		accepted, err := m.submitSealed(ctx)
		// On a full disk, accepted reports make room for what is still in the tally.
		if sealErr == nil || err != nil || accepted == 0 {
			return errors.Join(err, sealErr)
		}
	}
}

// submitSealed submits everything in the ledger and returns how many reports were accepted.
func (m *meter) submitSealed(ctx context.Context) (accepted int, err error) {
	if m.unbalanced.Load() {
		if err := m.balance(ctx); err != nil {
			return 0, ledger.Failed("declaring what was lost with a ledger", err)
		}
	}
	m.purge(ctx) // reports that are too old are not submitted
	outcome, err := m.submit(ctx, true)
	m.tell(outcome, err)
	switch {
	case err == nil && len(outcome.Refused) > 0:
		return outcome.Reports, outcome.Refused[0].Error
	case err == nil:
		return outcome.Reports, nil
	case protocol.StatusOf(err) == protocol.StatusInternal:
		return outcome.Reports, protocol.Errorf(protocol.StatusReportsPending, "%w", err)
	default:
		return outcome.Reports, err
	}
}

// submitForRoom submits what is in the ledger because the disk is full, and tells whether that made
// room.
func (m *meter) submitForRoom(ctx context.Context) bool {
	outcome, err := m.submit(ctx, false)
	m.tell(outcome, err)
	return outcome.Reports > 0
}

// submitRegularly submits what is left over as soon as the license is open, and then new reports
// every interval (docs/compatibility.md, "Time").
func (m *meter) submitRegularly(ctx context.Context) {
	adopted := sync.OnceFunc(func() { close(m.adopted) })
	defer adopted()
	interval := time.Duration(m.tally.Slot) * time.Second
	for {
		m.adopt(ctx) // every time, because other processes of the device may have died meanwhile
		adopted()
		m.purge(ctx)
		m.submitPending(ctx)
		m.renewRegularly(ctx)
		alarm, stop := m.clock.After(interval)
		select {
		case <-ctx.Done():
			stop()
			return
		case <-alarm:
		}
	}
}

// submitPending does one submission in the background. Each request has its own timeout, and
// closing the license cancels it.
func (m *meter) submitPending(ctx context.Context) {
	for {
		outcome, err := m.submit(ctx, m.parameters.Resubmit == protocol.ResubmitInterval)
		if ctx.Err() != nil && err != nil {
			return // the license is being closed, which submits on its own
		}
		m.tell(outcome, err)
		if err != nil || outcome.Reports == 0 || !m.failing.Load() {
			return
		}
		// On a full disk, accepted reports make room for what is still in the tally.
		if err := m.seal(ctx, false); err != nil && !errors.Is(err, ledger.ErrNoRoom) {
			return // keep tries again
		}
	}
}

// submit submits pending reports, and tries a second time if the server did not know the device.
func (m *meter) submit(ctx context.Context, again bool) (report.Outcome, error) {
	outcome, err := m.submitter.Submit(ctx, again)
	if errors.Is(err, protocol.StatusRequestNotAuthenticated) && m.introduced(ctx) {
		m.tell(outcome, nil)
		outcome, err = m.submitter.Submit(ctx, true)
	}
	if err == nil {
		m.renewal.known()
	}
	return outcome, err
}

// tell tells the host the outcome of a submission by events and flags.
func (m *meter) tell(outcome report.Outcome, err error) {
	for _, item := range outcome.Items {
		if item.ID == m.grant().Authorization.Item.ID {
			m.noteQuota(item.Quota)
		}
	}
	for _, refusal := range outcome.Refused {
		m.setFlag(protocol.StateFlagUsageLost)
		m.event(protocol.EventKindReportRefused, refusal.Error.Status, refusal.Units, refusal.Error.Error())
	}
	if outcome.Reports > 0 {
		m.event(protocol.EventKindSubmitted, protocol.StatusOK, outcome.Units,
			fmt.Sprintf("%d reports with %d operations were accepted", outcome.Reports, outcome.Units))
	}
	if err != nil {
		m.setFlag(protocol.StateFlagReportsPending)
		m.event(protocol.EventKindSubmitFailed, protocol.StatusOf(err), 0, strings.ReplaceAll(err.Error(), "\n", "; "))
	} else if !outcome.KeptBack {
		m.clearFlag(protocol.StateFlagReportsPending)
	}
}

// reportKey derives the key that authenticates a device's reports to the server.
func reportKey(identity device.Identity, offered protocol.ReportKey) (report.Key, error) {
	raw, err := protocol.Encoding.DecodeString(offered.ServerPublicKey)
	if err != nil {
		return report.Key{}, badReportKey(err)
	}
	serverPublic, err := ecdh.X25519().NewPublicKey(raw)
	if err != nil {
		return report.Key{}, badReportKey(err)
	}
	secret, id, err := protocol.DeriveReportKey(identity.Key, identity.Key.PublicKey(), serverPublic)
	if err != nil {
		return report.Key{}, badReportKey(err)
	}
	return report.Key{ID: id, Secret: secret}, nil
}

func badReportKey(err error) error {
	return protocol.Errorf(protocol.StatusServerResponseInvalid, "the authorization holds no valid report key: %w", err)
}
