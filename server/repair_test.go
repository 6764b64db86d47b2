package server_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
)

// seats makes a code with an item of so many devices, without tolerance.
func (l *lts) seats(t *testing.T, id string, quota int64) (code string) {
	t.Helper()
	var none int64
	l.code(t, administration.HandshakeCode{Organization: "100001", Custom: id})
	l.item(t, store.Item{
		ID: id, Quota: quota, ChargeWay: protocol.ChargeWayDeviceCount, ExpiresAt: l.clock().AddDate(3, 0, 0).Unix(),
		Charging: store.Charging{Tolerance: &none},
	}, "100001-"+id)
	return "100001-" + id
}

// scan reports so many scans of a device, as one that has been at work.
func (l *lts) scan(t *testing.T, d *servertest.Device, item string, scans int64) *protocol.Receipt {
	t.Helper()
	receipt, err := d.Report(d.Batch(group(uuid.NewString(), "100001-"+item, item,
		protocol.Report{Slot: l.slotStart(1), Revision: 1, Counts: map[string]int64{"QR_CODE": scans}})))
	check(t, err)
	if len(receipt.Exceptions) != 0 {
		t.Fatalf("%+v", receipt.Exceptions)
	}
	return receipt
}

// taken is how many seats of an item are taken.
func (l *lts) taken(t *testing.T, id string) int64 {
	t.Helper()
	item, err := l.Item(t.Context(), id)
	check(t, err)
	return item.Quota.Used
}

// A freed seat is there for the next device. What the freed one reports counts, and takes
// no seat; it is refused when it asks, as long as there is none.
func TestFreedSeat(t *testing.T) {
	l := start(t)
	code := l.seats(t, "one", 1)
	old, next := l.device(), l.device()
	granted(t, old, code)
	if _, err := next.Authorize(next.Request(code)); problem(t, err).Code != protocol.StatusLimitExceeded {
		t.Fatal(err)
	}
	l.advance(day)
	check(t, l.FreeSeat(t.Context(), "one", old.UUID))
	if err := l.FreeSeat(t.Context(), "one", old.UUID); !administration.IsKind(err, administration.NotFound) {
		t.Error(err)
	}
	if shown, err := l.Device(t.Context(), old.UUID); err != nil || len(shown.Seats) != 0 {
		t.Errorf("a device without a seat shows %+v, %v", shown.Seats, err)
	}
	err := l.MoveSeats(t.Context(), old.UUID, next.UUID)
	if !administration.IsKind(err, administration.NotFound) || !strings.Contains(err.Error(), "free a seat instead") {
		t.Errorf("seats move to a device that was only refused: %v", err)
	}
	l.advance(day)
	if receipt := l.scan(t, old, "one", 5); receipt.Items[0].Quota.Used != 0 {
		t.Errorf("a report took a seat: %+v", receipt.Items)
	}
	granted(t, next, code)
	if _, err := old.Authorize(old.Request(code)); problem(t, err).Code != protocol.StatusLimitExceeded {
		t.Error(err)
	}
	l.advance(day)
	check(t, l.FreeSeat(t.Context(), "one", next.UUID))
	granted(t, old, code)
	l.advance(day)
	if receipt := l.scan(t, old, "one", 7); receipt.Items[0].Quota.Used != 1 {
		t.Errorf("%+v", receipt.Items)
	}
	l.verify(t)
}

