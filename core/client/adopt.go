package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/openlts/openlts/core/internal/ledger"
	"github.com/openlts/openlts/core/internal/report"
	"github.com/openlts/openlts/core/protocol"
)

// adopt adopts the runs whose processes are dead: it folds and submits what they counted.
func (m *meter) adopt(ctx context.Context) {
	// If the process changed its root, a file that it does not find may still exist.
	if m.directory == "" || m.place.OtherRoot() {
		return
	}
	// Closing the license does not cancel this, because Close submits the usage of dead runs, too.
	ctx = context.WithoutCancel(ctx)
	adoption, err := report.Adopt(ctx, m.directory, m.ledger)
	err = errors.Join(err, sealParked(ctx, m.directory, m.ledger))
	if adoption.Missing > 0 && !m.place.OtherRoot() { // the root may have changed meanwhile
		m.recovered(fmt.Sprintf("the counters of %d earlier runs are gone or damaged; what they had "+
			"counted last is lost", adoption.Missing))
	}
	m.lostByStorage(adoption.Lost)
	if adoption.Runs > 0 {
		m.watch.look(ctx)
	}
	m.tellOfUntaken(err)
}

// tellOfUntaken tells the host that some dead runs could not be adopted. It does not repeat the
// same message every interval.
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
	now, err := m.followClock(ctx)
	if err != nil {
		return // next time: until then, what seems too old may just have been counted by a wrong clock
	}
	cutoff, right := report.Cutoff(now.ageing(), m.tally.Slot, retention), ledger.Unknown
	if now.told {
		right = report.Cutoff(now.server, m.tally.Slot, retention)
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
