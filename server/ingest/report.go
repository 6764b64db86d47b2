package ingest

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

// Kinds of anomalies which the server notes about reports.
const (
	AnomalySlotInFuture  = "slot-in-future"   // a slot that has not begun yet
	AnomalySlotInPast    = "slot-in-past"     // older than reports are kept
	AnomalyItemNotOfCode = "item-not-of-code" // counted on an item which its code does not have
	AnomalyUsageLost     = "usage-lost"       // the device lost its ledger, and usage with it
	AnomalyBadAccount    = "bad-account"      // what the device says of its usage makes no sense
)

// slotLead is how far ahead of the server's clock a slot may begin before that
// is noted: clocks differ.
const slotLead = 10 * time.Minute

// slotAge is how far back a slot may lie before it is noted: clients give up
// after 30 days, and a slot is submitted after its end.
const slotAge = (protocol.RetentionDays + 2) * 24 * time.Hour

// Reports counts the reports of a batch, exactly once each, and gives the
// receipt, without its digest. device is the device that authenticated the
// batch. A report that can't be counted is an exception in the receipt and does
// not concern the others; the error is a failure of the database, and then
// nothing was counted.
func (w *Writer) Reports(batch *protocol.ReportBatch, device store.ID) (*protocol.Receipt, error) {
	weight := 1
	for i := range batch.Groups {
		weight += len(batch.Groups[i].Reports)
	}
	var receipt *protocol.Receipt
	err := w.do(weight, func(tx store.Tx) error {
		c := counting{
			Tx: tx, device: device, now: w.now(), items: map[store.ID]store.Item{}, anomalies: map[string]string{},
			receipt: &protocol.Receipt{Batch: batch.Batch},
		}
		c.receipt.ReceivedAt = c.now.Unix()
		if err := c.keepAccount(batch); err != nil {
			return err
		}
		for i := range batch.Groups {
			if err := c.countGroup(i, &batch.Groups[i]); err != nil {
				return err
			}
		}
		receipt = c.receipt
		return c.finish()
	})
	if err != nil {
		return nil, err
	}
	return receipt, nil
}

// counting is the state of one batch.
type counting struct {
	store.Tx
	device    store.ID
	now       time.Time
	receipt   *protocol.Receipt
	items     map[store.ID]store.Item // concerned
	anomalies map[string]string       // details by kind
}

func (c *counting) countGroup(index int, group *protocol.ReportGroup) error {
	refuse := func(report int, refusal error) {
		c.receipt.Exceptions = append(c.receipt.Exceptions, protocol.Exception{
			Group: index, Report: report, Code: protocol.StatusOf(refusal), Message: refusal.Error(),
		})
	}
	target, refusal, err := c.target(group)
	if err != nil {
		return err
	}
	for i := range group.Reports {
		if refusal != nil {
			refuse(i, refusal)
			continue
		}
		if refusal := policy.CheckReport(&group.Reports[i], group.SlotSeconds); refusal != nil {
			refuse(i, refusal)
			continue
		}
		counted, err := c.countReport(target, group.SlotSeconds, &group.Reports[i])
		if err != nil {
			return err
		}
		c.receipt.Accepted++
		if counted.added > 0 && group.Reports[i].Found {
			c.receipt.New = append(c.receipt.New, protocol.ReportUnits{Group: index, Report: i, Units: counted.added})
		}
		if group.Reports[i].Lost != "" {
			c.receipt.Lost = append(c.receipt.Lost, protocol.ReportUnits{Group: index, Report: i, Units: counted.lost})
		}
	}
	return nil
}

// target is what the reports of a group are counted on.
type target struct {
	code store.ID
	item store.Item
	run  store.ID
}

// target finds what a group counts on, or why it can't be counted.
func (c *counting) target(group *protocol.ReportGroup) (t target, refusal, err error) {
	if len(group.Reports) == 0 {
		return t, nil, nil
	}
	if refusal := policy.CheckGroup(group); refusal != nil {
		return t, refusal, nil
	}
	code, err := c.HandshakeCode(group.HandshakeCode)
	if errors.Is(err, store.ErrNotFound) {
		return t, protocol.StatusHandshakeCodeNotFound, nil
	} else if err != nil {
		return t, nil, err
	}
	t.code = code.Key
	t.item, err = c.Item(group.Item)
	// What one organization uses is never counted on another's item.
	if errors.Is(err, store.ErrNotFound) || err == nil && t.item.Organization != code.Organization {
		return t, protocol.StatusItemNotFound, nil
	} else if err != nil {
		return t, nil, err
	}
	if _, known := c.items[t.item.Key]; !known {
		c.items[t.item.Key] = t.item
	}
	attached, err := c.Attached(t.code, t.item.Key)
	if err != nil {
		return t, nil, err
	}
	if !attached {
		c.anomalies[AnomalyItemNotOfCode] = fmt.Sprintf("code %s, item %s", group.HandshakeCode, group.Item)
	}
	t.run, err = c.Run(store.RunKey{Device: c.device, Code: t.code, Item: t.item.Key, Run: group.Run})
	return t, nil, err
}

