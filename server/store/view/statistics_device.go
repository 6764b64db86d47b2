package view

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/relational"
)

// Totals of devices are stored by month and day, and at the edges of months by quarters of a day. The
// rest of a window is summed up from the slots of runs, whose counts SQL can't read. Activity tells
// which slots these are.

// devicePieces divides windows into months, days, quarters of a day and slots.
func (q *statistics) devicePieces() (store.Pieces, error) {
	levels := []store.Level{store.LevelMonth, store.LevelDay, store.LevelSlot}
	switch {
	case q.groupedBy(store.BySlot, store.ByHour, store.ByRun):
		levels = levels[2:]
	case q.groupedBy(store.ByDay):
		levels = levels[1:]
	}
	pieces := store.CutWindows(q.windows, levels...)
	if len(levels) > 1 {
		var since int64
		if err := get(q.db, relational.SelectQuartersSince, nil, &since); err != nil {
			return pieces, err
		}
		pieces.Refine(store.LevelQuarterDay, func(p store.Piece) bool {
			day := store.LevelDay.Start(p.Start)
			return day >= since && p.End <= day+int64(store.LevelDay) && store.MonthEdge(day)
		})
	}
	return pieces, q.kept(slices.Concat(pieces.Plus[store.LevelSlot], pieces.Minus[store.LevelSlot]))
}

// wholeDays divides windows and spans into whole days and slots: devices can be added, but not
// subtracted.
func (q *statistics) wholeDays() (store.Pieces, error) {
	pieces := store.Pieces{Plus: map[store.Level][]store.Piece{}}
	add := func(level store.Level, window int, start, end int64) {
		if start < end {
			pieces.Plus[level] = append(pieces.Plus[level], store.Piece{Window: window, Start: start, End: end})
		}
	}
	for i, w := range slices.Concat(q.windows, q.query.Spans) {
		first, last := store.LevelDay.Start(w.Start), store.LevelDay.Start(w.End)
		if first < w.Start {
			first += int64(store.LevelDay)
		}
		if q.groupedBy(store.BySlot, store.ByHour, store.ByRun) || first >= last {
			add(store.LevelSlot, i, w.Start, w.End)
			continue
		}
		add(store.LevelDay, i, first, last)
		add(store.LevelSlot, i, w.Start, first)
		add(store.LevelSlot, i, last, w.End)
	}
	return pieces, q.kept(pieces.Plus[store.LevelSlot])
}

// kept returns nil if the reports of pieces are still there.
func (q *statistics) kept(pieces []store.Piece) error {
	if len(pieces) == 0 {
		return nil
	}
	var pruned int64
	if err := get(q.db, `SELECT coalesce(max(pruned), 0) FROM slot_closing`, nil, &pruned); err != nil {
		return err
	}
	if slices.ContainsFunc(pieces, func(p store.Piece) bool { return p.Start < pruned }) {
		return &store.PrunedError{Before: pruned}
	}
	return nil
}

// pairFilter returns the condition on the code and the item of a row t, beginning with AND.
func (q *statistics) pairFilter() (where string, arguments []any) {
	for _, f := range []struct {
		condition string
		values    []string
	}{
		{`t.item IN (SELECT i.id FROM item i JOIN organization o ON o.id = i.organization WHERE o.public_id` +
			q.db.Dialect().In + `)`, q.query.Organizations},
		{`t.handshake_code IN (SELECT id FROM handshake_code WHERE code` + q.db.Dialect().In + `)`,
			q.query.HandshakeCodes},
		{`t.item IN (SELECT id FROM item WHERE public_id` + q.db.Dialect().In + `)`, q.query.Items},
	} {
		if len(f.values) > 0 {
			where += ` AND ` + f.condition
			arguments = append(arguments, texts(f.values))
		}
	}
	return where, arguments
}

// typeFilter adds the condition on the type of a row t to those of a pairFilter.
func (q *statistics) typeFilter() (where string, arguments []any) {
	where, arguments = q.pairFilter()
	if len(q.query.Types) > 0 {
		where += ` AND t.type IN (SELECT id FROM operation_type WHERE name` + q.db.Dialect().In + `)`
		arguments = append(arguments, texts(q.query.Types))
	}
	return where, arguments
}

