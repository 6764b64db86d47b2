package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/openlts/openlts/core/internal/ledger"
	"github.com/openlts/openlts/core/internal/report"
	"github.com/openlts/openlts/core/protocol"
)

// adopt takes over what dead runs left.
func (m *meter) adopt(ctx context.Context) {
	// After the process changed its root, what is not found there is not gone.
	if m.directory == "" || m.place.OtherRoot() {
		return
	}
	// Closing the license does not end this: what dead runs left is submitted, too.
	ctx = context.WithoutCancel(ctx)
	adoption, err := report.Adopt(ctx, m.directory, m.ledger)
	err = errors.Join(err, sealParked(ctx, m.directory, m.ledger))
	if adoption.Missing > 0 && !m.place.OtherRoot() { // it may have changed meanwhile
		m.recovered(fmt.Sprintf("the counters of %d earlier runs are gone or damaged; what they had "+
			"counted last is lost", adoption.Missing))
	}
	m.lostByStorage(adoption.Lost)
	if adoption.Runs > 0 {
		m.watch.look(ctx)
	}
	m.tellOfUntaken(err)
}

// tellOfUntaken tells that what dead runs left could not be taken over: not each
// interval anew, if it is the same that can't be.
func (m *meter) tellOfUntaken(err error) {
	before := m.untaken
	if m.untaken = ""; err == nil {
		return
	}
	if m.untaken = err.Error(); m.untaken != before {
		m.event(protocol.EventKindInternalError, protocol.StatusOf(ledger.Failed("taking usage over", err)), 0,
			"usage of an earlier run could not be taken over and is kept: "+m.untaken)
	}
}

func (m *meter) purge(ctx context.Context) {
	if m.followClock(ctx) != nil {
		return // next time: what is too old may only have been counted under a wrong clock
	}
	cutoff, right := report.Cutoff(m.ageingTime(), m.tally.Slot, retention), ledger.Unknown
	if m.told() {
		right = report.Cutoff(m.serverTime(), m.tally.Slot, retention)
	}
	units, err := m.ledger.Purge(ctx, cutoff, right)
	if errors.Is(err, ledger.ErrBusy) && (ctx.Err() != nil || !m.inTime(ctx)) {
		return // next time
	}
	if err != nil {
		m.storageFailed(err)
		return
	}
	if units > 0 {
		m.setFlag(protocol.StateFlagUsageLost)
		m.event(protocol.EventKindReportsPurged, protocol.StatusOK, units,
			fmt.Sprintf("%d operations could not be submitted within %d days and are lost", units,
				protocol.RetentionDays))
	}
}
