package policy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// Kinds of anomalies which the server notes about batches.
const (
	AnomalySlotInFuture  = "slot-in-future"   // a slot that has not begun yet
	AnomalySlotInPast    = "slot-in-past"     // older than reports are kept
	AnomalyItemNotOfCode = "item-not-of-code" // counted on an item which its code does not have
	AnomalyNotGranted    = "not-granted"      // a report on what the device was not granted; it does not count
	AnomalyUsageLost     = "usage-lost"       // the device lost its ledger, and usage with it
	AnomalyBadAccount    = "bad-account"      // the device's account is impossible
	AnomalyUsageCopied   = "usage-copied"     // more was counted than the device says it recorded
)

// slotLead is how far ahead of the server's clock a slot may begin before that is noted, because
// clocks differ.
const slotLead = 10 * time.Minute

// slotAge is how old a slot may be before that is noted: clients give up after 30 days, and submit
// a slot after its end.
const slotAge = (protocol.RetentionDays + 2) * 24 * time.Hour

// Batch is a batch of reports that a device sent. NewBatch checks everything that can be checked
// without the stored data.
type Batch struct {
	reporter store.Reporter
	id       string
	sentAt   int64
	account  *protocol.DeviceAccount
	problem  string // of the account
	groups   []batchGroup
	weight   int
	closed   []protocol.ClosedLicense
	// since is the earliest time at which it may change seats.
	since int64
}

// batchGroup is a group of reports: what they have in common, and those that are well formed.
type batchGroup struct {
	code, item, run string
	slotSeconds     int
	index           int        // in the batch
	indexes         []int      // of the reports, in the group
	reports         []Reported // well formed
	refused         []protocol.Exception
}

// NewBatch checks the reports of a batch. The reporter has authenticated it.
func NewBatch(batch *protocol.ReportBatch, reporter store.Reporter, now time.Time) *Batch {
	// This time orders accounts. If a device's clock was ahead once, that must not stay ahead of
	// later accounts.
	b := &Batch{reporter: reporter, id: batch.Batch, sentAt: min(batch.SentAt, now.Unix())}
	if batch.Account != nil {
		b.account, b.reporter.Account = batch.Account, true
		b.problem = AccountProblem(batch.Account, batch.SentAt, now.Unix())
	}
	b.since = now.Unix()
	for _, closed := range batch.Closed {
		if len(closed.HandshakeCode) <= MaxIDLength && len(closed.Item) <= MaxIDLength {
			b.closed = append(b.closed, closed)
		}
	}
	for i := range batch.Groups {
		if len(batch.Groups[i].Reports) > 0 {
			b.add(i, &batch.Groups[i], now.Unix())
		}
	}
	return b
}

func (b *Batch) add(index int, group *protocol.ReportGroup, now int64) {
	b.weight += len(group.Reports)
	g := batchGroup{
		code: group.HandshakeCode, item: group.Item, run: group.Run, slotSeconds: group.SlotSeconds, index: index,
	}
	problem := CheckGroup(group)
	if problem == nil {
		g.reports, g.indexes = make([]Reported, 0, len(group.Reports)), make([]int, 0, len(group.Reports))
	}
	for i := range group.Reports {
		refusal := problem
		if refusal == nil {
			refusal = CheckReport(&group.Reports[i], group.SlotSeconds, now)
		}
		if refusal == nil {
			b.weight += len(group.Reports[i].Counts)
			g.reports, g.indexes = append(g.reports, ReportedOf(&group.Reports[i])), append(g.indexes, i)
			if slot := group.Reports[i].Slot; slot >= now-int64(slotAge/time.Second) {
				b.since = min(b.since, slot)
			}
			continue
		}
		g.refused = append(g.refused, exception(index, i, refusal))
	}
	b.groups = append(b.groups, g)
}

func exception(group, report int, refusal error) protocol.Exception {
	return protocol.Exception{Group: group, Report: report, Code: protocol.StatusOf(refusal), Message: refusal.Error()}
}

