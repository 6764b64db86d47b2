package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// day is the start of a day in UTC.
const day = 1_763_856_000

// add counts units of an operation type of a device in a slot, for the first time.
func (w *world) add(device store.Reporter, run string, slot int64, kind string, units, late int64) {
	w.Helper()
	w.apply(w.counted(device, run, slot), func(state *store.State) *store.Change {
		counts := state.Runs[w.runKey(device, run)].Reports[slot].Counts.Map()
		if counts == nil {
			counts = map[string]int64{}
		}
		counts[kind] += units
		change := w.report(state, device, run, slot, store.Report{
			Revision: int64(len(counts)), Counts: store.CountsOf(counts),
		})
		key := store.TotalKey{Code: w.code.Key, Item: w.item.Key, Slot: slot, Type: kind}
		total := change.Totals[key]
		total.Late = late
		change.Totals[key] = total
		change.Received[0].ReceivedAt = slot + 200
		return change
	})
}

// rows writes the rows of statistics down: window, values, count.
func (w *world) rows(q store.StatisticsQuery) []string {
	w.Helper()
	s, err := w.Statistics(w.Context(), q)
	if err != nil {
		w.Fatalf("%+v: %v", q, err)
	}
	rows := []string{}
	for _, row := range s.Rows {
		text := fmt.Sprint(row.Window)
		for _, by := range q.By {
			if value := row.Text(by); value != nil {
				text += " " + *value
			} else {
				text += fmt.Sprint(" ", *row.Number(by))
			}
		}
		text += fmt.Sprint(" ", row.Count)
		if row.Late != 0 {
			text += fmt.Sprint(" late ", row.Late)
		}
		rows = append(rows, text)
	}
	return rows
}

func (w *world) expect(q store.StatisticsQuery, want ...string) {
	w.Helper()
	if got := w.rows(q); !slices.Equal(got, want) {
		w.Errorf("%+v: %q, not %q", q, got, want)
	}
}

// Windows are exact to the slot, whichever totals they are summed up from.
func windowsAreExact(t *testing.T, open Open) {
	w := begin(t, open)
	a, b := w.device(), w.device()
	if b.UUID < a.UUID {
		a, b = b, a
	}
	run, other := uuid.NewString(), uuid.NewString()
	w.add(a, run, day-180, "QR_CODE", 1, 0)
	w.add(a, run, day, "QR_CODE", 10, 10)
	w.add(b, other, day, "OWN", 100, 0)
	w.add(b, other, day+3600, "QR_CODE", 1000, 0)
	w.add(a, run, day+86400, "QR_CODE", 10_000, 0)
	w.add(a, run, day+86400, "OWN", 100_000, 0)

	w.windowsAre(a, b, run)
	for w.fold(2) > 0 { // some of what came, and all of it
		w.windowsAre(a, b, run)
	}
	w.add(a, run, day+86400, "QR_CODE", 1, 0) // once more of a slot that is folded
	w.expect(store.StatisticsQuery{Measure: store.MeasureDevices}, "0 2")
	w.fold(10)
	w.expect(store.StatisticsQuery{Measure: store.MeasureDevices}, "0 2")
}

// fold folds activity and some totals, and returns how many rows of activity it folded.
func (w *world) fold(most int64) (folded int64) {
	w.Helper()
	folded, err := w.Folder().FoldActivity(w.Context(), most)
	if err == nil {
		_, err = w.Folder().FoldTotals(w.Context(), store.EndOfTime)
	}
	if err != nil {
		w.Fatal(err)
	}
	return folded
}