// outcome of counting a report, in units.
type outcome struct {
	added int64 // that were new
	lost  int64 // of a report that is declared lost: that are not here
}

func (c *counting) countReport(t target, slotSeconds int, report *protocol.Report) (o outcome, err error) {
	c.checkTime(report.Slot)
	stored, err := c.Report(t.run, report.Slot)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return o, err
	}
	merged := policy.Merge(stored, *report)
	if report.Lost != "" {
		o.lost = merged.Report.Losses[report.Lost].Units
	}
	if merged.Anomaly != "" {
		c.anomalies[merged.Anomaly] = fmt.Sprintf("slot %d, revision %d, stored revision %d", report.Slot, report.Revision, stored.Revision)
	}
	if !merged.Changed {
		return o, nil
	}
	err = c.PutReport(store.ReceivedReport{
		Run: t.run, Slot: report.Slot, SlotSeconds: slotSeconds, Revision: report.Revision,
		Counts: report.Counts, Lost: report.Lost, ReceivedAt: c.now.Unix(),
	}, merged.Report)
	if err != nil || len(merged.Added) == 0 {
		return o, err
	}
	for _, n := range merged.Added {
		o.added = min(o.added, math.MaxInt64-n) + n
	}
	if err := c.AddTotals(t.code, t.item.Key, report.Slot, merged.Added); err != nil {
		return o, err
	}
	if units := policy.Charged(t.item.ChargeWay, merged.Added); units > 0 {
		return o, c.AddUsed(t.item.Key, units)
	}
	return o, nil
}

// keepAccount keeps what the device says of its usage over all times. An account
// that makes no sense does not concern the reports.
func (c *counting) keepAccount(batch *protocol.ReportBatch) error {
	account := batch.Account
	if account == nil {
		return nil
	}
	if problem := policy.AccountProblem(account); problem != "" {
		c.anomalies[AnomalyBadAccount] = problem
		return nil
	}
	if account.Storage > 0 {
		known, err := c.LostByStorage(c.device)
		if err != nil {
			return err
		}
		if account.Storage > known {
			c.anomalies[AnomalyUsageLost] = fmt.Sprintf("%d operations", account.Storage)
		}
	}
	return c.PutDeviceAccount(c.device, *account, batch.SentAt)
}

// checkTime notes slots far from now. They are counted: usage that happened
// counts, whatever the clock said.
func (c *counting) checkTime(start int64) {
	switch at := time.Unix(start, 0); {
	case at.After(c.now.Add(slotLead)):
		c.anomalies[AnomalySlotInFuture] = fmt.Sprintf("slot %d", start)
	case at.Before(c.now.Add(-slotAge)):
		c.anomalies[AnomalySlotInPast] = fmt.Sprintf("slot %d", start)
	}
}

// finish keeps the device's seats, notes what was strange, and adds to the
// receipt how the quotas stand.
func (c *counting) finish() error {
	for _, kind := range slices.Sorted(maps.Keys(c.anomalies)) {
		if err := c.NoteAnomaly(c.device, kind, c.anomalies[kind], c.now.Unix()); err != nil {
			return err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.items)) {
		item := c.items[key]
		if policy.Seats(item) {
			if err := c.keepSeat(item); err != nil {
				return err
			}
		}
		usage, err := usage(c.Tx, item, c.device, c.now)
		if err != nil {
			return err
		}
		c.receipt.Items = append(c.receipt.Items, protocol.ItemState{ID: item.ID, Quota: policy.Quota(item, usage.Used)})
	}
	return nil
}

// keepSeat keeps the seat of a device that is heard of (facts 2.6). A device
// without a seat does not get one: that is for authorization to decide.
func (c *counting) keepSeat(item store.Item) error {
	seat, err := c.Seat(item.Key, c.device)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	return c.PutSeat(item.Key, c.device, store.Seat{ExpiresAt: policy.SeatUntil(item, c.now)}, seat.ExpiresAt <= c.now.Unix())
}
