package conformance_test

import (
	"testing"
	"time"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/testkit"
	"github.com/openlts/openlts/server/api"
	"github.com/openlts/openlts/server/retention"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/verification"
)

// A device was off for months and comes back with the clock of the day it went off: so
// it does not give up what it holds, although the server has closed those months
// (-20198). It counts that as refused, tells the server how much it was, and once its
// clock is right, all it records counts again. Nothing is forgotten, and no month that
// was closed changes.
func TestReportsOfClosedSlotsAreDeclared(t *testing.T) {
	march, may := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC), time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	servers, devices := testkit.NewClock(march), testkit.NewClock(march)
	lts := startServer(t, servers)
	network, directory := testkit.NewNetwork(1), t.TempDir()
	open := func() *client.License {
		p := license.Defaults()
		p.MainServerURL, p.HandshakeCode, p.DataDirectory = lts.url, "100001-reader", directory
		l, err := client.Open(t.Context(), p, client.Environment{Clock: devices, Transport: network})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	record := func(l *client.License, n uint32) {
		if err := l.Record(protocol.OperationTypeQRCode, n); err != nil {
			t.Fatal(err)
		}
	}
	// expect submits, and compares what all sides say.
	var before int64 // refused
	expect := func(l *client.License, accepted, refused int64) {
		t.Helper()
		// Unless the license did so by itself already, as time went by.
		if err := l.Submit(t.Context()); err != nil &&
			(refused == before || protocol.StatusOf(err) != protocol.StatusSlotClosed) {
			t.Errorf("submitting: %v", err)
		}
		info, err := l.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if u := info.Usage; u.Recorded != accepted+refused || u.Accepted != accepted || u.Refused != refused ||
			u.Pending != 0 || u.Lost() != refused {
			t.Errorf("the client says %+v, want %d accepted and %d refused", u, accepted, refused)
		}
		if lost := info.Flags&protocol.StateFlagUsageLost != 0; lost != (refused > 0) {
			t.Errorf("flags %v, %d refused", info.Flags, refused)
		}
		if total := lts.total(t); total != accepted {
			t.Errorf("the server counted %d, want %d", total, accepted)
		}
		known, err := lts.store.Devices(t.Context())
		if err != nil || len(known) != 1 {
			t.Fatalf("%v, %v", known, err)
		}
		if a := known[0].Account; a.Recorded != accepted+refused || a.Refused != refused {
			t.Errorf("the device told %+v, want %d recorded and %d refused", a, accepted+refused, refused)
		}
		before = refused
		result, err := verification.Run(t.Context(), lts.store, verification.Options{})
		if err != nil || result.Different != 0 {
			t.Errorf("%+v, %v", result, err)
		}
	}

	l := open()
	record(l, 5)
	expect(l, 5, 0)
	network.Cut()
	devices.Advance(time.Hour)
	record(l, 7)
	if err := l.Close(t.Context()); err == nil {
		t.Error("the reports left the device over a network that is cut")
	}

	// Meanwhile at the server: the months are over, and their reports are pruned.
	servers.Advance(may.Sub(march))
	if err := lts.store.Update(t.Context(), func(tx store.Tx) error {
		return tx.SetRetention(store.RecordReceived, 45)
	}); err != nil {
		t.Fatal(err)
	}
	keys, err := api.LoadKeys(t.Context(), lts.store)
	if err != nil {
		t.Fatal(err)
	}
	pruner := retention.Pruner{Store: lts.store, Key: keys.Signing, Now: servers.Now}
	if pruned, err := pruner.Prune(t.Context()); err != nil || pruned.Removed[store.RecordReceived] == 0 ||
		pruned.Checkpoint == 0 {
		t.Fatalf("%+v, %v", pruned, err)
	}

	network.Repair()
	devices.Advance(time.Hour)
	l = open()
	expect(l, 5, 7)
	record(l, 2) // still by the wrong clock
	devices.Advance(time.Hour)
	expect(l, 5, 9)
	devices.Advance(may.Sub(devices.Now()))
	record(l, 4)
	expect(l, 9, 9)
	if err := l.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
