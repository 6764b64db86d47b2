package verification_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/database"
	"github.com/openlts/openlts/server/store/sqlite"
	"github.com/openlts/openlts/server/store/teststore"
	"github.com/openlts/openlts/server/verification"
)

var (
	manyReports = flag.Int("reports", 20_000, "how many reports to verify; 10 million take some minutes to make")
	manyIn      = flag.String("in", "", "the directory to make them in, by SQLite, or where they are")
)

func TestMain(m *testing.M) { os.Exit(teststore.Run(m)) }

// world is a store with a code, an item and devices that report.
type world struct {
	*testing.T
	store.Store
	name       string // of its database
	code, item store.ID
	devices    []store.Reporter
	runs       []string
	now        time.Time
}

func begin(t *testing.T, name string, devices int) *world {
	t.Helper()
	s := teststore.Open(t, name)
	w := &world{T: t, Store: s, name: name, now: time.Unix(1_764_000_000, 0)}
	err := s.Update(t.Context(), func(tx store.Tx) error {
		err := errors.Join(
			tx.AddOrganization(store.Organization{ID: "100001", Name: "Example Corp"}),
			tx.AddHandshakeCode(store.HandshakeCode{Code: "100001-reader", Organization: "100001"}),
			tx.AddItem(store.Item{ID: "scans", Organization: "100001", Name: "Scans",
				ChargeWay: protocol.ChargeWayScanCount, Products: 7, Quota: 10, ExpiresAt: 1 << 40}),
		)
		code, codeErr := tx.HandshakeCode("100001-reader")
		item, itemErr := tx.Item("scans")
		w.code, w.item = code.Key, item.Key
		return errors.Join(err, codeErr, itemErr, tx.AttachItem(code.Key, item.Key, 0),
			tx.AddServerKeys(store.ServerKeys{Signing: make([]byte, 32), Report: make([]byte, 32)}))
	})
	if err != nil {
		t.Fatal(err)
	}
	for range devices {
		id, state := uuid.NewString(), &store.DeviceState{}
		err := s.Apply(t.Context(), &store.Keys{}, func(*store.State) *store.Change {
			return &store.Change{
				Devices: []store.Device{{UUID: id, FirstSeenAt: 1, LastSeenAt: 1}},
				Grants:  map[store.Grant]int64{{Device: id, Code: w.code, Item: w.item}: 1},
				Known:   map[string]*store.DeviceState{id: state},
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		w.devices, w.runs = append(w.devices, store.Reporter{Device: state.Key, UUID: id}),
			append(w.runs, uuid.NewString())
	}
	return w
}

// send sends batches in one group, as the server does.
func (w *world) send(batches ...*policy.Batch) (receipts []*protocol.Receipt) {
	w.Helper()
	keys, requests := &store.Keys{Now: w.now.Unix()}, make([]policy.Request, len(batches))
	for i, b := range batches {
		requests[i] = b
		b.Require(keys)
	}
	var answers []policy.Answer
	err := w.Apply(w.Context(), keys, func(state *store.State) (change *store.Change) {
		change, answers = policy.Apply(state, requests, w.now)
		return change
	})
	if err != nil {
		w.Fatal(err)
	}
	for _, a := range answers {
		if a.Refusal != nil {
			w.Fatal(a.Refusal)
		}
		receipts = append(receipts, a.Receipt)
	}
	return receipts
}

func (w *world) batch(device int, reports ...protocol.Report) *policy.Batch {
	return policy.NewBatch(
		&protocol.ReportBatch{Batch: uuid.NewString(), Device: w.devices[device].UUID, Groups: []protocol.ReportGroup{{
			Run: w.runs[device], HandshakeCode: "100001-reader", Item: "scans", SlotSeconds: 180, Reports: reports,
		}}}, w.devices[device], w.now)
}

// live has devices count for a while: slots grow, come late, are lost.
func (w *world) live(random *rand.Rand, reports int) {
	w.Helper()
	sent := 0
	for slot := w.now.Unix() - w.now.Unix()%180; sent < reports; slot += 50 * 180 {
		came := time.Unix(slot+50*180, 0)
		if random.IntN(20) == 0 {
			came = came.Add(time.Duration(random.IntN(3*24)) * time.Hour)
		}
		if came.After(w.now) {
			w.now = came
		}
		var group []*policy.Batch
		for device := range w.devices {
			var list []protocol.Report
			for i := range int64(50) {
				r := protocol.Report{
					Slot: slot + i*180, Revision: 1, Counts: map[string]int64{"QR_CODE": 1 + random.Int64N(200)},
				}
				if random.IntN(10) == 0 {
					r.Counts["EAN_13"] = 1 + random.Int64N(9)
				}
				if random.IntN(100) == 0 {
					r.Counts["OWN"] = 3
				}
				list = append(list, r)
				switch random.IntN(200) {
				case 0:
					r.Revision, r.Counts = 2, map[string]int64{"QR_CODE": 300, "EAN_13": 10}
					list = append(list, r)
				case 1:
					r.Revision, r.Counts, r.Lost = 3, map[string]int64{"QR_CODE": 400}, protocol.LostExpired
					list = append(list, r)
				}
			}
			group = append(group, w.batch(device, list...))
			if sent += len(list); len(group) == 100 || device == len(w.devices)-1 {
				w.send(group...)
				group = nil
			}
			if sent >= reports {
				break
			}
		}
		if len(group) > 0 {
			w.send(group...)
		}
	}
}

func (w *world) verify(options verification.Options) verification.Result {
	w.Helper()
	result, err := verification.Run(w.Context(), w.Store, options)
	if err != nil {
		w.Fatal(err)
	}
	return result
}

// What was counted agrees, also where next to nothing fits into memory, and leaves
// no files behind.
func TestManyReports(t *testing.T) {
	name := database.SQLite(*manyIn)
	if *manyIn == "" {
		name = teststore.Name(t)
	}
	var w *world
	if _, err := os.Stat(filepath.Join(*manyIn, sqlite.FileName)); *manyIn == "" || err != nil {
		devices := min(5000, max(20, *manyReports/2000))
		w = begin(t, name, devices)
		w.live(rand.New(rand.NewPCG(1, 2)), *manyReports)
	} else {
		w = &world{T: t, Store: teststore.Open(t, name)}
	}
	room := t.TempDir()
	options := verification.Options{Directory: room}
	if *manyReports <= 20_000 {
		options.Reports, options.Accounts = 3000, 500
	}
	result := w.verify(options)
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	t.Logf("%d reports and %d totals, %d MB from the system", result.Reports, result.Totals, memory.Sys>>20)
	if result.Different != 0 || result.Reports < int64(*manyReports) {
		t.Errorf("%+v", result)
	}
	if left, err := os.ReadDir(room); err != nil || len(left) != 0 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
}

// again undoes a migration and does it again, as if the database were of an earlier version.
func (w *world) again(script string) {
	w.Helper()
	kind := "sqlite"
	if teststore.OnPostgreSQL() {
		kind = "postgres"
	}
	text, err := os.ReadFile(filepath.Join("..", "store", kind, "migrations", script))
	if err != nil {
		w.Fatal(err)
	}
	up, down, found := strings.Cut(string(text), "-- +goose Down")
	if !found {
		w.Fatal("the script can't be undone")
	}
	db := teststore.Behind(w.T, w.name)
	for _, part := range []string{down, up} {
		if _, err := db.Exec(part); err != nil {
			w.Fatal(err)
		}
	}
}

// What devices counted before there were totals of quarters of a day is read from their reports: months
// of all time zones are what their slots give, whenever these totals began.
func TestDeviceQuartersOfEarlierVersions(t *testing.T) {
	w := begin(t, teststore.Name(t), 3)
	w.now = time.Date(2025, 11, 29, 12, 0, 0, 0, time.UTC)
	random := rand.New(rand.NewPCG(7, 8))
	w.live(random, 2000)
	check := func() {
		t.Helper()
		if result := w.verify(verification.Options{}); result.Different != 0 {
			t.Fatalf("%+v", result)
		}
		for offset := -12 * 3600; offset <= 14*3600; offset += 2700 {
			zone := time.FixedZone("", offset)
			q := store.StatisticsQuery{By: []store.Column{store.ByDevice, store.ByType}}
			for month := time.November; month <= time.December; month++ {
				q.Windows = append(q.Windows, store.Window{Start: time.Date(2025, month, 1, 0, 0, 0, 0, zone).Unix(),
					End: time.Date(2025, month+1, 1, 0, 0, 0, 0, zone).Unix()})
			}
			sums := func(q store.StatisticsQuery) map[string]int64 {
				counted, err := w.Statistics(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				sums := map[string]int64{}
				for _, row := range counted.Rows {
					sums[fmt.Sprint(row.Window, row.Device, row.Type)] += row.Count
				}
				return sums
			}
			got := sums(q)
			q.By = append(q.By, store.BySlot)
			if want := sums(q); !maps.Equal(got, want) || len(got) < 9 {
				t.Fatalf("%d s east of Greenwich: %v, not %v", offset, got, want)
			}
		}
	}
	check()
	w.again("00132_device_quarter.sql")
	check()
	w.live(random, 2000)
	check()
	db := teststore.Behind(t, w.name)
	for _, change := range []string{`count = count + 1`, `count = count - 1`} {
		teststore.Tamper(t, db, `UPDATE total_device_quarter SET `+change+
			` WHERE slot = (SELECT max(slot) FROM total_device_quarter WHERE slot < 1764633600)`) // in the first of December
		result := w.verify(verification.Options{})
		found := result.Different == 0
		for _, d := range result.Differences {
			found = found || d.What == "total of a device in a quarter of a day"
		}
		if want := strings.Contains(change, "-"); !found || want != (result.Different == 0) {
			t.Errorf("%s: %+v", change, result)
		}
	}
}

// The totals that an earlier version had are summed up as they would have been folded.
func TestQuartersOfEarlierVersions(t *testing.T) {
	w := begin(t, teststore.Name(t), 3)
	w.live(rand.New(rand.NewPCG(5, 6)), 2000)
	for range 30 {
		if _, err := w.Store.(store.Folder).FoldTotals(t.Context(), store.EndOfTime); err != nil {
			t.Fatal(err)
		}
	}
	db := teststore.Behind(t, w.name)
	rows := func() (hours, days int) {
		if err := errors.Join(db.QueryRow(`SELECT count(*) FROM total_quarter_hour`).Scan(&hours),
			db.QueryRow(`SELECT count(*) FROM total_quarter_day`).Scan(&days)); err != nil {
			t.Fatal(err)
		}
		return hours, days
	}
	hours, days := rows()
	w.again("00130_total_quarter.sql")
	if h, d := rows(); h != hours || d != days || h < 20 || d < 1 {
		t.Errorf("there are totals of %d quarters of an hour and %d of a day, not %d and %d", h, d, hours, days)
	}
	if result := w.verify(verification.Options{}); result.Different != 0 {
		t.Errorf("%+v", result)
	}
}

// Each number that is stored and not what the reports give is found, wherever it is.
func TestDifferencesAreFound(t *testing.T) {
	w := begin(t, teststore.Name(t), 3)
	w.live(rand.New(rand.NewPCG(3, 4)), 2000)
	if result := w.verify(verification.Options{}); result.Different != 0 {
		t.Fatalf("%+v", result)
	}
	// Of some of what came, the activity and the totals are folded.
	folder := w.Store.(store.Folder)
	if _, err := folder.FoldActivity(t.Context(), 500); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := folder.FoldTotals(t.Context(), store.EndOfTime); err != nil {
			t.Fatal(err)
		}
	}
	if result := w.verify(verification.Options{}); result.Different != 0 {
		t.Fatalf("%+v", result)
	}
	db := teststore.Behind(t, w.name)
	for _, test := range []struct{ tamper, undo, want string }{
		{`UPDATE activity SET day = day + 864000`, `UPDATE activity SET day = day - 864000`, "activity of a day"},
		{`UPDATE total SET count = count + 1 WHERE slot = (SELECT max(slot) FROM total)`,
			`UPDATE total SET count = count - 1 WHERE slot = (SELECT max(slot) FROM total)`, "total of a slot"},
		{`UPDATE total SET late = late + 1 WHERE slot = (SELECT max(slot) FROM total)`,
			`UPDATE total SET late = late - 1 WHERE slot = (SELECT max(slot) FROM total)`,
			"late part of a total of a slot"},
		{`UPDATE total_hour SET count = count - 1 WHERE slot = (SELECT max(slot) FROM total_hour)`,
			`UPDATE total_hour SET count = count + 1 WHERE slot = (SELECT max(slot) FROM total_hour)`,
			"total of an hour"},
		{`UPDATE total_quarter_hour SET late = late + 1 WHERE slot = (SELECT max(slot) FROM total_quarter_hour)`,
			`UPDATE total_quarter_hour SET late = late - 1 WHERE slot = (SELECT max(slot) FROM total_quarter_hour)`,
			"late part of a total of a quarter of an hour"},
		{`UPDATE total_quarter_day SET count = count + 1 WHERE slot = (SELECT max(slot) FROM total_quarter_day)`,
			`UPDATE total_quarter_day SET count = count - 1 WHERE slot = (SELECT max(slot) FROM total_quarter_day)`,
			"total of a quarter of a day"},
		{`UPDATE total_quarter_day SET slot = slot + 21600 WHERE slot = (SELECT max(slot) FROM total_quarter_day)`,
			`UPDATE total_quarter_day SET slot = slot - 21600 WHERE slot = (SELECT max(slot) FROM total_quarter_day)`,
			"total of a quarter of a day"},
		{`UPDATE total_day SET count = count + 9 WHERE slot = (SELECT min(slot) FROM total_day)`,
			`UPDATE total_day SET count = count - 9 WHERE slot = (SELECT min(slot) FROM total_day)`, "total of a day"},
		{`UPDATE total_month SET count = count + 9, late = late + 1 WHERE slot = (SELECT max(slot) FROM total_month)`,
			`UPDATE total_month SET count = count - 9, late = late - 1 WHERE slot = (SELECT max(slot) FROM total_month)`,
			"late part of a total of a month"},
		{`UPDATE total_organization SET count = count + 1 WHERE organization = 0 AND level = 0 AND slot % 7 = 0`,
			`UPDATE total_organization SET count = count - 1 WHERE organization = 0 AND level = 0 AND slot % 7 = 0`,
			"total of an organization in a slot"},
		{`UPDATE organization_fold SET before = before + 100000`, `UPDATE organization_fold SET before = before - 100000`,
			"total of an organization in a slot"},
		{`UPDATE total_organization SET late = late + 1 WHERE organization > 0 AND level = 86400`,
			`UPDATE total_organization SET late = late - 1 WHERE organization > 0 AND level = 86400`,
			"late part of a total of an organization in a day"},
		{`UPDATE total_organization SET organization = 99 WHERE organization = 0 AND level = 3600`,
			`UPDATE total_organization SET organization = 0 WHERE organization = 99`,
			"total of an organization in an hour"},
		{`UPDATE total_device SET count = count + 1 WHERE device = 2`,
			`UPDATE total_device SET count = count - 1 WHERE device = 2`, "total of a device"},
		{
			`UPDATE ` + teststore.Used() + ` SET used = used - 1`,
			`UPDATE ` + teststore.Used() + ` SET used = used + 1`, "use of an item",
		},
		{`UPDATE report_loss SET units = units + 1`, `UPDATE report_loss SET units = units - 1`, "loss"},
		{`UPDATE report SET revision = revision + 1 WHERE run = 1 AND slot % 7 = 0`,
			`UPDATE report SET revision = revision - 1 WHERE run = 1 AND slot % 7 = 0`, "revision of a report"},
		{
			`UPDATE report SET slot = slot - 180 WHERE run = 2 AND slot = (SELECT min(slot) FROM report WHERE run = 2)`,
			`UPDATE report SET slot = slot + 180 WHERE run = 2 AND slot = (SELECT min(slot) FROM report WHERE run = 2)`,
			"count of a report",
		},
		{`INSERT INTO total_day VALUES (1, 1, 0, 1, 4, 0)`, `DELETE FROM total_day WHERE slot = 0`, "total of a day"},
		{
			`UPDATE report SET counts = (SELECT o.counts FROM report o WHERE o.run = 1 AND o.counts <> report.counts LIMIT 1)
			 WHERE run = 3 AND slot = (SELECT max(slot) FROM report WHERE run = 3)`, ``, "count of a report",
		},
	} {
		teststore.Tamper(t, db, test.tamper)
		result := w.verify(verification.Options{})
		found := false
		for _, d := range result.Differences {
			found = found || strings.HasPrefix(d.What, test.want)
			if d.Where == "" || d.Stored == d.Recomputed {
				t.Errorf("%+v", d)
			}
		}
		if !found {
			t.Errorf("%s: %+v", test.tamper, result)
		}
		if test.undo == "" {
			return
		}
		teststore.Tamper(t, db, test.undo)
	}
}

func TestVerificationEnds(t *testing.T) {
	w := begin(t, teststore.Name(t), 1)
	w.send(w.batch(0, protocol.Report{Slot: 180, Revision: 1, Counts: map[string]int64{"QR_CODE": 1}}))
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := verification.Run(cancelled, w.Store, verification.Options{}); err == nil {
		t.Error("it went on")
	}
	if _, err := verification.Run(t.Context(), w.Store,
		verification.Options{Directory: filepath.Join(t.TempDir(), "none"), Reports: 1}); err != nil {
		t.Error(err) // all of it fits into memory
	}
	w.send(w.batch(0, protocol.Report{Slot: 360, Revision: 1, Counts: map[string]int64{"QR_CODE": 1}}))
	if _, err := verification.Run(t.Context(), w.Store,
		verification.Options{Directory: filepath.Join(t.TempDir(), "none"), Reports: 1}); err == nil {
		t.Error("there is no room for what does not fit into memory, and no error")
	}
}
