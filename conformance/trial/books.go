package trial

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
)

// reportKey is what a report is the report of.
type reportKey struct {
	device, run string
	slot        int64
}

// books are what a client said in a scenario, and what is wrong with it. They hold each
// request against docs/protocol.md, whatever was played.
type books struct {
	now  func() time.Time
	item string

	devices map[string]string // the public key of each UUID
	nonces  map[string]bool
	held    map[reportKey]protocol.Report // highest revisions that were accepted
	said    map[reportKey]map[int64]map[string]int64
	wrong   []string
}

func newBooks(now func() time.Time, item string) *books {
	return &books{
		now: now, item: item, devices: map[string]string{}, nonces: map[string]bool{},
		held: map[reportKey]protocol.Report{}, said: map[reportKey]map[int64]map[string]int64{},
	}
}

// mostWrong is how many findings of a scenario are told.
const mostWrong = 20

func (b *books) complain(format string, arguments ...any) {
	if len(b.wrong) < mostWrong {
		b.wrong = append(b.wrong, fmt.Sprintf(format, arguments...))
	}
}

// request reads an authorization request; nil if it is none.
func (b *books) request(body []byte) *protocol.AuthorizationRequest {
	var r protocol.AuthorizationRequest
	if len(body) > protocol.MaxAuthorizationBody {
		b.complain("an authorization of %d bytes; %d are allowed", len(body), protocol.MaxAuthorizationBody)
		return nil
	}
	if err := json.Unmarshal(body, &r); err != nil {
		b.complain("an authorization that is not JSON: %v", err)
		return nil
	}
	if r.Protocol != protocol.Version {
		b.complain("an authorization by protocol %d", r.Protocol)
	}
	nonce, err := protocol.Encoding.DecodeString(r.Nonce)
	switch {
	case err != nil || len(nonce) < 16:
		b.complain("a nonce that is not base64url of 16 bytes or more: %.80q", r.Nonce)
	case b.nonces[r.Nonce]:
		b.complain("a nonce that came before: %.80q", r.Nonce)
	}
	b.nonces[r.Nonce] = true
	if id, err := uuid.Parse(r.Device.UUID); err != nil || id.String() != r.Device.UUID {
		b.complain("a client UUID that is not 8-4-4-4-12 in lower case: %.80q", r.Device.UUID)
	}
	if key, known := b.devices[r.Device.UUID]; known && key != r.Device.PublicKey {
		b.complain("a device that comes with another key than before")
	}
	b.devices[r.Device.UUID] = r.Device.PublicKey
	if r.HandshakeCode != ClientCode {
		b.complain("an authorization for the code %.80q, not %s", r.HandshakeCode, ClientCode)
	}
	if r.InstanceCount < 1 || r.InstanceCount > protocol.MaxInstances {
		b.complain("an authorization for %d instances", r.InstanceCount)
	}
	return &r
}

// batch reads a batch whose MAC is right; nil if it is none.
func (b *books) batch(body []byte) *protocol.ReportBatch {
	var batch protocol.ReportBatch
	if len(body) > protocol.MaxReportBody {
		b.complain("a batch of %d bytes; %d are allowed", len(body), protocol.MaxReportBody)
		return nil
	}
	if err := json.Unmarshal(body, &batch); err != nil {
		b.complain("a batch that is not JSON: %v", err)
		return nil
	}
	if batch.Protocol != protocol.Version {
		b.complain("a batch by protocol %d", batch.Protocol)
	}
	if _, err := uuid.Parse(batch.Batch); err != nil {
		b.complain("a batch whose id is no UUID: %.80q", batch.Batch)
	}
	if _, known := b.devices[batch.Device]; !known {
		b.complain("a batch of a device that was not authorized: %.80q", batch.Device)
	}
	reports := 0
	for _, group := range batch.Groups {
		reports += len(group.Reports)
		b.group(batch.Device, group)
	}
	if reports > protocol.MaxReportsInBatch {
		b.complain("a batch of %d reports; %d are allowed", reports, protocol.MaxReportsInBatch)
	}
	return &batch
}

