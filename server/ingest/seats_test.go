package ingest_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/ingest"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/sqlite"
	"github.com/openlts/openlts/server/store/teststore"
	"github.com/openlts/openlts/server/verification"
)

// office is a writer at a time of its own, with an item of each charge way, each with
// a code of the same name.
type office struct {
	*ingest.Writer
	store     *sqlite.Store
	directory string
	now       time.Time
	revision  int64
}

func newOffice(t testing.TB, quota int64) *office {
	t.Helper()
	o := &office{directory: teststore.Directory(t), now: time.Unix(1_800_000_000, 0)}
	s, err := sqlite.Open(context.Background(), o.directory, true)
	if err != nil {
		t.Fatal(err)
	}
	o.store = s
	o.Writer = ingest.NewWriter(s, func() time.Time { return o.now }, slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		o.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	a := &administration.Administrator{Store: s, Now: func() time.Time { return o.now }, Actor: "test"}
	if _, err := a.AddOrganization(t.Context(), "Example Corp", "100001"); err != nil {
		t.Fatal(err)
	}
	for _, way := range policy.ChargeWays() {
		if _, err := a.AddHandshakeCode(t.Context(),
			administration.HandshakeCode{Organization: "100001", Custom: way.Short()}); err != nil {
			t.Fatal(err)
		}
		if _, err := a.AddItem(t.Context(), store.Item{
			ID: way.Short(), Name: way.Short(), Organization: "100001", ChargeWay: way, Products: protocol.ProductAll,
			Quota: quota, StartsAt: o.now.Unix() - 364*86400, ExpiresAt: o.now.Unix() + 800*86400, MaxBufferDays: 365,
		}, []string{"100001-" + way.Short()}); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

func (o *office) ask(device string, way protocol.ChargeWay, instances int) (*protocol.Authorization, error) {
	answer, err := o.Authorize(&policy.Asking{
		Request: &protocol.AuthorizationRequest{
			HandshakeCode: "100001-" + way.Short(), ClientTime: o.now.Unix(), InstanceCount: instances,
			ValidationField: device[:8] + ".com", Device: protocol.Device{UUID: device, PublicKey: device},
		},
		Key: store.DeviceKey{KeyID: device, PublicKey: []byte(device), ReportKey: []byte(device)},
	})
	if err != nil {
		return nil, err
	}
	return answer.Authorization, answer.Refusal
}

func (o *office) report(device string, way protocol.ChargeWay, closed bool, slots ...int64) (*protocol.Receipt, error) {
	key, err := o.store.ReportKey(context.Background(), device, device)
	if err != nil {
		return nil, err
	}
	o.revision++
	group := protocol.ReportGroup{
		Run: device, HandshakeCode: "100001-" + way.Short(), Item: way.Short(), SlotSeconds: 180,
	}
	for _, slot := range slots {
		group.Reports = append(group.Reports, protocol.Report{
			Slot: slot, Revision: o.revision, Counts: map[string]int64{"QR_CODE": o.revision},
		})
	}
	batch := &protocol.ReportBatch{Groups: []protocol.ReportGroup{group}}
	if closed {
		batch.Closed = []protocol.ClosedLicense{{HandshakeCode: group.HandshakeCode, Item: group.Item}}
	}
	return o.Reports(batch, key.Devices[device])
}

type failer interface {
	Helper()
	Fatalf(string, ...any)
}

func (o *office) verify(t failer) {
	t.Helper()
	result, err := verification.Run(context.Background(), o.store, verification.Options{})
	if err != nil || len(result.Differences) > 0 {
		t.Fatalf("%+v, %v", result, err)
	}
}

// What the database remembers of the seats of all charge ways is what its seats give,
// whatever happened and however late.
func TestRememberedSeatsAreVerified(t *testing.T) {
	o := newOffice(t, 2)
	devices := make([]string, 5)
	for i := range devices {
		devices[i] = uuid.NewString()
	}
	known := map[string]bool{}
	rapid.Check(t, func(t *rapid.T) {
		for range rapid.IntRange(1, 20).Draw(t, "events") {
			o.now = o.now.Add(
				time.Duration(rapid.SampledFrom([]int64{0, 1, 100, 180, 3600, 40000}).Draw(t, "later")) * time.Second)
			device, way := rapid.SampledFrom(devices).Draw(t, "device"),
				rapid.SampledFrom(policy.ChargeWays()).Draw(t, "way")
			if !known[device] || rapid.Bool().Draw(t, "asks") {
				_, err := o.ask(device, way, rapid.IntRange(0, 2).Draw(t, "instances"))
				if status := protocol.StatusOf(err); err != nil && status != protocol.StatusLimitExceeded &&
					status != protocol.StatusLicenseExpired {
					t.Fatal(err)
				}
				known[device] = known[device] || err == nil
				continue
			}
			var slots []int64
			for range rapid.IntRange(0, 3).Draw(t, "slots") {
				slots = append(slots, o.now.Unix()-o.now.Unix()%180-
					180*rapid.SampledFrom([]int64{0, 1, 2, 20, 480, 10000}).Draw(t, "back"))
			}
			if _, err := o.report(device, way, rapid.Bool().Draw(t, "closed"), slots...); err != nil {
				t.Fatal(err)
			}
		}
		o.verify(t)
	})
	items, err := o.store.Items(t.Context(), o.now.Unix())
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range items {
		usage := policy.Using(i, o.now)
		t.Logf("%s: %+v, %d live", i.ID, usage, i.Live)
		if _, units := i.ChargeWay.Unit(); !units && (i.Use.At == 0 || usage.Used < i.Live) {
			t.Errorf("%s: %+v, %d live", i.ID, usage, i.Live)
		}
	}
}

// A sum, a step or a count of exceptions that is not what the seats give, is found.
func TestVerifyFindsWrongSeats(t *testing.T) {
	o := newOffice(t, 1)
	device, other := uuid.NewString(), uuid.NewString()
	for range 3 {
		for _, d := range []string{device, other} {
			if _, err := o.ask(d, protocol.ChargeWayConcurrentDeviceCount, 1); err != nil {
				t.Fatal(err)
			}
		}
		o.now = o.now.Add(3 * time.Minute)
	}
	o.verify(t)
	db, err := sql.Open("sqlite3", filepath.Join(o.directory, sqlite.FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, test := range []struct{ do, undo, what string }{
		{"UPDATE item SET seats = seats + 1 WHERE seats > 0",
			"UPDATE item SET seats = seats - 1 WHERE seats > 0", "seats"},
		{"UPDATE item SET exceptions = exceptions + 1 WHERE exceptions > 0",
			"UPDATE item SET exceptions = exceptions - 1 WHERE exceptions > 0", "exceptions"},
		{"UPDATE seat_step SET change = change + 1", "UPDATE seat_step SET change = change - 1", "seats"},
		{"UPDATE seat SET weight = weight + 1", "UPDATE seat SET weight = weight - 1", "seats"},
		{"UPDATE seat SET until = until + 180", "UPDATE seat SET until = until - 180", "seats"},
	} {
		if _, err := db.Exec(test.do); err != nil {
			t.Fatal(err)
		}
		result, err := verification.Run(t.Context(), o.store, verification.Options{})
		if err != nil || len(result.Differences) == 0 || result.Differences[0].What != test.what {
			t.Errorf("%s: %+v, %v", test.do, result, err)
		}
		if _, err := db.Exec(test.undo); err != nil {
			t.Fatal(err)
		}
	}
	o.verify(t)
}

// BenchmarkNewDevices authorizes new devices on an item with so many seats, and beside
// one with so many: that takes as long.
func BenchmarkNewDevices(b *testing.B) {
	for _, test := range []struct {
		seats int
		on    protocol.ChargeWay
	}{
		{5_000, protocol.ChargeWayInstanceCount}, {5_000, protocol.ChargeWayDeviceCount},
		{100_000, protocol.ChargeWayInstanceCount}, {100_000, protocol.ChargeWayDeviceCount},
	} {
		b.Run(fmt.Sprintf("seats=%d/on=%s", test.seats, test.on.Short()), func(b *testing.B) {
			o := newOffice(b, store.Unlimited)
			o.fill(b, test.seats, test.on)
			b.SetParallelism(64) // many share a write to the disk
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := o.ask(uuid.NewString(), protocol.ChargeWayDeviceCount, 1); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

// fill gives the item of a charge way seats, which end at different moments.
func (o *office) fill(t testing.TB, seats int, way protocol.ChargeWay) {
	t.Helper()
	var item store.Item
	if err := o.store.Update(t.Context(), func(tx store.Tx) (err error) {
		item, err = tx.Item(way.Short())
		return err
	}); err != nil {
		t.Fatal(err)
	}
	change := &store.Change{
		Seats: map[store.SeatKey]store.Seat{}, Steps: map[store.StepKey]int64{}, Known: map[string]*store.DeviceState{},
		Sums: map[store.ID]store.SeatSum{item.Key: {At: o.now.Unix(), Active: int64(seats)}},
	}
	for i := range int64(seats) {
		id := uuid.NewString()
		s := store.Seat{From: o.now.Unix() - i, Until: o.now.Unix() - i + 90*86400, Weight: 1}
		change.Devices = append(change.Devices, store.Device{UUID: id})
		change.Known[id] = &store.DeviceState{}
		change.Seats[store.SeatKey{Item: item.Key, Device: id, From: s.From}] = s
		change.Steps[store.StepKey{Item: item.Key, At: s.From}]++
		change.Steps[store.StepKey{Item: item.Key, At: s.Until}]--
	}
	if err := o.store.Apply(t.Context(), &store.Keys{
		Now: o.now.Unix(),
	}, func(*store.State) *store.Change { return change }); err != nil {
		t.Fatal(err)
	}
}
