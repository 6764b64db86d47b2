package view

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/relational"
)

// Totals of devices are kept by month and day; what a window has beside these is summed
// up from the slots of runs, whose counts SQL can't read. Which these are, activity tells.

// devicePieces takes windows apart into months and days, and slots.
func (q *statistics) devicePieces() (store.Pieces, error) {
	levels := []store.Level{store.LevelMonth, store.LevelDay, store.LevelSlot}
	switch {
	case q.groupedBy(store.BySlot, store.ByHour, store.ByRun):
		levels = levels[2:]
	case q.groupedBy(store.ByDay):
		levels = levels[1:]
	}
	pieces := store.CutWindows(q.windows, levels...)
	return pieces, q.kept(slices.Concat(pieces.Plus[store.LevelSlot], pieces.Minus[store.LevelSlot]))
}

// wholeDays are the days that are in the windows as a whole, and what else is in them:
// devices can be added to others, but not taken off.
func (q *statistics) wholeDays() (days, rest []store.Piece, err error) {
	longest := []store.Level{store.LevelDay, store.LevelSlot}
	if q.groupedBy(store.BySlot, store.ByHour, store.ByRun) {
		longest = longest[1:]
	}
	for i, w := range q.windows {
		first, last := longest[0].Start(w.Start), longest[0].Start(w.End)
		if first < w.Start {
			first += int64(longest[0])
		}
		if longest[0] == store.LevelSlot || first >= last {
			rest = append(rest, store.Piece{Window: i, Start: w.Start, End: w.End})
			continue
		}
		days = append(days, store.Piece{Window: i, Start: first, End: last})
		for _, edge := range []store.Piece{{Window: i, Start: w.Start, End: first},
			{Window: i, Start: last, End: w.End}} {
			if edge.Start < edge.End {
				rest = append(rest, edge)
			}
		}
	}
	return days, rest, q.kept(rest)
}

// kept is nil if the reports of pieces are still there.
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

// pairFilter is the condition on the code and the item of a row t, beginning with AND.
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

// deviceFilter is the condition on a row t with a device as well.
func (q *statistics) deviceFilter() (where string, arguments []any) {
	where, arguments = q.pairFilter()
	if list := q.query.Devices; len(list) > 0 { // with those that are shown as one of them
		where += ` AND t.device IN (SELECT id FROM device WHERE uuid` + q.db.Dialect().In + ` UNION ALL
			SELECT d.id FROM device m JOIN device d ON d.merged_into = m.id WHERE m.uuid` + q.db.Dialect().In + `)`
		arguments = append(arguments, texts(list), texts(list))
	}
	return where, arguments
}