// readDeviceTotals calls f with what was counted for devices in spans that don't overlap, with only
// the details that the query's columns need: it sums up rows of the same device in the order of the
// key, which costs nothing. Devices that the query names are looked up.
func (q *statistics) readDeviceTotals(level store.Level, spans []span,
	f func(in *span, of *counted, units int64)) error {
	if len(q.query.Devices) > 0 {
		return q.readNamedDeviceTotals(level, spans, f)
	}
	where, filters := q.typeFilter()
	columns := `t.slot, t.device`
	paired := q.groupedBy(store.ByHandshake, store.ByItem, store.ByOrganization, store.ByType)
	if paired {
		columns += `, t.handshake_code, t.item`
	}
	count, grouped := `t.count`, ``
	if q.groupedBy(store.ByType) {
		columns += `, t.type`
	} else {
		count, grouped = q.db.Dialect().Sum(`t.count`), ` GROUP BY `+columns
	}
	query := `SELECT ` + count + `, ` + columns + ` FROM ` + relational.DeviceTables[level] +
		` t WHERE t.slot >= ? AND t.slot < ?` + where + grouped
	places := placing{spans: spans}
	for _, whole := range joined(spans) { // they are few
		err := q.db.Numbers(query, append([]any{whole.start, whole.end}, filters...), func(n []int64) error {
			of := counted{slot: n[1], device: store.ID(n[2])}
			if paired {
				of.code, of.item = store.ID(n[3]), store.ID(n[4])
				of.organization = q.catalog.owners[of.item]
			}
			if len(n) > 5 {
				of.kind = store.ID(n[5])
			}
			f(places.of(of.slot), &of, n[0])
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (q *statistics) operationsOfDevices() error {
	pieces, err := q.devicePieces()
	if err != nil {
		return err
	}
	add := func(in *span, of *counted, units int64) { q.use(in, of, store.Units{All: units}) }
	for _, level := range store.DeviceLevels {
		for _, layer := range layers(spansOf(pieces, level)) {
			if err := q.readDeviceTotals(level, layer, add); err != nil {
				return err
			}
		}
	}
	return q.eachOfSlots(spansOf(pieces, store.LevelSlot), add)
}

// reported is a part of the reports of a run.
type reported struct {
	in           *span
	among        *placing // the spans to which its slots belong, if these are not all of in; some may belong to none
	run          store.ID
	since, until int64
}

// reportsIn finds the runs that reported something in spans that don't overlap, and to what they
// belong.
func (q *statistics) reportsIn(spans []span) (found []reported, runs map[store.ID]counted, err error) {
	windows := make([]store.Window, len(spans))
	for i, s := range spans {
		windows[i] = store.Window{Start: s.start, End: s.end}
	}
	once := map[reported]bool{}
	runs = map[store.ID]counted{}
	err = q.eachActive(windows, false, func(a *active) error {
		list := parts(windows, a.day)
		if len(list) == 0 {
			return nil
		}
		return a.each(func(r *store.ActiveRun) {
			for at := range list {
				p := &list[at]
				if !p.has(&r.Slots) {
					continue
				}
				one := reported{in: &spans[p.window], run: r.Run, since: a.day + p.from, until: a.day + p.until}
				if once[one] {
					continue
				}
				once[one] = true
				found = append(found, one)
				runs[r.Run] = counted{
					organization: q.catalog.owners[a.item], code: a.code, item: a.item, device: r.Device, run: r.Run,
				}
			}
		})
	})
	return found, runs, err
}

// reportsAtOnce is the number of runs whose reports one query reads.
const reportsAtOnce = 2000

// eachOfSlots calls f with what was counted in slots, once for each type that the query includes.
func (q *statistics) eachOfSlots(spans []span, f func(in *span, of *counted, units int64)) error {
	if len(q.query.Devices) > 0 {
		return q.eachOfNamedSlots(spans, f)
	}
	for _, layer := range layers(spans) {
		found, runs, err := q.reportsIn(layer)
		if err != nil {
			return err
		}
		for some := range slices.Chunk(found, reportsAtOnce) {
			if err := q.eachReported(some, runs, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// reportsJSON returns parts of reports as JSON for SQL: for those of the same time, the place of the
// first, this time, and the runs.
func reportsJSON(list []reported) string {
	type times struct {
		in           *span
		since, until int64
	}
	places, runs := map[times]int{}, map[int][]byte{}
	var order []int
	for i, r := range list {
		of := times{r.in, r.since, r.until}
		first, known := places[of]
		if !known {
			first = i
			places[of] = i
			order = append(order, i)
		} else {
			runs[first] = append(runs[first], ',')
		}
		runs[first] = strconv.AppendInt(runs[first], int64(r.run), 10)
	}
	text := []byte{'['}
	for n, i := range order {
		if n > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(append(text, '['), int64(i), 10)
		for _, n := range []int64{list[i].since, list[i].until} {
			text = strconv.AppendInt(append(text, ','), n, 10)
		}
		text = append(append(append(text, ",["...), runs[i]...), "]]"...)
	}
	return string(append(text, ']'))
}

// ofReported is the condition that a row t of reports belongs to a part p.
const ofReported = `t.run = p.run AND t.slot >= p.since AND t.slot < p.until AND t.revision > 0`

// eachReported calls f with what was counted in parts of the reports of runs. Unless it matters in
// which slot that was, it sums up each part by type: a row that comes costs more than to read it.
func (q *statistics) eachReported(list []reported, runs map[store.ID]counted,
	f func(in *span, of *counted, units int64)) error {
	dialect := q.db.Dialect()
	if !q.groupedBy(store.BySlot, store.ByHour, store.ByDay) && list[0].among == nil {
		var sums store.CountSums
		return q.db.Blobs(dialect.Joined(`p.place, p.run`, dialect.Reported+` p`, ofReported), []any{reportsJSON(list)},
			func(n []int64, data []byte) error {
				report := &list[n[0]]
				of := runs[store.ID(n[1])]
				of.slot = report.since
				if err := sums.Add(data); err != nil {
					return err
				}
				sums.Take(func(count store.Count) {
					if of.kind = q.catalog.types[count.Type]; q.catalog.asks(of.kind) {
						f(report.in, &of, count.Units)
					}
				})
				return nil
			})
	}
	query := `SELECT p.place, p.run, t.slot, t.counts FROM ` + dialect.Reported + ` p ` +
		dialect.Lookup("report", ofReported)
	return q.db.Blobs(query, []any{reportsJSON(list)}, func(n []int64, data []byte) error {
		report := &list[n[0]]
		in, of := report.in, runs[store.ID(n[1])]
		of.slot = n[2]
		if report.among != nil {
			if in = report.among.find(of.slot); in == nil {
				return nil
			}
		}
		return store.EachBinaryCount(data, func(count store.Count) {
			if of.kind = q.catalog.types[count.Type]; q.catalog.asks(of.kind) {
				f(in, &of, count.Units)
			}
		})
	})
}

// devices counts different devices.
func (q *statistics) devices() error {
	known, err := q.fromActivity()
	if err != nil {
		return err
	}
	if known && !q.namesFew() {
		return q.activeDevices()
	}
	pieces, err := q.wholeDays()
	if pruned := (*store.PrunedError)(nil); known && errors.As(err, &pruned) {
		return q.activeDevices()
	}
	if err != nil {
		return err
	}
	type seen struct {
		window int
		group
		device store.ID
	}
	met := map[seen]bool{}
	meet := func(in *span, of *counted, _ int64) {
		g, device := q.groupOf(of), q.catalog.shownAs(of.device)
		for _, each := range in.uses {
			if key := (seen{each.window, g, device}); !met[key] {
				met[key] = true
				q.sheet.add(each.window, g, store.Units{All: 1})
			}
		}
	}
	for _, layer := range layers(spansOf(pieces, store.LevelDay)) {
		if err := q.readDeviceTotals(store.LevelDay, layer, meet); err != nil {
			return err
		}
	}
	return q.eachOfSlots(spansOf(pieces, store.LevelSlot), meet)
}

// errNoTypes tells why concurrent devices have no types.
var errNoTypes = errors.New("devices at work at once are not counted by operation type")

// concurrent counts the devices of each slot, and takes the maximum of each group.
func (q *statistics) concurrent() error {
	if q.groupedBy(store.ByType, store.ByDevice) || len(q.query.Types) > 0 {
		return errNoTypes
	}
	for _, by := range q.query.By {
		if by != store.ByOrganization && by != store.ByHandshake && by != store.ByItem {
			return fmt.Errorf("devices at work at once can't be grouped by %s", by)
		}
	}
	since, err := q.activeSince()
	if err != nil {
		return err
	}
	if q.allWindows()[0].Start < since {
		return &store.PrunedError{Before: since}
	}
	if q.namesFew() {
		spans := spansOfWindows(slices.Concat(q.windows, q.query.Spans))
		err := q.kept(piecesOf(spans))
		if pruned := (*store.PrunedError)(nil); !errors.As(err, &pruned) {
			return errors.Join(err, q.namedConcurrently(spans))
		}
	}
	return q.activeConcurrently()
}