// A blocked device is refused, with a reason, and what it reports counts.
func TestBlockedDevice(t *testing.T) {
	l := start(t)
	code := l.seats(t, "many", 10)
	device := l.device()
	if err := l.BlockDevice(t.Context(), device.UUID); !administration.IsKind(err, administration.NotFound) {
		t.Error(err)
	}
	granted(t, device, code)
	check(t, l.BlockDevice(t.Context(), device.UUID))
	if err := l.BlockDevice(t.Context(), device.UUID); !administration.IsKind(err, administration.Conflict) {
		t.Error(err)
	}
	_, err := device.Authorize(device.Request(code))
	if p := problem(t, err); p.Code != protocol.StatusNoItemMatched || p.Reason != protocol.ReasonBlocked ||
		p.Refusal == "" {
		t.Errorf("%+v", p)
	}
	if _, err := device.Authorize(device.Request("100001-reader")); problem(t, err).Reason != protocol.ReasonBlocked {
		t.Error("another code lets it in")
	}
	l.scan(t, device, "many", 5)
	seen, err := l.Device(t.Context(), device.UUID)
	check(t, err)
	if seen.BlockedAt != l.clock().Unix() {
		t.Errorf("%+v", seen)
	}
	// It is nobody who may be forgotten, or else it would come in again.
	if forgetter, ok := l.store.(store.Forgetter); ok {
		other := l.device()
		granted(t, other, "100001-reader")
		check(t, l.BlockDevice(t.Context(), other.UUID))
		l.advance(400 * day)
		if n, err := forgetter.ForgetStrangers(t.Context(), l.clock().Unix()+1, 10); n != 0 || err != nil {
			t.Error(n, err)
		}
	}
	check(t, l.UnblockDevice(t.Context(), device.UUID))
	granted(t, device, code)
	l.verify(t)
}

// A replaced machine's seat goes to the new one, and the old one is left without.
func TestMovedSeats(t *testing.T) {
	l := start(t)
	code := l.seats(t, "one", 1)
	l.code(t, administration.HandshakeCode{Organization: "100001", Custom: "calls"})
	l.item(t, store.Item{ID: "calls", Quota: 100, ChargeWay: protocol.ChargeWayInstanceCount}, "100001-calls")
	old, next := l.device(), l.device()
	granted(t, old, code)
	request := old.Request("100001-calls")
	request.InstanceCount = 8
	_, err := old.Authorize(request)
	check(t, err)
	granted(t, next, "100001-calls")
	if used := l.taken(t, "calls"); used != 9 {
		t.Fatal(used)
	}
	l.advance(day)
	check(t, l.MoveSeats(t.Context(), old.UUID, next.UUID))
	if one, calls := l.taken(t, "one"), l.taken(t, "calls"); one != 1 || calls != 8 {
		t.Errorf("%d and %d seats are left", one, calls)
	}
	granted(t, next, code)
	l.scan(t, old, "one", 5)
	if _, err := old.Authorize(old.Request(code)); problem(t, err).Code != protocol.StatusLimitExceeded {
		t.Error(err)
	}
	if err := l.MoveSeats(t.Context(), old.UUID, next.UUID); !administration.IsKind(err, administration.Conflict) {
		t.Error(err)
	}
	for _, to := range []string{next.UUID, uuid.NewString(), ""} {
		if err := l.MoveSeats(t.Context(), next.UUID, to); len(administration.Errors(err)) == 0 ||
			administration.Errors(err)[0].Field != "to" {
			t.Errorf("to %q: %v", to, err)
		}
	}
	l.verify(t)
}