// windowsAre checks what is counted of two devices, the first of which has one run.
func (w *world) windowsAre(a, b store.Reporter, run string) {
	w.Helper()
	days := []store.Window{
		{Start: day - 86400, End: day}, {Start: day, End: day + 86400}, {Start: day + 86400, End: store.EndOfTime},
	}
	w.expect(store.StatisticsQuery{Windows: days}, "0 1", "1 1110 late 10", "2 110000")
	w.expect(store.StatisticsQuery{Windows: days, Types: []string{"OWN"}}, "1 100", "2 100000")
	w.expect(store.StatisticsQuery{Windows: days, By: []store.Column{store.ByType}}, "0 QR_CODE 1", "1 OWN 100",
		"1 QR_CODE 1010 late 10", "2 OWN 100000", "2 QR_CODE 10000")
	odd := []store.Window{{Start: day - 180, End: day + 180}, {Start: day + 900, End: day + 86400 + 180}}
	w.expect(store.StatisticsQuery{Windows: odd}, "0 111 late 10", "1 111000")
	w.expect(store.StatisticsQuery{
		Windows: odd, By: []store.Column{store.ByOrganization, store.ByHandshake, store.ByItem},
	},
		"0 100001 100001-reader scans 111 late 10", "1 100001 100001-reader scans 111000")
	w.expect(store.StatisticsQuery{Windows: odd, HandshakeCodes: []string{"nobody's"}})
	w.expect(store.StatisticsQuery{Windows: odd, Organizations: []string{"100001"}, Items: []string{"scans", "other"}},
		"0 111 late 10", "1 111000")
	w.expect(store.StatisticsQuery{By: []store.Column{store.BySlot}}, fmt.Sprintf("0 %d 1", day-180),
		fmt.Sprintf("0 %d 110 late 10", day),
		fmt.Sprintf("0 %d 1000", day+3600), fmt.Sprintf("0 %d 110000", day+86400))
	w.expect(store.StatisticsQuery{Since: day + 180}, "0 111000")

	// By device, without late ones.
	w.expect(store.StatisticsQuery{Windows: days, By: []store.Column{store.ByDevice}}, "0 "+a.UUID+" 1",
		"1 "+a.UUID+" 10", "1 "+b.UUID+" 1100", "2 "+a.UUID+" 110000")
	w.expect(store.StatisticsQuery{Windows: odd, By: []store.Column{store.ByDevice, store.ByType}},
		"0 "+a.UUID+" QR_CODE 11", "0 "+b.UUID+" OWN 100", "1 "+a.UUID+" OWN 100000", "1 "+a.UUID+" QR_CODE 10000",
		"1 "+b.UUID+" QR_CODE 1000")
	w.expect(store.StatisticsQuery{Windows: odd, Devices: []string{b.UUID}}, "0 100", "1 1000")
	w.expect(store.StatisticsQuery{By: []store.Column{store.ByDevice}, Types: []string{"OWN"}}, "0 "+a.UUID+" 100000",
		"0 "+b.UUID+" 100")

	// Each slot of each run is a report.
	w.expect(store.StatisticsQuery{
		Windows: odd, By: []store.Column{store.ByRun, store.BySlot}, Devices: []string{a.UUID},
	},
		fmt.Sprint("0 ", run, " ", day-180, " 1"), fmt.Sprint("0 ", run, " ", day, " 10"),
		fmt.Sprint("1 ", run, " ", day+86400, " 110000"))

	// Devices and concurrent devices.
	w.expect(store.StatisticsQuery{Measure: store.MeasureDevices, Windows: days}, "0 1", "1 2", "2 1")
	w.expect(store.StatisticsQuery{Measure: store.MeasureDevices, Windows: odd, By: []store.Column{store.ByType}},
		"0 OWN 1", "0 QR_CODE 1", "1 OWN 1", "1 QR_CODE 2")
	w.expect(store.StatisticsQuery{Measure: store.MeasureDevices}, "0 2")
	w.expect(store.StatisticsQuery{Measure: store.MeasureConcurrent, Windows: days, By: []store.Column{store.ByItem}},
		"0 scans 1", "1 scans 2", "2 scans 1")
	for _, bad := range []store.StatisticsQuery{
		{Measure: "noise"}, {By: []store.Column{"colour"}},
		{Measure: store.MeasureConcurrent, By: []store.Column{store.ByType}},
		{Spans: []store.Window{{Start: 0, End: 900}}},
		{Measure: store.MeasureDenials, By: []store.Column{store.ByItem}},
		{Measure: store.MeasureDenials, Items: []string{"scans"}},
	} {
		if _, err := w.Statistics(w.Context(), bad); err == nil {
			w.Errorf("%+v was answered", bad)
		}
	}
}

