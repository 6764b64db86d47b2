package client

import (
	"context"
	"crypto/ecdh"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/openlts/openlts/core/internal/device"
	"github.com/openlts/openlts/core/internal/ledger"
	"github.com/openlts/openlts/core/internal/report"
	"github.com/openlts/openlts/core/protocol"
)

const (
	retention = protocol.RetentionDays * 24 * time.Hour
	// syncEvery is how often counters are written back to the disk, for a power
	// cut. The death of the process loses nothing in between.
	syncEvery = time.Second
)

// spawn is the one place where core starts a goroutine. A panic in it is
// contained: it must never take the host down.
func spawn(contained func(any, []byte), do func()) {
	go func() {
		defer func() {
			if cause := recover(); cause != nil {
				contained(cause, debug.Stack())
			}
		}()
		do()
	}()
}

// contained notes a panic that was caught.
func (l *License) contained(cause any, stack []byte) {
	where := ""
	for line := range strings.Lines(string(stack)) {
		if strings.Contains(line, "openlts/") && !strings.Contains(line, "spawn") {
			where = strings.TrimSpace(line)
			break
		}
	}
	l.event(protocol.EventKindInternalError, protocol.StatusInternal, 0, fmt.Sprintf("contained a failure: %v at %s", cause, where))
}

// start begins the work in the background: one goroutine keeps the tally, one
// submits, so that a slow server never delays the tally.
func (l *License) start() {
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	l.working.Add(2)
	spawn(l.contained, func() { defer l.working.Done(); l.keep(ctx) })
	spawn(l.contained, func() { defer l.working.Done(); l.submitRegularly(ctx) })
}

// keep prepares each slot ahead, seals each slot that ended, and writes the
// counters back.
func (l *License) keep(ctx context.Context) {
	nextSync := l.clock.Now().Add(syncEvery)
	for {
		now := l.clock.Now()
		slotEnd := time.Unix(l.tally.Slot.Next(now.Unix()), 0)
		wait := min(slotEnd.Sub(now), nextSync.Sub(now), syncEvery)
		alarm, stop := l.clock.After(max(wait, 0))
		select {
		case <-ctx.Done():
			stop()
			return
		case <-alarm:
		}
		now = l.clock.Now()
		if !now.Before(nextSync) {
			_ = l.tally.Sync() // next second again
			nextSync = now.Add(syncEvery)
		}
		l.sealer.PrepareQuickly(l.clock) // whatever the ledger does
		l.checkTally()
		l.keepTime(ctx)
		err := l.seal(ctx, now, false)
		if err == nil && l.unbalanced.Load() {
			err = l.balance(ctx)
		}
		if err == nil {
			err = l.sealer.Prepare(ctx, l.clock)
		}
		if err == nil && l.failing.Load() {
			err = l.ledger.Try(ctx)
		}
		if ctx.Err() != nil {
			return // the license is being closed, which seals on its own
		}
		if err != nil {
			l.storageFailed(err)
		} else {
			l.storageWorks()
		}
	}
}

// seal moves to the ledger what was counted in slots that ended, or all.
func (l *License) seal(ctx context.Context, now time.Time, all bool) error {
	// First: what was counted before the clock was set is kept apart.
	if err := l.followClock(ctx); err != nil {
		return err
	}
	_, err := l.sealer.Seal(ctx, now, all)
	return err
}

// ledgerNotice tells of what happened to the ledger.
func (l *License) ledgerNotice(n ledger.Notice) {
	if n.Damage != "" {
		l.unbalanced.Store(true)
		l.recovered(n.Damage)
		return
	}
	l.event(protocol.EventKindStateChanged, protocol.StatusOK, 0, "the ledger was removed while in use; it was written anew, and nothing was lost")
}

// balance declares lost what was in a ledger that is gone.
func (l *License) balance(ctx context.Context) error {
	lost, err := l.ledger.Balance(ctx)
	if err == nil {
		l.unbalanced.Store(false)
		l.lostByStorage(lost)
	}
	return err
}

// recovered notes that the storage was found damaged, and we go on with what is
// left of it.
func (l *License) recovered(damage string) {
	l.setFlag(protocol.StateFlagStorageRecovered)
	l.event(protocol.EventKindStateChanged, protocol.StatusLicenseBufferFailed, 0, damage)
}