// Require adds the device and the reported slots.
func (b *Batch) Require(keys *store.Keys) {
	keys.Reopens = reopens
	keys.Reporters = append(keys.Reporters, b.reporter)
	for _, c := range b.closed {
		keys.Counted = append(keys.Counted, store.Counted{
			Reporter: b.reporter, Code: c.HandshakeCode, Item: c.Item, Since: b.since,
		})
	}
	for i := range b.groups {
		g := &b.groups[i]
		if len(g.reports) == 0 {
			continue
		}
		slots := make([]int64, len(g.reports))
		for j := range g.reports {
			slots[j] = g.reports[j].Slot
		}
		keys.Counted = append(keys.Counted, store.Counted{
			Reporter: b.reporter, Code: g.code, Item: g.item, Run: g.run, Slots: slots, Since: b.since,
		})
	}
}

// Weight is one, plus one for each report, each of its counts and each closed license.
func (b *Batch) Weight() int { return 1 + b.weight + len(b.closed) }

// Sender is the UUID of the device.
func (b *Batch) Sender() string { return b.reporter.UUID }

// apply counts the reports, each exactly once. A report that can't be counted is an exception in
// the receipt and does not affect the others.
func (b *Batch) apply(d *decision) Answer {
	c := counting{
		decision: d, batch: b, device: d.device(b.reporter.UUID), anomalies: map[string]string{},
		receipt: &protocol.Receipt{Batch: b.id, ReceivedAt: d.now.Unix()},
	}
	c.keepAccount()
	for i := range b.groups {
		c.countGroup(&b.groups[i])
	}
	c.close()
	c.finish()
	return Answer{Receipt: c.receipt}
}

// counting is the state of one batch.
type counting struct {
	*decision
	batch     *Batch
	device    *store.DeviceState
	receipt   *protocol.Receipt
	items     []*concerned
	anomalies map[string]string // details by kind
	added     int64             // units that were new
}

func (c *counting) countGroup(g *batchGroup) {
	if len(g.reports) == 0 {
		c.receipt.Exceptions = append(c.receipt.Exceptions, g.refused...)
		return
	}
	t, refusal := c.target(g)
	if refusal != nil {
		refused := slices.Clone(g.refused)
		for _, i := range g.indexes {
			e := exception(g.index, i, refusal)
			e.Retry = true // once it is granted
			refused = append(refused, e)
		}
		slices.SortFunc(refused, func(a, b protocol.Exception) int { return a.Report - b.Report })
		c.receipt.Exceptions = append(c.receipt.Exceptions, refused...)
		return
	}
	c.receipt.Exceptions = append(c.receipt.Exceptions, g.refused...)
	for i := range g.reports {
		report := &g.reports[i]
		if report.Slot < c.ClosedBefore {
			// The device's account has what was declared lost there.
			if report.Lost != "" {
				c.receipt.Accepted++
			} else {
				c.receipt.Exceptions = append(c.receipt.Exceptions,
					exception(g.index, g.indexes[i], tooLate(c.ClosedBefore)))
			}
			continue
		}
		if report.Lost == "" {
			if refusal := c.learn(t.item.Organization, report.Counts); refusal != nil {
				c.receipt.Exceptions = append(c.receipt.Exceptions, exception(g.index, g.indexes[i], refusal))
				continue
			}
		}
		counted := c.countReport(t, g.slotSeconds, report)
		c.receipt.Accepted++
		if counted.added > 0 && report.Found {
			c.receipt.New = append(c.receipt.New, protocol.ReportUnits{
				Group: g.index, Report: g.indexes[i], Units: counted.added,
			})
		}
		if report.Lost != "" {
			c.receipt.Lost = append(c.receipt.Lost, protocol.ReportUnits{
				Group: g.index, Report: g.indexes[i], Units: counted.lost,
			})
		}
	}
}

// concerned is an item that occurs in the batch.
type concerned struct {
	store.Item
	work        []worked
	slotSeconds int64 // how often the device reports on it; 0: unknown
	closed      bool
}

func (c *counting) concern(item store.Item) *concerned {
	for _, known := range c.items {
		if known.Key == item.Key {
			return known
		}
	}
	c.items = append(c.items, &concerned{Item: item})
	return c.items[len(c.items)-1]
}

// close ends the seats of the licenses that the device closed, if it was granted them. It ignores
// reporters with another key than the device's first, which may be somebody else.
func (c *counting) close() {
	if c.device.RunsOf(c.batch.reporter.Number) != 0 {
		return
	}
	for _, closed := range c.batch.closed {
		code, item := c.Codes[closed.HandshakeCode], c.Items[closed.Item]
		grant := store.Grant{Device: c.batch.reporter.UUID, Code: code.Key, Item: item.Key}
		if c.Grants[grant] {
			c.concern(item).closed = true
		}
	}
}