// Exceptions of slots are what verification finds, whatever is freed and moved in between.
func TestRepairedExceptions(t *testing.T) {
	for _, way := range []protocol.ChargeWay{protocol.ChargeWayDailyActiveDeviceCount,
		protocol.ChargeWayConcurrentDeviceCount, protocol.ChargeWayConcurrentInstanceCount} {
		t.Run(way.Short(), func(t *testing.T) {
			l := start(t)
			l.code(t, administration.HandshakeCode{Organization: "100001", Custom: "busy"})
			l.item(t, store.Item{ID: "busy", Quota: 1, ChargeWay: way, ExpiresAt: l.clock().AddDate(3, 0, 0).Unix()},
				"100001-busy")
			devices := make([]*servertest.Device, 3)
			for i := range devices {
				devices[i] = l.device()
			}
			for step := range 12 {
				d, other := devices[step%3], devices[(step+1)%3]
				granted(t, d, "100001-busy")
				l.advance(100 * time.Second)
				late, err := d.Report(d.Batch(group(uuid.NewString(), "100001-busy", "busy",
					protocol.Report{
						Slot: l.slotStart(int64(1 + step)), Revision: 1, Counts: map[string]int64{"QR_CODE": 1},
					})))
				check(t, err)
				if len(late.Exceptions) != 0 {
					t.Fatalf("%+v", late)
				}
				switch step % 4 {
				case 1:
					check(t, l.FreeSeat(t.Context(), "busy", d.UUID))
				case 3:
					check(t, l.MoveSeats(t.Context(), d.UUID, other.UUID))
				}
				l.scan(t, d, "busy", 1) // freed or not
				l.verify(t)
			}
			l.advance(day)
			granted(t, devices[0], "100001-busy")
			l.verify(t)
		})
	}
}

// Whatever is repaired while devices are at work, nothing is counted twice or lost, and the
// seats add up.
func TestRepairsWhileDevicesWork(t *testing.T) {
	l := start(t)
	code := l.seats(t, "crowd", 100)
	devices := make([]*servertest.Device, 6)
	for i := range devices {
		devices[i] = l.device()
		granted(t, devices[i], code)
	}
	const rounds = 12
	var work sync.WaitGroup
	for _, d := range devices {
		work.Go(func() {
			for n := range rounds {
				if _, err := d.Report(d.Batch(group(uuid.NewString(), code, "crowd",
					protocol.Report{Slot: l.slotStart(int64(n + 1)), Revision: 1,
						Counts: map[string]int64{"QR_CODE": 1}}))); err != nil {
					t.Error(err)
				}
				// It may be blocked just now.
				if _, err := d.Authorize(d.Request(code)); err != nil &&
					problem(t, err).Reason != protocol.ReasonBlocked {
					t.Error(err)
				}
			}
		})
	}
	work.Go(func() {
		for n := range rounds {
			a, b := devices[n%6].UUID, devices[(n+1)%6].UUID
			for _, err := range []error{
				l.FreeSeat(t.Context(), "crowd", a), l.MoveSeats(t.Context(), b, a), l.BlockDevice(t.Context(), a),
				l.MergeDevice(t.Context(), a, b), l.EraseDevice(t.Context(), b), l.SeparateDevice(t.Context(), a),
				l.UnblockDevice(t.Context(), a),
			} {
				if err != nil && len(administration.Errors(err)) == 0 {
					t.Error(err)
				}
			}
		}
	})
	work.Wait()
	counts, err := l.store.Statistics(t.Context(), store.StatisticsQuery{Items: []string{"crowd"}})
	check(t, err)
	if counts.Total != rounds*int64(len(devices)) {
		t.Errorf("%d were counted", counts.Total)
	}
	l.verify(t)
}