func (b *books) group(device string, group protocol.ReportGroup) {
	if group.HandshakeCode != ClientCode || group.Item != b.item {
		b.complain("reports on %.80q and %.80q, which was not granted", group.HandshakeCode, group.Item)
	}
	if _, err := uuid.Parse(group.Run); err != nil {
		b.complain("a run that is no UUID: %.80q", group.Run)
	}
	if _, err := slot.Check(int64(group.SlotSeconds)); err != nil {
		b.complain("slots of %d s", group.SlotSeconds)
		return
	}
	now := b.now().Unix()
	for _, report := range group.Reports {
		key := reportKey{device, group.Run, report.Slot}
		switch {
		case report.Slot%int64(group.SlotSeconds) != 0:
			b.complain("a slot that does not begin at a multiple of %d s: %d", group.SlotSeconds, report.Slot)
		case report.Slot > now+60 || report.Slot < now-(protocol.RetentionDays+1)*24*60*60:
			b.complain("a slot in which nothing was done: %d, and it is %d", report.Slot, now)
		case report.Revision < 1:
			b.complain("a report of revision %d", report.Revision)
		case len(report.Counts) == 0:
			b.complain("a report without counts")
		}
		for name, n := range report.Counts {
			if !protocol.ValidOperationTypeName(name) || n < 1 {
				b.complain("a report of %d operations of type %.80q", n, name)
			}
		}
		b.cumulative(key, report)
	}
}

// cumulative holds a report against all others of its key: between two revisions counts
// may grow and never shrink, and a revision is always the same.
func (b *books) cumulative(key reportKey, report protocol.Report) {
	if b.said[key] == nil {
		b.said[key] = map[int64]map[string]int64{}
	}
	for revision, counts := range b.said[key] {
		low, high := counts, report.Counts
		switch {
		case revision == report.Revision:
			if !maps.Equal(low, high) && report.Lost == "" {
				b.complain("revision %d of a report says %v, and said %v", revision, high, low)
			}
			continue
		case revision > report.Revision:
			low, high = high, low
		}
		for name, n := range low {
			if high[name] < n {
				b.complain(
					"counts are not cumulative: a later revision has %d of %s, an earlier one %d",
					high[name],
					name,
					n,
				)
			}
		}
	}
	b.said[key][report.Revision] = report.Counts
}

// accept holds a report, and tells how much of it is new, or lost.
func (b *books) accept(key reportKey, report protocol.Report) (added, missing int64) {
	before := b.held[key]
	if report.Lost != "" {
		for name, n := range report.Counts {
			missing += max(0, n-before.Counts[name])
		}
		return 0, missing
	}
	if report.Revision <= before.Revision {
		return 0, 0
	}
	for name, n := range report.Counts {
		added += n - before.Counts[name]
	}
	b.held[key] = report
	return added, 0
}

// account holds what a device says of its usage over all times against what came.
func (b *books) account(device string, account *protocol.DeviceAccount) {
	if account == nil {
		return
	}
	var held int64
	for key, report := range b.held {
		if key.device == device {
			for _, n := range report.Counts {
				held += n
			}
		}
	}
	if lost := account.Expired + account.Refused + account.Storage; account.Recorded-lost < held {
		b.complain("the device says it recorded %d and lost %d, and %d were accepted", account.Recorded, lost, held)
	}
}

// counted is what was accepted, by type.
func (b *books) counted() map[string]int64 {
	counts := map[string]int64{}
	for _, report := range b.held {
		for name, n := range report.Counts {
			counts[name] += n
		}
	}
	return counts
}

// runs are those that anything was accepted of.
func (b *books) runs() int {
	runs := map[string]bool{}
	for key := range b.held {
		runs[key.run] = true
	}
	return len(slices.Collect(maps.Keys(runs)))
}
