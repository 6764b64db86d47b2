package server_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/teststore"
)

const day = 24 * time.Hour

// problem is the problem in an error, or a failure of the test.
func problem(t *testing.T, err error) protocol.Problem {
	t.Helper()
	var p *servertest.Problem
	if !errors.As(err, &p) {
		t.Fatalf("got %v, want a problem", err)
	}
	return p.Problem
}

func TestGranted(t *testing.T) {
	l := start(t)
	l.code(t, administration.HandshakeCode{Organization: "100001", Custom: "locked", SessionPassword: "s3cret"})
	l.item(t, store.Item{
		ID: "all", Quota: store.Unlimited, Products: protocol.ProductDBR, Version: "10", Edition: "Python",
		DeploymentType: protocol.DeploymentTypeDesktop, Modules: []protocol.LicenseModule{1, 2},
		ValidationField: "reader.exe", Trial: true, MaxBufferDays: 30,
		ExpiresAt: l.clock().Add(10 * day).Unix(),
	}, "100001-locked")

	device := l.device()
	byOrganization := device.Request("")
	byOrganization.OrganizationID = "100001"
	if granted, err := device.Authorize(byOrganization); err != nil || granted.HandshakeCode != "100001-reader" ||
		granted.Item.ID != "scans" {
		t.Errorf("%+v, %v", granted, err)
	}
	both := device.Request("100001-locked")
	both.OrganizationID, both.SessionPassword = "100001", "s3cret"
	both.Products, both.ProductVersion, both.Edition = protocol.ProductDBR, "10.2", "Python"
	both.Modules, both.ValidationField, both.MaxBufferDays = []protocol.LicenseModule{2}, "reader.exe", 365
	granted, err := device.Authorize(both)
	if err != nil {
		t.Fatal(err)
	}
	now := l.clock()
	if granted.HandshakeCode != "100001-locked" || granted.OrganizationID != "100001" || !granted.Trial ||
		granted.IssuedAt != now.Unix() || granted.ValidUntil != now.Add(17*day).Unix() ||
		granted.BufferUntil != granted.ValidUntil ||
		granted.Item.ID != "all" || granted.Item.Version != "10" || len(granted.Item.Modules) != 2 ||
		granted.Quota != (protocol.Quota{Limit: -1, State: protocol.QuotaOK}) {
		t.Errorf("%+v", granted)
	}
}

// Devices take seats, keep them while they are heard of, and lose them when not.
func TestDeviceCount(t *testing.T) {
	l := start(t)
	l.code(t, administration.HandshakeCode{Organization: "100001", Custom: "seats"})
	l.item(t, store.Item{ID: "seats", Quota: 5, ChargeWay: protocol.ChargeWayDeviceCount,
		ExpiresAt: l.clock().AddDate(3, 0, 0).Unix()}, "100001-seats")
	authorize := func(d *servertest.Device) (*protocol.Authorization, error) {
		return d.Authorize(d.Request("100001-seats"))
	}

	devices := make([]*servertest.Device, 6)
	for i := range devices {
		devices[i] = l.device()
		granted, err := authorize(devices[i])
		if err != nil {
			t.Fatal(err)
		}
		want := protocol.Quota{Limit: 5, Tolerance: 1, Used: int64(i + 1), State: protocol.QuotaOK}
		if i == 5 {
			want.State = protocol.QuotaTolerance
		}
		if granted.Quota != want {
			t.Errorf("got %+v, want %+v", granted.Quota, want)
		}
	}
	late := l.device()
	if _, err := authorize(late); problem(t, err).Code != protocol.StatusLimitExceeded {
		t.Error(err)
	}
	if granted, err := authorize(devices[0]); err != nil || granted.Quota.Used != 6 {
		t.Errorf("a known device: %+v, %v", granted, err)
	}

	l.advance(80 * day)
	// One is heard of by a report, one by an authorization; the others are not.
	receipt, err := devices[0].Report(devices[0].Batch(group(uuid.NewString(), "100001-seats", "seats",
		protocol.Report{Slot: l.slotStart(1), Revision: 1, Counts: map[string]int64{"QR_CODE": 7}})))
	if err != nil || len(receipt.Items) != 1 || receipt.Items[0].Quota.Used != 6 {
		t.Fatalf("%+v, %v", receipt, err)
	}
	if _, err := authorize(devices[1]); err != nil {
		t.Fatal(err)
	}
	l.advance(20 * day)
	granted, err := authorize(late)
	if err != nil {
		t.Fatal(err)
	}
	if granted.Quota.Used != 3 || granted.Quota.State != protocol.QuotaOK {
		t.Errorf("%+v", granted.Quota)
	}
	l.verify(t)
}