// lostByStorage tells of units that were in a ledger which is gone.
func (l *License) lostByStorage(units int64) {
	if units > 0 {
		l.setFlag(protocol.StateFlagUsageLost)
		l.recovered(fmt.Sprintf("%d operations were in reports that are gone with a damaged or deleted ledger; they are declared lost", units))
	}
}

// checkTally notes when the counters' file was removed: what is recorded counts
// on, but dies with the process.
func (l *License) checkTally() {
	if l.tally.Gone() && !l.exposed.Swap(true) {
		l.setFlag(protocol.StateFlagStorageDegraded)
		l.event(protocol.EventKindStateChanged, protocol.StatusLicenseBufferFailed, 0,
			"the file of the counters was removed or replaced; what is recorded in the current slot dies with the process")
	}
}

// storageFailed notes that the ledger could not be written. Nothing is lost:
// the counters hold what could not be folded.
func (l *License) storageFailed(err error) {
	if !l.failing.Swap(true) {
		l.setFlag(protocol.StateFlagStorageDegraded)
		l.event(protocol.EventKindStateChanged, protocol.StatusOf(ledger.Failed("writing the ledger", err)), 0,
			fmt.Sprintf("the ledger can't be written; the counters hold what was recorded: %v", err))
	}
}

// storageWorks notes that the ledger can be written again, if it could not.
func (l *License) storageWorks() {
	if l.failing.Swap(false) && l.directory != "" && l.tally.Durable() && !l.exposed.Load() {
		l.clearFlag(protocol.StateFlagStorageDegraded)
		l.event(protocol.EventKindStateChanged, protocol.StatusOK, 0, "the ledger can be written again; nothing was lost")
	}
}

// submitRegularly submits what is left over as soon as the license is open, and
// new reports every interval after that (docs/compatibility.md, "Time").
func (l *License) submitRegularly(ctx context.Context) {
	adopted := sync.OnceFunc(func() { close(l.adopted) })
	defer adopted()
	interval := time.Duration(l.tally.Slot) * time.Second
	for {
		l.adopt(ctx) // each time: processes die while others of the device live on
		adopted()
		l.purge(ctx)
		l.submitPending(ctx)
		l.renewRegularly(ctx)
		alarm, stop := l.clock.After(interval)
		select {
		case <-ctx.Done():
			stop()
			return
		case <-alarm:
		}
	}
}

// adopt takes over what dead runs left.
func (l *License) adopt(ctx context.Context) {
	// After the process changed its root, what is not found there is not gone.
	if l.directory == "" || l.place.OtherRoot() {
		return
	}
	// Closing the license does not end this: what dead runs left is submitted, too.
	ctx = context.WithoutCancel(ctx)
	adoption, err := report.Adopt(ctx, l.directory, l.ledger)
	err = errors.Join(err, sealParked(ctx, l.directory, l.ledger))
	if adoption.Missing > 0 && !l.place.OtherRoot() { // it may have changed meanwhile
		l.recovered(fmt.Sprintf("the counters of %d earlier runs are gone or damaged; what they had counted last is lost", adoption.Missing))
	}
	l.lostByStorage(adoption.Lost)
	l.tellOfUntaken(err)
}

// tellOfUntaken tells that what dead runs left could not be taken over: not each
// interval anew, if it is the same that can't be.
func (l *License) tellOfUntaken(err error) {
	before := l.untaken
	if l.untaken = ""; err == nil {
		return
	}
	if l.untaken = err.Error(); l.untaken != before {
		l.event(protocol.EventKindInternalError, protocol.StatusOf(ledger.Failed("taking usage over", err)), 0,
			"usage of an earlier run could not be taken over and is kept: "+l.untaken)
	}
}

func (l *License) purge(ctx context.Context) {
	if l.followClock(ctx) != nil {
		return // next time: what is too old may only have been counted under a wrong clock
	}
	units, err := l.ledger.Purge(ctx, report.Cutoff(l.ageingTime(), l.tally.Slot, retention))
	if errors.Is(err, ledger.ErrBusy) && (ctx.Err() != nil || !l.inTime(ctx)) {
		return // next time
	}
	if err != nil {
		l.storageFailed(err)
		return
	}
	if units > 0 {
		l.setFlag(protocol.StateFlagUsageLost)
		l.event(protocol.EventKindReportsPurged, protocol.StatusOK, units,
			fmt.Sprintf("%d operations could not be submitted within %d days and are lost", units, protocol.RetentionDays))
	}
}