// Merged devices are one in lists and figures, whatever the time they are asked for, and
// have one seat. Their reports stay what they were.
func TestMergedDevices(t *testing.T) {
	l := start(t)
	code := l.seats(t, "two", 3)
	old, now, other := l.device(), l.device(), l.device()
	for _, d := range []*servertest.Device{old, now, other} {
		granted(t, d, code)
		batch := d.Batch(group(uuid.NewString(), code, "two", protocol.Report{
			Slot: l.slotStart(1), Revision: 1, Counts: map[string]int64{"QR_CODE": 5},
		}))
		batch.Account = &protocol.DeviceAccount{Recorded: 5}
		_, err := d.Report(batch)
		check(t, err)
	}
	l.advance(day)
	check(t, l.MergeDevice(t.Context(), old.UUID, now.UUID))
	if used := l.taken(t, "two"); used != 2 {
		t.Errorf("%d seats", used)
	}
	for _, pair := range [][2]string{{old.UUID, other.UUID}, {other.UUID, old.UUID}, {other.UUID, uuid.NewString()},
		{now.UUID, now.UUID}} {
		if err := l.MergeDevice(t.Context(), pair[0], pair[1]); err == nil {
			t.Error("merged", pair)
		}
	}
	list, err := l.Devices(t.Context(), administration.Selection{})
	check(t, err)
	if len(list.Items) != 2 {
		t.Errorf("%d devices are listed", len(list.Items))
	}
	part := l.slotStart(1) - 86400
	whole := part / 86400 * 86400
	for _, window := range [][2]int64{{0, 0}, {whole - 86400, whole + 86400}, {part, part + 180},
		{part - 86400, part + 180}} {
		query := store.StatisticsQuery{By: []store.Column{store.ByDevice}, Since: window[0], Until: window[1]}
		counts, err := l.store.Statistics(t.Context(), query)
		check(t, err)
		got := map[string]int64{}
		for _, row := range counts.Rows {
			got[row.Device] += row.Count
		}
		if got[now.UUID] != 10 || got[other.UUID] != 5 || len(counts.Rows) != 2 {
			t.Errorf("%v: %v", window, counts.Rows)
		}
		query.Devices = []string{now.UUID}
		if counts, err = l.store.Statistics(t.Context(), query); err != nil || counts.Total != 10 {
			t.Errorf("%v: %+v, %v", window, counts, err)
		}
		query.Devices = nil
		for _, measure := range []store.Measure{store.MeasureDevices, store.MeasureConcurrent} {
			query.Measure, query.By = measure, nil
			counts, err := l.store.Statistics(t.Context(), query)
			check(t, err)
			if len(counts.Rows) != 1 || counts.Rows[0].Count != 2 {
				t.Errorf("%s of %v: %v", measure, window, counts.Rows)
			}
		}
	}
	if _, err := old.Authorize(old.Request("100001-nothing")); err == nil {
		t.Fatal("granted")
	}
	denials, err := l.Denials(t.Context(), administration.Selection{Devices: []string{now.UUID}})
	check(t, err)
	if len(denials.Items) != 1 || denials.Items[0].Device != old.UUID {
		t.Errorf("%+v", denials.Items)
	}
	// A chain has no middle.
	check(t, l.MergeDevice(t.Context(), now.UUID, other.UUID))
	seen, err := l.Device(t.Context(), other.UUID)
	check(t, err)
	if len(seen.Merged) != 2 || seen.Account == nil || seen.Account.Recorded != 15 {
		t.Errorf("%+v, %+v", seen, seen.Account)
	}
	l.verify(t)
	check(t, l.SeparateDevice(t.Context(), old.UUID))
	if err := l.SeparateDevice(t.Context(), old.UUID); !administration.IsKind(err, administration.Conflict) {
		t.Error(err)
	}
	l.scan(t, old, "two", 1)
	l.verify(t)
}