// The numbers of different devices, and of devices at once, follow from single reports: in any
// part of a day, for slots of any length, and whatever is folded.
func activityIsExact(t *testing.T, open Open) {
	w := begin(t, open)
	chance := rand.New(rand.NewPCG(1, 2))
	devices := make([]store.Reporter, 5)
	runs := make([]string, len(devices))
	for i := range devices {
		devices[i], runs[i] = w.device(), uuid.NewString()
	}
	type came struct {
		slot   int64
		device int
		kind   string
	}
	seen := map[came]bool{}
	for round := range 40 {
		lengths := []int64{180, 180, 60, 3600}
		length := lengths[chance.IntN(len(lengths))]
		c := came{day + chance.Int64N(3*86400/length)*length, chance.IntN(len(devices)),
			[]string{"QR_CODE", "OWN"}[chance.IntN(2)]}
		if !seen[c] {
			seen[c] = true
			w.add(devices[c.device], runs[c.device], c.slot, c.kind, 1, 0)
		}
		if chance.IntN(4) == 0 {
			w.fold(1 + chance.Int64N(10))
		}
		if round%4 != 3 {
			continue
		}
		from := day - 7200 + chance.Int64N(3*96)*900
		windows := []store.Window{{Start: from, End: from + 900*(1+chance.Int64N(200))}}
		windows = append(windows, store.Window{Start: windows[0].End, End: windows[0].End + 86400})
		for n := range chance.Int64N(40) { // so many that days have many
			start := windows[len(windows)-1].End
			windows = append(windows, store.Window{Start: start, End: start + 900*(1+n%3)})
		}
		spans := []store.Window{
			{Start: 0, End: store.EndOfTime}, {Start: windows[0].Start + 900, End: windows[1].End + 900},
		}
		var different, once, ofType []string
		for n, window := range slices.Concat(windows, spans) {
			all, own := map[int]bool{}, map[int]bool{}
			at := map[int64]map[int]bool{}
			most := 0
			for c := range seen {
				if c.slot < window.Start || c.slot >= window.End {
					continue
				}
				all[c.device] = true
				if c.kind == "OWN" {
					own[c.device] = true
				}
				if at[c.slot] == nil {
					at[c.slot] = map[int]bool{}
				}
				at[c.slot][c.device] = true
				most = max(most, len(at[c.slot]))
			}
			for _, counted := range []struct {
				rows  *[]string
				count int
			}{{&different, len(all)}, {&once, most}, {&ofType, len(own)}} {
				if counted.count > 0 {
					*counted.rows = append(*counted.rows, fmt.Sprint(n, " ", counted.count))
				}
			}
		}
		w.expect(store.StatisticsQuery{Measure: store.MeasureDevices, Windows: windows, Spans: spans}, different...)
		w.expect(store.StatisticsQuery{Measure: store.MeasureConcurrent, Windows: windows, Spans: spans}, once...)
		w.expect(store.StatisticsQuery{Measure: store.MeasureDevices, Windows: windows, Spans: spans,
			Types: []string{"OWN"}}, ofType...)
		w.namedAsAll(devices[:2], windows)
		w.namedAsAll(devices[:2], spans[1:])
		w.namedAsAll(devices[:2], []store.Window{{Start: day - 40*86400, End: windows[0].Start},
			{Start: windows[0].Start, End: store.EndOfTime}})
	}
}

// namedAsAll checks that a query that names devices says the same of them as a query of all
// devices: named ones are looked up in another way.
func (w *world) namedAsAll(devices []store.Reporter, windows []store.Window) {
	w.Helper()
	for _, by := range [][]store.Column{
		{}, {store.ByType}, {store.ByDay}, {store.BySlot}, {store.ByRun, store.ByItem},
	} {
		q := store.StatisticsQuery{Windows: windows, By: append([]store.Column{store.ByDevice}, by...)}
		for _, types := range [][]string{nil, {"OWN"}} {
			q.Types, q.Devices = types, nil
			var want []string
			for _, row := range w.rows(q) {
				if slices.ContainsFunc(devices, func(d store.Reporter) bool { return strings.Contains(row, d.UUID) }) {
					want = append(want, row)
				}
			}
			for _, d := range devices {
				q.Devices = append(q.Devices, d.UUID)
			}
			w.expect(q, want...)
			q.Organizations, q.HandshakeCodes, q.Items = []string{"100001"}, []string{w.code.Code}, []string{"scans"}
			w.expect(q, want...)
			q.Items = []string{"other"}
			w.expect(q)
			q.Organizations, q.HandshakeCodes, q.Items = nil, nil, nil
		}
	}
}