// submitPending is one submission in the background. Its requests are bounded
// by their own timeouts; closing the license ends it.
func (l *License) submitPending(ctx context.Context) {
	for {
		outcome, err := l.submit(ctx, l.parameters.Resubmit == protocol.ResubmitInterval)
		if ctx.Err() != nil && err != nil {
			return // the license is being closed, which submits on its own
		}
		l.tell(outcome, err)
		if err != nil || outcome.Reports == 0 || !l.failing.Load() {
			return
		}
		// On a full disk, what was accepted makes room for what is still in the counters.
		if err := l.seal(ctx, l.clock.Now(), false); err != nil && !errors.Is(err, ledger.ErrNoRoom) {
			return // keep sees to it
		}
	}
}

// submit submits what is pending; once more if the server did not know the device.
func (l *License) submit(ctx context.Context, again bool) (report.Outcome, error) {
	outcome, err := l.submitter.Submit(ctx, again)
	if errors.Is(err, protocol.StatusRequestNotAuthenticated) && l.introduced(ctx) {
		l.tell(outcome, nil)
		outcome, err = l.submitter.Submit(ctx, true)
	}
	if err == nil {
		l.renewal.known()
	}
	return outcome, err
}

// tell turns the outcome of a submission into events and flags.
func (l *License) tell(outcome report.Outcome, err error) {
	for _, item := range outcome.Items {
		if item.ID == l.grant().Authorization.Item.ID {
			l.noteQuota(item.Quota)
		}
	}
	for _, refusal := range outcome.Refused {
		l.setFlag(protocol.StateFlagUsageLost)
		l.event(protocol.EventKindReportRefused, refusal.Error.Status, refusal.Units, refusal.Error.Error())
	}
	if outcome.Reports > 0 {
		l.event(protocol.EventKindSubmitted, protocol.StatusOK, outcome.Units,
			fmt.Sprintf("%d reports with %d operations were accepted", outcome.Reports, outcome.Units))
	}
	if err != nil {
		l.setFlag(protocol.StateFlagReportsPending)
		l.event(protocol.EventKindSubmitFailed, protocol.StatusOf(err), 0, strings.ReplaceAll(err.Error(), "\n", "; "))
	} else if !outcome.KeptBack {
		l.clearFlag(protocol.StateFlagReportsPending)
	}
}

// noteQuota keeps what a receipt says about our item's quota. A quota that runs
// out while the process works is a flag and not an error: usage that happened
// is counted.
func (l *License) noteQuota(quota protocol.Quota) {
	l.mu.Lock()
	changed := l.quota.State != quota.State
	l.quota = quota
	l.mu.Unlock()
	if !changed {
		return
	}
	l.clearFlag(protocol.StateFlagQuotaInTolerance | protocol.StateFlagQuotaExhausted)
	switch quota.State {
	case protocol.QuotaTolerance:
		l.setFlag(protocol.StateFlagQuotaInTolerance)
		l.event(protocol.EventKindStateChanged, protocol.StatusOK, 0, beyondQuota(quota))
	case protocol.QuotaExhausted:
		l.setFlag(protocol.StateFlagQuotaExhausted)
		l.event(protocol.EventKindStateChanged, protocol.StatusLimitExceeded, 0,
			"quota and tolerance are used up; the next authorization will be refused")
	case protocol.QuotaOK:
		l.event(protocol.EventKindStateChanged, protocol.StatusOK, 0, "the quota is in order again")
	}
}

// beyondQuota says for people how a quota stands that is used up and tolerated.
func beyondQuota(quota protocol.Quota) string {
	if quota.ExceptionsAllowed > 0 {
		return fmt.Sprintf("the quota of %d is exceeded, with %d at work; %d of %d exceptions are left",
			quota.Limit, quota.Used, max(0, quota.ExceptionsAllowed-quota.Exceptions), quota.ExceptionsAllowed)
	}
	return fmt.Sprintf("the quota of %d is used up; %d more are tolerated", quota.Limit, max(0, quota.Limit+quota.Tolerance-quota.Used))
}

func (l *License) setFlag(flag protocol.StateFlag) (changed bool) {
	return protocol.StateFlag(l.flags.Or(uint32(flag)))&flag != flag
}

func (l *License) clearFlag(flag protocol.StateFlag) { l.flags.And(^uint32(flag)) }

func (l *License) event(kind protocol.EventKind, status protocol.Status, units int64, message string) {
	l.events.put(Event{Kind: kind, Status: status, Flags: protocol.StateFlag(l.flags.Load()),
		Time: l.clock.Now().Unix(), Units: units, Message: message})
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