// target is the code and the item for which the reports of a group count.
type target struct {
	code store.ID
	item store.Item
	run  *store.Run
}

// errNotGranted is the error for everything that a device was not granted, whether it exists or
// not. As after a batch that is not authenticated, the client asks for a new authorization, because
// a server that was restored from a backup may have lost the grant.
var errNotGranted = protocol.Errorf(protocol.StatusRequestNotAuthenticated,
	"The device was not granted this license item under this handshake code. Authorize again.")

// target finds the target of a group, or why it can't be counted. Only what the device was granted
// exists for it.
func (c *counting) target(g *batchGroup) (t target, refusal error) {
	code, known := c.Codes[g.code]
	t.code, t.item = code.Key, c.Items[g.item]
	key := store.RunKey{
		Device: c.batch.reporter.UUID, Reporter: c.device.RunsOf(c.batch.reporter.Number), Code: t.code,
		Item: t.item.Key, Run: g.run,
	}
	run := c.Runs[key]
	granted := run != nil && run.Key != 0 ||
		c.Grants[store.Grant{Device: key.Device, Reporter: key.Reporter, Code: key.Code, Item: key.Item}]
	if !known || t.item.Key == 0 || !granted {
		c.anomalies[AnomalyNotGranted] = fmt.Sprintf("code %.128q, item %.128q", g.code, g.item)
		return t, errNotGranted
	}
	if t.run = run; run == nil {
		t.run = &store.Run{Reports: map[int64]store.Report{}}
		c.Runs[key] = t.run
	}
	if t.run.Key == 0 {
		c.change.Runs[key] = t.run
	}
	item := c.concern(t.item)
	item.slotSeconds = max(item.slotSeconds, int64(g.slotSeconds))
	if !slices.ContainsFunc(c.CodeItems[t.code], func(i store.CodeItem) bool { return i.Key == t.item.Key }) {
		c.anomalies[AnomalyItemNotOfCode] = fmt.Sprintf("code %s, item %s", g.code, g.item)
	}
	return t, nil
}

// tooLate is the error for a report of a closed slot.
func tooLate(before int64) error {
	return protocol.Errorf(protocol.StatusSlotClosed, "The report came too late: usage before %s was closed.",
		time.Unix(before, 0).UTC().Format(time.RFC3339))
}

// outcome of counting a report, in units.
type outcome struct {
	added int64 // that were new
	lost  int64 // for a declaration of loss: units that are not here
}

func (c *counting) countReport(t target, slotSeconds int, report *Reported) (o outcome) {
	c.checkTime(report.Slot)
	// Impossible slots, and slots whose seats do not matter any more, take no seats.
	if report.Lost == "" && report.Slot >= c.batch.since && report.Slot <= c.now.Unix()+int64(slotLead/time.Second) {
		item := c.concern(t.item)
		item.work = append(item.work, worked{report.Slot, report.Slot + int64(slotSeconds)})
	}
	stored := t.run.Reports[report.Slot]
	merged := Merge(stored, report)
	if report.Lost != "" {
		o.lost = merged.Report.Losses[report.Lost].Units
	}
	if merged.Anomaly != "" {
		c.anomalies[merged.Anomaly] = fmt.Sprintf("slot %d, revision %d, stored revision %d", report.Slot,
			report.Revision, stored.Revision)
	}
	if !merged.Changed {
		return o
	}
	t.run.Reports[report.Slot] = merged.Report
	c.change.Reports[store.SlotKey{Run: t.run, Slot: report.Slot}] = merged.Report
	c.change.Received = append(c.change.Received, store.ReceivedReport{
		Run: t.run, Slot: report.Slot, SlotSeconds: slotSeconds, Revision: report.Revision,
		Counts: report.Counts, Lost: report.Lost, ReceivedAt: c.now.Unix(),
	})
	late := c.now.Unix() > report.Slot+store.LateAfter
	for _, added := range merged.Added {
		units := store.Units{All: added.Units}
		if late {
			units.Late = added.Units
		}
		key := store.TotalKey{Code: t.code, Item: t.item.Key, Slot: report.Slot, Type: added.Type}
		c.change.Totals[key] = c.change.Totals[key].Plus(units)
		quarter := store.DeviceTotalKey{
			Device: c.batch.reporter.UUID, Code: t.code, Item: t.item.Key,
			Start: store.LevelQuarterDay.Start(report.Slot), Type: added.Type,
		}
		c.change.ByDevice[quarter] = store.SaturatingSum(c.change.ByDevice[quarter], added.Units)
	}
	o.added = sum(merged.Added)
	c.added = store.SaturatingSum(c.added, o.added)
	if units := Charged(t.item.ChargeWay, merged.Added); units > 0 {
		c.change.Used[t.item.Key] = store.SaturatingSum(c.change.Used[t.item.Key], units)
		use := c.Uses[t.item.Key]
		use.Units = store.SaturatingSum(use.Units, units)
	}
	return o
}