// Scans are refused to everyone when quota and tolerance are used up, and what
// is reported afterwards still counts.
func TestScanCount(t *testing.T) {
	l := start(t)
	l.code(t, administration.HandshakeCode{Organization: "100001", Custom: "few"})
	l.item(t, store.Item{ID: "few", Quota: 100}, "100001-few")
	device := l.device()
	run := uuid.NewString()
	for revision, step := range []struct {
		scans int64
		state protocol.QuotaState
	}{
		{99, protocol.QuotaOK}, {100, protocol.QuotaTolerance}, {104, protocol.QuotaTolerance},
		{105, protocol.QuotaExhausted},
	} {
		granted, err := device.Authorize(device.Request("100001-few"))
		if err != nil {
			t.Fatalf("before %d scans: %v", step.scans, err)
		}
		receipt, err := device.Report(device.Batch(group(run, "100001-few", "few",
			protocol.Report{Slot: l.slotStart(1), Revision: int64(revision + 1),
				Counts: map[string]int64{"QR_CODE": step.scans, "PAGE_SCANNED": 1000}})))
		if err != nil {
			t.Fatal(err)
		}
		want := protocol.Quota{Limit: 100, Tolerance: 5, Used: step.scans, State: step.state}
		if receipt.Items[0].Quota != want {
			t.Errorf("got %+v, want %+v", receipt.Items[0].Quota, want)
		}
		if granted.Quota.Used >= step.scans {
			t.Errorf("%+v", granted.Quota)
		}
	}
	for _, d := range []*servertest.Device{device, l.device()} {
		if _, err := d.Authorize(d.Request("100001-few")); problem(t, err).Code != protocol.StatusLimitExceeded {
			t.Error(err)
		}
	}
	if _, err := device.Report(device.Batch(group(run, "100001-few", "few",
		protocol.Report{Slot: l.slotStart(1), Revision: 9, Counts: map[string]int64{"QR_CODE": 200}}))); err != nil {
		t.Error(err)
	}
	if s := l.statistics(t, store.StatisticsQuery{Items: []string{"few"}}); s.Total != 1200 {
		t.Errorf("%+v", s)
	}
	l.verify(t)
}

// What another process changes on the same directory holds from the next
// request on.
func TestChangesOfAnotherProcess(t *testing.T) {
	l := start(t)
	device := l.device()
	if _, err := device.Authorize(device.Request("100001-reader")); err != nil {
		t.Fatal(err)
	}
	admin := administration.Administrator{Store: teststore.Open(t, l.database), Now: l.clock, Actor: "test"}
	if err := admin.RevokeItem(t.Context(), "scans"); err != nil {
		t.Fatal(err)
	}
	if _, err := device.Authorize(device.Request("100001-reader")); problem(t, err).Code != protocol.StatusItemInvalid {
		t.Error(err)
	}
	// Usage that happened is counted on a revoked item, too.
	receipt, err := device.Report(device.Batch(group(uuid.NewString(), "100001-reader", "scans",
		protocol.Report{Slot: l.slotStart(1), Revision: 1, Counts: map[string]int64{"QR_CODE": 1}})))
	if err != nil || receipt.Accepted != 1 {
		t.Errorf("%+v, %v", receipt, err)
	}
	if _, err := admin.AddHandshakeCode(t.Context(),
		administration.HandshakeCode{Organization: "100001", Custom: "new"}); err != nil {
		t.Fatal(err)
	}
	if _, err := device.Authorize(device.Request("100001-new")); problem(t, err).Code != protocol.StatusNoItemMatched {
		t.Error(err)
	}
}

// A device with another key, a wrong clock, or doubts of its own is authorized;
// it is noted.
func TestAnomalies(t *testing.T) {
	l := start(t)
	device := l.device()
	if _, err := device.Authorize(device.Request("100001-reader")); err != nil {
		t.Fatal(err)
	}
	old := *device
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	device.Key = key
	request := device.Request("100001-reader")
	request.ClientTime -= 3600
	request.Anomalies = []string{"clock-turned-back"}
	if _, err := device.Authorize(request); err != nil {
		t.Fatal(err)
	}
	anomalies, err := l.store.Anomalies(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, a := range anomalies {
		kinds[a.Kind] = a.Device == device.UUID && a.Count == 1
	}
	if len(kinds) != 3 || !kinds["device-key-changed"] || !kinds["clock-skew"] || !kinds["clock-turned-back"] {
		t.Errorf("%+v", anomalies)
	}
	// Both keys go on working.
	for i, d := range []*servertest.Device{&old, device} {
		if _, err := d.Report(d.Batch(group(uuid.NewString(), "100001-reader", "scans",
			protocol.Report{Slot: l.slotStart(1), Revision: 1, Counts: map[string]int64{"QR_CODE": 1}}))); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
}