// Denials are counted by quarters of an hour.
func denialsAreCounted(t *testing.T, open Open) {
	w := begin(t, open)
	device := w.device()
	deny := func(at int64, code string, status protocol.Status) {
		w.apply(store.Keys{}, func(*store.State) *store.Change {
			return &store.Change{Denials: []store.Denial{
				{At: at, FirstAt: at, Device: device.UUID, HandshakeCode: code, Status: status, Count: 1}}}
		})
	}
	deny(day+899, w.code.Code, -20120)
	deny(day+900, w.code.Code, -20120)
	deny(day+901, "made up", -20101)
	q := store.StatisticsQuery{Measure: store.MeasureDenials,
		Windows: []store.Window{{Start: day, End: day + 900}, {Start: day + 900, End: day + 1800}}}
	w.expect(q, "0 1", "1 2")
	q.By = []store.Column{store.ByHandshake, store.ByStatus}
	w.expect(q, "0 100001-reader -20120 1", "1  -20101 1", "1 100001-reader -20120 1")
	q.By, q.Organizations = []store.Column{store.ByOrganization}, []string{"100001"}
	w.expect(q, "0 100001 1", "1 100001 1")
}

// What is examined is what was saved.
func examinationIsComplete(t *testing.T, open Open) {
	w := begin(t, open)
	device, run := w.device(), uuid.NewString()
	w.add(device, run, day, "QR_CODE", 3, 0)
	w.add(device, run, day, "OWN", 4, 4)
	err := w.Update(t.Context(), func(tx store.Tx) error {
		return errors.Join(
			tx.AddServerKeys(store.ServerKeys{Signing: []byte("s"), Report: []byte("r")}), tx.CloseSlots(180),
			tx.CloseSlots(100),
			tx.AddCheckpoint(store.Checkpoint{ClosedBefore: 180, MadeAt: 7, Document: "c"}),
			tx.Adjust(store.Adjustment{
				Item: w.item.Key, At: 8, Units: -2, Reason: "why", Actor: "who", Signature: "s",
			}),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	err = w.Examine(t.Context(), func(e store.Examination) error {
		size, sizeErr := e.Size()
		if size < 1 {
			t.Errorf("%d reports", size)
		}
		var received []string
		for r, err := range e.Received() {
			received = append(received,
				fmt.Sprint(r.Run, r.Slot, r.SlotSeconds, r.Revision, r.Counts, r.Lost, r.ReceivedAt, err))
		}
		var runs []store.ExaminedRun
		for r, err := range e.Runs() {
			runs, sizeErr = append(runs, r), errors.Join(sizeErr, err)
		}
		if len(runs) != 1 || runs[0].UUID != run || runs[0].Device != device.Device || runs[0].Code != w.code.Key ||
			runs[0].Item != w.item.Key {
			t.Fatalf("%+v", runs)
		}
		key := runs[0].Key
		if want := []string{
			fmt.Sprint(key, day, 180, 1, store.Counts{{Type: "QR_CODE", Units: 3}}, "", day+200, nil),
			fmt.Sprint(key, day, 180, 2, store.Counts{{Type: "OWN", Units: 4}, {Type: "QR_CODE", Units: 3}}, "",
				day+200, nil),
		}; !slices.Equal(received, want) {
			t.Errorf("%q, not %q", received, want)
		}
		for r, err := range e.Reports() {
			if err != nil || r.Run != key || r.Slot != day || r.Revision != 2 || len(r.Counts) != 2 {
				t.Errorf("%+v, %v", r, err)
			}
		}
		for _, level := range []store.Level{store.LevelHour, store.LevelDay} { // no slot is folded
			units := map[string]store.Units{}
			for total, err := range e.OrganizationTotals(level) {
				if err != nil || total.Start != day {
					t.Errorf("%+v, %v", total, err)
				}
				units[total.Organization] = units[total.Organization].Plus(total.Units)
			}
			if all := (store.Units{All: 7, Late: 4}); len(units) != 2 || units[""] != all || units["100001"] != all {
				t.Errorf("organizations, level %d: %+v", level, units)
			}
		}
		for level, start := range map[store.Level]int64{store.LevelSlot: day, store.LevelHour: day,
			store.LevelDay: day, store.LevelMonth: store.LevelMonth.Start(day)} {
			var units store.Units
			for total, err := range e.Totals(level) {
				if err != nil || total.Start != start || total.Code != w.code.Key || total.Item != w.item.Key {
					t.Errorf("%+v, %v", total, err)
				}
				units = units.Plus(total.Units)
			}
			if units != (store.Units{All: 7, Late: 4}) {
				t.Errorf("level %d: %+v", level, units)
			}
		}
		for level, start := range map[store.Level]int64{store.LevelDay: day,
			store.LevelMonth: store.LevelMonth.Start(day)} {
			var units int64
			for total, err := range e.DeviceTotals(level) {
				if units += total.All; err != nil || total.Device != device.Device || total.Start != start {
					t.Errorf("%+v, %v", total, err)
				}
			}
			if units != 7 {
				t.Errorf("level %d: %d", level, units)
			}
		}
		for item, err := range e.Items() {
			if err != nil || item.ID != "scans" || item.Used != 5 {
				t.Errorf("%+v, %v", item, err)
			}
		}
		for a, err := range e.Adjustments() {
			a.Key = 0
			want := store.Adjustment{Item: w.item.Key, At: 8, Units: -2, Reason: "why", Actor: "who", Signature: "s"}
			if err != nil || a != want {
				t.Errorf("%+v, %v", a, err)
			}
		}
		closing, closingErr := e.Closing()
		checkpoints, checkpointErr := e.Checkpoints()
		if closing != (store.Closing{Before: 180}) ||
			!slices.Equal(checkpoints, []store.Checkpoint{{ClosedBefore: 180, MadeAt: 7, Document: "c"}}) {
			t.Errorf("%+v, %+v", closing, checkpoints)
		}
		keys, keysErr := e.Keys()
		if string(keys.Signing) != "s" || e.CodeName(w.code.Key) != w.code.Code ||
			e.DeviceName(device.Device) != device.UUID {
			t.Errorf("%+v", keys)
		}
		return errors.Join(sizeErr, closingErr, checkpointErr, keysErr)
	})
	if err != nil {
		t.Error(err)
	}
	if state := w.look(store.Keys{}); state.ClosedBefore != 180 {
		t.Errorf("%+v", state)
	}
}

// What is pruned is gone, and nothing else.
func pruningIsExact(t *testing.T, open Open) {
	w := begin(t, open)
	device, run := w.device(), uuid.NewString()
	for i := range int64(4) {
		w.add(device, run, day+i*180, "QR_CODE", 1, 0)
	}
	prune := func(record store.Record, before int64) (removed int64) {
		t.Helper()
		for position := int64(0); ; {
			n, next, err := w.Prune(t.Context(), record, before, position)
			if err != nil {
				t.Fatal(err)
			}
			if removed += n; next == 0 {
				return removed
			}
			position = next
		}
	}
	if _, _, err := w.Prune(t.Context(), store.RecordSlots, day+360, 0); err == nil {
		t.Error("there is no checkpoint")
	}
	if err := w.Update(t.Context(), func(tx store.Tx) error {
		return errors.Join(tx.CloseSlots(day+360), tx.AddCheckpoint(store.Checkpoint{ClosedBefore: day + 360}))
	}); err != nil {
		t.Fatal(err)
	}
	if n := prune(store.RecordReceived, day+360); n != 2 {
		t.Errorf("%d rows", n)
	}
	if n := prune(store.RecordSlots, day+360); n != 2 {
		t.Errorf("%d slots", n)
	}
	_ = w.Update(t.Context(), func(tx store.Tx) error {
		if c, err := tx.Closing(); err != nil ||
			c != (store.Closing{Before: day + 360, Pruned: day + 360, Swept: day + 360}) {
			t.Errorf("%+v, %v", c, err)
		}
		if err := tx.AddCheckpoint(store.Checkpoint{ClosedBefore: day + 360}); !errors.Is(err, store.ErrExists) {
			t.Error(err)
		}
		return errors.New("undo")
	})
	var gone *store.PrunedError
	q := store.StatisticsQuery{By: []store.Column{store.ByDevice}, Since: day + 180, Until: day + 3600}
	if _, err := w.Statistics(t.Context(), q); !errors.As(err, &gone) {
		t.Error(err)
	}
	if q.Since += 180; w.rows(q)[0] != "0 "+device.UUID+" 2" {
		t.Error(w.rows(q))
	}
	if w.total() != 4 {
		t.Error(w.total())
	}
	if _, _, err := w.Prune(t.Context(), "noise", 1, 0); err == nil {
		t.Error("there is no such record")
	}
}

// Reports that come after all others were pruned are active, although their rows may reuse the
// keys of deleted ones.
func activityAfterPruning(t *testing.T, open Open) {
	w := begin(t, open)
	device, run := w.device(), uuid.NewString()
	for i := range int64(3) {
		w.add(device, run, day+i*180, "QR_CODE", 1, 0)
	}
	if err := w.Update(t.Context(), func(tx store.Tx) error {
		return errors.Join(tx.CloseSlots(day+86400), tx.AddCheckpoint(store.Checkpoint{ClosedBefore: day + 86400}))
	}); err != nil {
		t.Fatal(err)
	}
	for position := int64(0); ; {
		_, next, err := w.Prune(t.Context(), store.RecordReceived, day+86400, position)
		if err != nil {
			t.Fatal(err)
		}
		if position = next; next == 0 {
			break
		}
	}
	q := store.StatisticsQuery{
		Measure: store.MeasureDevices, Since: day + 86400, Until: day + 3*86400, By: []store.Column{store.ByType},
	}
	for i, kind := range []string{"QR_CODE", "OWN"} { // of the same run and day, so that a row is found by both
		w.add(device, run, day+2*86400+int64(i)*180, kind, 1, 0)
		want := []string{"0 QR_CODE 1", "0 OWN 1"}[:i+1]
		slices.Sort(want)
		w.expect(q, want...)
		w.fold(10)
		w.expect(q, want...)
	}
}

// Settings of retention and statements are kept.
func statementsAreKept(t *testing.T, open Open) {
	w := begin(t, open)
	if err := w.Update(t.Context(), func(tx store.Tx) error {
		return errors.Join(
			tx.SetRetention(store.RecordDenials, 5), tx.SetRetention(store.RecordDenials, 6),
			tx.SetRetention(store.RecordAudit, 5), tx.SetRetention(store.RecordAudit, 0),
			tx.AddStatement(store.Statement{Organization: "100001", Month: "2026-11", MadeAt: 2, Document: "b"}),
			tx.AddStatement(store.Statement{Organization: "100001", Month: "2026-10", MadeAt: 1, Document: "a"}),
		)
	}); err != nil {
		t.Fatal(err)
	}
	if days, err := w.Retention(t.Context()); err != nil || len(days) != 1 || days[store.RecordDenials] != 6 {
		t.Errorf("%v, %v", days, err)
	}
	list, err := w.Statements(t.Context(), "100001")
	if err != nil || len(list) != 2 ||
		list[0] != (store.Statement{Organization: "100001", Month: "2026-10", MadeAt: 1, Document: "a"}) {
		t.Errorf("%+v, %v", list, err)
	}
	for statement, want := range map[store.Statement]error{
		{Organization: "100001", Month: "2026-10"}: store.ErrExists,
		{Organization: "999999", Month: "2026-10"}: store.ErrNotFound,
	} {
		if err := w.Update(t.Context(), func(tx store.Tx) error {
			return tx.AddStatement(statement)
		}); !errors.Is(err, want) {
			t.Errorf("%+v: %v", statement, err)
		}
	}
}
