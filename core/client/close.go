package client

import (
	"context"
	"net/http"
	"time"

	"github.com/openlts/openlts/core/internal/device"
	"github.com/openlts/openlts/core/protocol"
)

// Close ends metering: it seals what was recorded, submits it until ctx ends (not at all if ctx has
// ended already), and stops all goroutines of the license. An error means that some reports are
// left for the next start; the license is closed in any case. The tally stays mapped; see parking.
func (l *License) Close(ctx context.Context) error {
	if !l.closed.CompareAndSwap(false, true) {
		return protocol.StatusInvalidHandle
	}
	return l.meter.end(ctx)
}

// end does the work of Close. It is called once.
func (m *meter) end(ctx context.Context) error {
	m.stop()
	close(m.events.closed)
	stopped := make(chan struct{})
	spawn(m.contained, func() { m.working.Wait(); close(stopped) })
	// Sealing gets a little time even if the caller gives none: counts are safe in the tally, but
	// only what is in the ledger shows in the account. Requests are cancelled by now.
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeGrace)
	defer cancel()
	select {
	case <-stopped:
	case <-short.Done():
	}
	var err error
	if ctx.Err() == nil {
		if err = m.sealAndSubmit(ctx); err == nil {
			m.giveBack(ctx)
		}
	} else if err = m.seal(short, true); err == nil {
		if usage, readErr := m.ledger.Account(short); readErr != nil || usage.Pending > 0 {
			err = protocol.StatusReportsPending
		}
	}
	switch {
	case err != nil && (m.directory == "" || !m.tally.Durable() && m.sealer.Unsealed() > 0):
		err = protocol.Errorf(protocol.StatusReportsPending,
			"closed; what was not submitted is lost, because nothing could be kept: %w", err)
	case err != nil && protocol.StatusOf(err) != protocol.StatusDeadlineExceeded:
		err = protocol.Errorf(protocol.StatusReportsPending,
			"closed; some reports are kept for the next start: %w", err)
	}
	park(m.directory, m.tally)
	select {
	case <-stopped:
		m.release()
	default:
		spawn(m.contained, func() { <-stopped; m.release() })
	}
	return err
}

// giveBack tells the server that the license is not in use any more, if its seat lasts only as long
// as the license is in use, or the device only as long as this process. The message may get lost:
// the seat ends by itself some minutes after the last report, or after a day.
func (m *meter) giveBack(ctx context.Context) {
	granted := m.grant().Authorization
	if granted.Item.ChargeWay.Concurrent() || m.device.Source == device.SourceMemory {
		_ = m.submitter.GiveBack(ctx, protocol.ClosedLicense{
			HandshakeCode: granted.HandshakeCode, Item: granted.Item.ID,
		})
	}
}

// closeGrace is how long Close may take after its deadline.
const closeGrace = 200 * time.Millisecond

// release frees what Open acquired, even if Open failed halfway.
func (m *meter) release() {
	if m.ledger != nil {
		_ = m.ledger.Close()
	}
	if transport, ok := m.transport.(*http.Transport); ok {
		transport.CloseIdleConnections()
	}
}