// dump is everything that is in a database, as text.
func dump(t *testing.T, r store.Reader) string {
	t.Helper()
	var text strings.Builder
	read := func(query string) (rows []string, err error) {
		err = r.Query(context.Background(), query, nil, func(scan func(...any) error) error {
			var row string
			err := scan(&row)
			rows = append(rows, row)
			return err
		})
		return rows, err
	}
	tables, err := read("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
	row := func(table string) string {
		columns, err := read("SELECT group_concat('coalesce(CAST(\"' || name || '\" AS TEXT), '''')', ' || char(10) " +
			"|| ') FROM pragma_table_info('" + table + "')")
		check(t, err)
		return columns[0]
	}
	if err != nil {
		tables, err = read(
			"SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()")
		check(t, err)
		row = func(table string) string { return `"` + table + `"::text` }
	}
	if len(tables) < 30 {
		t.Fatalf("only %d tables are read", len(tables))
	}
	for _, table := range tables {
		rows, err := read("SELECT " + row(table) + ` FROM "` + table + `"`)
		check(t, err)
		text.WriteString(table + "\n" + strings.Join(rows, "\n") + "\n")
	}
	return text.String()
}

// Of an erased device nothing is left that says who used it, under whatever name it came,
// and nothing comes back. What it counted stays.
func TestErasedDevice(t *testing.T) {
	l := start(t)
	l.midday() // an address is kept with its day alone
	code := l.seats(t, "few", 2)
	names := []string{"Erika Mustermann's phone", `O'Brien "100%_\ till`, "Grüße aus Köln", "Erika M., refused"}
	devices := []*servertest.Device{l.device(), l.device()}
	ask := func(d *servertest.Device, code, name string) error {
		request := d.Request(code)
		request.Device.FriendlyName, request.Device.Platform, request.Device.Library = name, name, name
		request.Anomalies = []string{"seen-by-erika"}
		_, err := d.Authorize(request)
		return err
	}
	for i, d := range devices {
		check(t, ask(d, code, names[0]))
		check(t, ask(d, code, names[1+i]))
		l.scan(t, d, "few", 5)
		if err := ask(d, "100001-none", names[3]); err == nil {
			t.Fatal("granted")
		}
	}
	refused := l.device()
	if err := ask(refused, "100001-none", names[3]); err == nil {
		t.Fatal("granted")
	}
	// An administrator writes a name into the audit of a device.
	check(t, l.store.Update(t.Context(), func(tx store.Tx) error {
		return tx.AddAudit(store.Audit{
			At: 1, Actor: "tester", Action: "note", Object: devices[0].UUID, Detail: "asked by " + names[0],
		})
	}))
	l.code(t, administration.HandshakeCode{Organization: "100001", Custom: "try"})
	l.item(t, store.Item{ID: "try", Quota: 100, Trial: true, TrialBy: store.TrialByBoth, TrialDays: 7}, "100001-try")
	check(t, ask(devices[0], "100001-try", names[1]))
	before := dump(t, l.store)
	for _, name := range names {
		if !strings.Contains(strings.ReplaceAll(before, `""`, `"`), name) && !strings.Contains(name, `\`) {
			// PostgreSQL escapes it
			t.Fatalf("the dump shows no %q", name)
		}
	}
	check(t, l.MergeDevice(t.Context(), devices[1].UUID, devices[0].UUID))
	check(t, l.EraseDevice(t.Context(), devices[0].UUID))
	check(t, l.EraseDevice(t.Context(), refused.UUID))
	if err := l.EraseDevice(t.Context(), uuid.NewString()); !administration.IsKind(err, administration.NotFound) {
		t.Error(err)
	}
	gone := func() {
		t.Helper()
		after := dump(t, l.store)
		for _, part := range []string{"Erika", "erika", "Brien", "Köln"} {
			if at := strings.Index(after, part); at >= 0 {
				t.Errorf("%q is still there: %.200q", part, after[max(0, at-100):])
			}
		}
	}
	gone()
	began := map[int64]int{}
	check(t, l.store.Query(t.Context(), "SELECT started_at FROM trial", nil, func(scan func(...any) error) error {
		var at int64
		err := scan(&at)
		began[at]++
		return err
	}))
	if len(began) != 2 {
		t.Errorf("a trial leads to an address: %v", began)
	}
	for _, d := range devices { // what it is called now is not kept either
		request := d.Request(code)
		request.Device.FriendlyName = names[0]
		_, err := d.Authorize(request)
		check(t, err)
		request = d.Request("100001-none")
		request.Device.FriendlyName = names[1]
		if _, err := d.Authorize(request); err == nil {
			t.Fatal("granted")
		}
	}
	gone()
	counts, err := l.store.Statistics(t.Context(), store.StatisticsQuery{By: []store.Column{store.ByDevice}})
	check(t, err)
	if counts.Total != 10 {
		t.Errorf("%+v", counts)
	}
	l.verify(t)
}