// keepAccount stores the device's account, unless the stored one is newer: sent later and with more
// recorded. An impossible account does not affect the reports.
func (c *counting) keepAccount() {
	account, reporter := c.batch.account, c.batch.reporter
	if account == nil {
		return
	}
	if c.batch.problem != "" {
		c.anomalies[AnomalyBadAccount] = c.batch.problem
		return
	}
	known, told := c.device.Accounts[reporter.Number]
	if account.Storage > known.Storage {
		c.anomalies[AnomalyUsageLost] = fmt.Sprintf("%d operations", account.Storage)
	}
	if told && c.batch.sentAt < known.SentAt && account.Recorded < known.Recorded {
		return
	}
	state := store.AccountState{DeviceAccount: *account, SentAt: c.batch.sentAt, Accepted: known.Accepted}
	c.device.Accounts[reporter.Number] = state
	c.change.Accounts[store.AccountKey{Device: reporter.UUID, Reporter: reporter.Number}] = state
}

// compareAccount compares what was counted for a device with what it says it recorded. More is
// possible only if its data were copied and both copies report, or if only its identity is left of
// its data.
func (c *counting) compareAccount() {
	reporter := c.batch.reporter
	state, told := c.device.Accounts[reporter.Number]
	if c.batch.account == nil || !told {
		return
	}
	state.Accepted = store.SaturatingSum(state.Accepted, c.added)
	c.device.Accounts[reporter.Number] = state
	if c.added > 0 {
		key := store.AccountKey{Device: reporter.UUID, Reporter: reporter.Number}
		c.change.Accounts[key] = state
		c.change.Accepted[key] = store.SaturatingSum(c.change.Accepted[key], c.added)
		if state.Accepted > state.Recorded {
			c.anomalies[AnomalyUsageCopied] = fmt.Sprintf("recorded %d operations, but %d were counted", state.Recorded,
				state.Accepted)
			c.device.ClonedAt = c.now.Unix()
			c.change.Cloned[reporter.UUID] = c.now.Unix()
		}
	}
}

// checkTime notes slots far from now. They count all the same, because usage that happened must be
// counted, whatever the clock said.
func (c *counting) checkTime(start int64) {
	switch now := c.now.Unix(); {
	case start > now+int64(slotLead/time.Second):
		c.anomalies[AnomalySlotInFuture] = fmt.Sprintf("slot %d", start)
	case start < now-int64(slotAge/time.Second):
		c.anomalies[AnomalySlotInPast] = fmt.Sprintf("slot %d", start)
	}
}

// finish keeps the device's seats, notes anomalies, and adds the state of the quotas to the
// receipt. A device that reports on an item was granted it and is active.
func (c *counting) finish() {
	c.compareAccount()
	for _, kind := range slices.Sorted(maps.Keys(c.anomalies)) {
		c.note(c.batch.reporter.UUID, kind, c.anomalies[kind])
	}
	slices.SortFunc(c.items, func(a, b *concerned) int { return cmp.Compare(a.Key, b.Key) })
	for _, item := range c.items {
		if Seats(item.Item) {
			seats := c.device.Seats[item.Key]
			brief := len(seats) > 0 && seats[len(seats)-1].Brief
			v := visit{at: c.now.Unix(), slotSeconds: item.slotSeconds, brief: brief}
			c.visited(&item.Item, c.batch.reporter.UUID, c.device, v, item.work, item.closed)
		}
		c.receipt.Items = append(c.receipt.Items, protocol.ItemState{
			ID: item.ID, Quota: Quota(item.Item, c.usage(&item.Item)),
		})
	}
}