// readDeviceTotals calls f with what was counted of devices in pieces that don't overlap, of a
// window, whose place of the query's is given. It tells no more than the query's columns need:
// rows of the same device are summed up in the order of the key, which costs nothing.
func (q *statistics) readDeviceTotals(level store.Level, pieces []store.Piece,
	f func(window int, of *counted, units int64)) error {
	where, filters := q.deviceFilter()
	if len(q.query.Types) > 0 {
		where += ` AND t.type IN (SELECT id FROM operation_type WHERE name` + q.db.Dialect().In + `)`
		filters = append(filters, texts(q.query.Types))
	}
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
	places := placing{pieces: pieces}
	for _, span := range joined(pieces) { // they are few
		err := q.db.Numbers(query, append([]any{span.Start, span.End}, filters...), func(n []int64) error {
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
	add := func(window int, of *counted, units int64) { q.add(q.groupOf(window, of), store.Units{All: units}) }
	count := func(pieces map[store.Level][]store.Piece) error {
		for _, level := range []store.Level{store.LevelMonth, store.LevelDay} {
			for _, layer := range layers(pieces[level]) {
				if err := q.readDeviceTotals(level, layer, add); err != nil {
					return err
				}
			}
		}
		return q.eachOfSlots(pieces[store.LevelSlot], add)
	}
	if err := count(pieces.Plus); err != nil {
		return err
	}
	return q.takeOff(func() error { return count(pieces.Minus) })
}

// reported is a part of the reports of a run.
type reported struct {
	place        int // of its window
	run          store.ID
	since, until int64
}

// reportedIn finds the runs that reported something in pieces.
func (q *statistics) reportedIn(pieces []store.Piece) (found []reported, err error) {
	// Activity is read along windows that don't overlap.
	for _, layer := range layers(pieces) {
		windows := make([]store.Window, len(layer))
		for i, p := range layer {
			windows[i] = store.Window{Start: p.Start, End: p.End}
		}
		once := map[reported]bool{}
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
					one := reported{layer[p.window].Window, r.Run, a.day + p.from, a.day + p.until}
					if !once[one] {
						once[one] = true
						found = append(found, one)
					}
				}
			})
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// reportsAtOnce is of how many runs one query reads reports.
const reportsAtOnce = 2000

// eachOfSlots calls f with what was counted in slots: once for each type that the query asks
// for.
func (q *statistics) eachOfSlots(pieces []store.Piece, f func(window int, of *counted, units int64)) error {
	if len(pieces) == 0 {
		return nil
	}
	found, err := q.reportedIn(pieces)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(found, reportsAtOnce) {
		if err := q.eachReported(some, f); err != nil {
			return err
		}
	}
	return nil
}

// reportsJSON writes down parts of reports for SQL.
func reportsJSON(list []reported) string {
	var text strings.Builder
	for i, r := range list {
		if i > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, "[%d,%d,%d,%d]", r.place, r.run, r.since, r.until)
	}
	return "[" + text.String() + "]"
}

func (q *statistics) eachReported(list []reported, f func(window int, of *counted, units int64)) error {
	join := q.db.Dialect().Join
	query := `SELECT p.place, r.run, run.device, run.handshake_code, run.item, r.slot, r.counts FROM ` +
		q.db.Dialect().Reported + ` p ` +
		join + ` report r ON r.run = p.run AND r.slot >= p.since AND r.slot < p.until ` + join +
		` run ON run.id = r.run WHERE r.revision > 0`
	return q.db.Blobs(query, []any{reportsJSON(list)}, func(n []int64, data []byte) error {
		of := counted{
			run: store.ID(n[1]), device: store.ID(n[2]), code: store.ID(n[3]), item: store.ID(n[4]), slot: n[5],
			organization: q.catalog.owners[store.ID(n[4])],
		}
		counts, err := store.ParseBinaryCounts(data)
		if err != nil {
			return err
		}
		for _, count := range counts {
			if of.kind = q.catalog.types[count.Type]; q.catalog.asks(of.kind) {
				f(int(n[0]), &of, count.Units)
			}
		}
		return nil
	})
}

// devices counts different devices.
func (q *statistics) devices() error {
	if known, err := q.fromActivity(); known || err != nil {
		if err == nil {
			err = q.activeDevices()
		}
		return err
	}
	days, slots, err := q.wholeDays()
	if err != nil {
		return err
	}
	type seen struct {
		group
		device store.ID
	}
	met := map[seen]bool{}
	meet := func(window int, of *counted, _ int64) {
		g := q.groupOf(window, of)
		if key := (seen{g, q.catalog.shownAs(of.device)}); !met[key] {
			met[key] = true
			q.add(g, store.Units{All: 1})
		}
	}
	for _, layer := range layers(days) {
		if err := q.readDeviceTotals(store.LevelDay, layer, meet); err != nil {
			return err
		}
	}
	return q.eachOfSlots(slots, meet)
}

// errNoTypes is why concurrent devices have no types.
var errNoTypes = errors.New("devices at work at once are not counted by operation type")

// concurrent counts the devices of each slot, and takes the most of each group.
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
	return q.activeConcurrently()
}
