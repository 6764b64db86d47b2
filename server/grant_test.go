package server_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
)

// A key reports only on what it was granted. All else is one exception, whether
// it exists or not, and tells nothing.
func TestOnlyWhatWasGranted(t *testing.T) {
	l := start(t)
	if _, err := l.AddOrganization(t.Context(), "Victim", "100002"); err != nil {
		t.Fatal(err)
	}
	l.code(t, administration.HandshakeCode{Organization: "100002", Custom: "locked", SessionPassword: "s3cret"})
	l.item(t, store.Item{ID: "theirs", Organization: "100002", Quota: 100}, "100002-locked")
	l.code(t, administration.HandshakeCode{Organization: "100001", Custom: "other"})
	l.item(t, store.Item{ID: "other", Quota: 100}, "100001-other", "100001-reader")
	device := l.device()
	granted, err := device.Authorize(device.Request("100001-reader"))
	if err != nil || granted.Item.ID != "scans" {
		t.Fatal(err)
	}
	report := protocol.Report{Slot: l.slotStart(1), Revision: 1, Counts: map[string]int64{"QR_CODE": 99}}
	var told string
	for _, pair := range [][2]string{
		{"100002-locked", "theirs"}, {"100002-locked", "nothing"}, {"100002-nobody", "theirs"}, {"nobody", "nothing"},
		{"100001-reader", "theirs"}, {"100002-locked", "scans"}, {"100001-reader", "other"}, {"100001-other", "other"},
		{"100001-other", "scans"}, {"", ""},
	} {
		receipt, err := device.Report(device.Batch(group(uuid.NewString(), pair[0], pair[1], report)))
		if err != nil {
			t.Fatal(err)
		}
		receipt.Batch, receipt.Digest = "", ""
		text, err := json.Marshal(receipt)
		if err != nil {
			t.Fatal(err)
		}
		if told == "" {
			told = string(text)
		}
		if string(text) != told {
			t.Errorf("of %v it is told %s, of others %s", pair, text, told)
		}
		if receipt.Accepted != 0 || len(receipt.Items) != 0 || len(receipt.Exceptions) != 1 ||
			!receipt.Exceptions[0].Retry ||
			receipt.Exceptions[0].Code != protocol.StatusRequestNotAuthenticated {
			t.Errorf("%v: %s", pair, text)
		}
	}
	anomalies, err := l.store.Anomalies(t.Context(), 10)
	if err != nil || len(anomalies) != 1 || anomalies[0].Kind != "not-granted" || anomalies[0].Count != 10 {
		t.Errorf("%+v, %v", anomalies, err)
	}
	// What is granted counts beside it, and what is granted later, from then on.
	receipt, err := device.Report(device.Batch(group(uuid.NewString(), "100001-reader", "scans", report),
		group(uuid.NewString(), "100001-other", "other", report)))
	if err != nil || receipt.Accepted != 1 || len(receipt.Exceptions) != 1 || len(receipt.Items) != 1 ||
		receipt.Items[0].ID != "scans" {
		t.Errorf("%+v, %v", receipt, err)
	}
	if _, err := device.Authorize(device.Request("100001-other")); err != nil {
		t.Fatal(err)
	}
	receipt, err = device.Report(device.Batch(group(uuid.NewString(), "100001-other", "other", report)))
	if err != nil || receipt.Accepted != 1 {
		t.Errorf("%+v, %v", receipt, err)
	}
	if s := l.statistics(t, store.StatisticsQuery{}); s.Total != 2*99 {
		t.Errorf("%+v", s)
	}
	l.verify(t)
}

// With a device's UUID, and even a run's, but another key, nobody can keep that device's usage from
// being counted or change what it reported.
func TestAnotherKeyReportsApart(t *testing.T) {
	l := start(t)
	victim := l.device()
	if _, err := victim.Authorize(victim.Request("100001-reader")); err != nil {
		t.Fatal(err)
	}
	thief := *victim
	var err error
	if thief.Key, err = ecdh.X25519().GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	if _, err := thief.Authorize(thief.Request("100001-reader")); err != nil {
		t.Fatal(err)
	}
	run, slot := uuid.NewString(), l.slotStart(1)
	send := func(d *servertest.Device, sentAt int64, account protocol.DeviceAccount, report protocol.Report) {
		t.Helper()
		report.Slot = slot
		batch := d.Batch(group(run, "100001-reader", "scans", report))
		batch.SentAt, batch.Account = sentAt, &account
		receipt, err := d.Report(batch)
		if err != nil || receipt.Accepted != 1 {
			t.Fatalf("%+v, %v", receipt, err)
		}
	}
	counts := func(n int64) map[string]int64 { return map[string]int64{"QR_CODE": n} }
	send(victim, l.clock().Unix(), protocol.DeviceAccount{Recorded: 10}, protocol.Report{
		Revision: 1, Counts: counts(10),
	})
	// The highest revision it may have, a loss, and an account from the future.
	far := l.clock().Add(99 * 365 * 24 * time.Hour).Unix()
	send(&thief, far, protocol.DeviceAccount{Recorded: 1 << 50}, protocol.Report{
		Revision: far << 20, Counts: counts(1),
	})
	send(&thief, far, protocol.DeviceAccount{Recorded: 1 << 50}, protocol.Report{
		Revision: far<<20 + 1, Counts: counts(5), Lost: protocol.LostExpired,
	})
	l.advance(time.Minute)
	send(victim, l.clock().Unix(), protocol.DeviceAccount{Recorded: 4010, Expired: 1}, protocol.Report{
		Revision: 2, Counts: counts(4010),
	})
	if s := l.statistics(t, store.StatisticsQuery{By: []store.Column{store.ByDevice}}); s.Total != 4011 ||
		s.Lost["expired"] != 4 {
		t.Errorf("%+v", s)
	}
	devices, err := l.store.Devices(t.Context())
	if err != nil || len(devices) != 1 || devices[0].Keys != 2 || devices[0].Account.Expired != 1 ||
		devices[0].Account.Recorded != 4010+1<<50 {
		t.Errorf("%+v, %v", devices, err)
	}
	l.verify(t)
}
