package view

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/openlts/openlts/server/store"
)

// Totals of devices are kept by month and day; what a window has beside these is summed
// up from the slots of runs, whose counts SQL can't read. Which these are, activity tells.

// devicePieces takes windows apart into months and days, and slots.
func (q *statistics) devicePieces() (store.Pieces, error) {
	levels := []store.Level{store.LevelMonth, store.LevelDay, store.LevelSlot}
	switch {
	case q.by(store.BySlot), q.by(store.ByHour), q.by(store.ByRun):
		levels = levels[2:]
	case q.by(store.ByDay):
		levels = levels[1:]
	}
	pieces := store.CutWindows(q.windows, levels...)
	return pieces, q.kept(slices.Concat(pieces.Plus[store.LevelSlot], pieces.Minus[store.LevelSlot]))
}

// wholeDays are the days that are in the windows as a whole, and what else is in them:
// devices can be added to others, but not taken off.
func (q *statistics) wholeDays() (days, rest []store.Piece, err error) {
	longest := []store.Level{store.LevelDay, store.LevelSlot}
	if q.by(store.BySlot) || q.by(store.ByHour) || q.by(store.ByRun) {
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

// readMerged reads which devices are shown as another one; they are few.
func (q *statistics) readMerged() error {
	q.merged = map[store.ID]store.ID{}
	return each(q.db, `SELECT id, merged_into FROM device WHERE merged_into IS NOT NULL`, nil, func(rows Rows) error {
		var device, into store.ID
		err := rows.Scan(&device, &into)
		q.merged[device] = into
		return err
	})
}

// shownAs is the device as which a device is shown.
func (q *statistics) shownAs(device store.ID) store.ID {
	if into, merged := q.merged[device]; merged {
		return into
	}
	return device
}

// deviceTables are the tables of totals of devices.
var deviceTables = map[store.Level]string{store.LevelDay: "total_device", store.LevelMonth: "total_device_month"}

// fromTotals are the rows t of the totals of devices, in pieces p.
func (q *statistics) fromTotals(level store.Level, pieces []store.Piece) (from string, arguments []any) {
	where, filters := q.deviceFilter()
	if len(q.query.Types) > 0 {
		where += ` AND t.type IN (SELECT id FROM operation_type WHERE name` + q.db.Dialect().In + `)`
		filters = append(filters, texts(q.query.Types))
	}
	return ` FROM ` + q.db.Dialect().Pieces + ` p ` + q.db.Dialect().Join + ` ` + deviceTables[level] +
			` t ON t.slot >= p.since AND t.slot < p.until` + where,
		append([]any{piecesJSON(pieces)}, filters...)
}

func (q *statistics) operationsOfDevices() error {
	values, keys, err := q.columns()
	if err != nil {
		return err
	}
	pieces, err := q.devicePieces()
	if err != nil {
		return err
	}
	count := func(pieces map[store.Level][]store.Piece) error {
		for _, level := range []store.Level{store.LevelMonth, store.LevelDay} {
			if len(pieces[level]) == 0 {
				continue
			}
			from, arguments := q.fromTotals(level, pieces[level])
			if err := q.scan(`SELECT p.place, `+q.db.Dialect().Sum("t.count")+`, 0`+values+from+` GROUP BY p.place`+
				keys, arguments); err != nil {
				return err
			}
		}
		return q.eachOfSlots(pieces[store.LevelSlot], func(g group, _ store.ID, units int64) { q.add(g, units, 0) })
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
	pieces = slices.Clone(pieces)
	slices.SortStableFunc(pieces, func(a, b store.Piece) int { return cmp.Compare(a.Start, b.Start) })
	for len(pieces) > 0 {
		// Activity is read along windows that don't overlap, as pieces hardly ever do.
		var windows []store.Window
		var places []int
		var left []store.Piece
		for _, p := range pieces {
			if n := len(windows); n > 0 && windows[n-1].End > p.Start {
				left = append(left, p)
				continue
			}
			windows, places = append(windows, store.Window{Start: p.Start, End: p.End}), append(places, p.Window)
		}
		pieces = left
		err = q.activeDays(windows, false, func(day int64, runs []active) error {
			list := parts(windows, day)
			once := map[reported]bool{}
			for i := range runs {
				for at := range list {
					p := &list[at]
					if !p.has(&runs[i].Slots) {
						continue
					}
					one := reported{places[p.window], runs[i].Run, day + p.from, day + p.until}
					if !once[one] {
						once[one] = true
						found = append(found, one)
					}
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// reportsAtOnce is of how many runs one query reads reports.
const reportsAtOnce = 2000

// eachOfSlots calls f with the group, the device and the units of what was counted
// in slots: once for each type that the query asks for.
func (q *statistics) eachOfSlots(pieces []store.Piece, f func(g group, device store.ID, units int64)) error {
	if len(pieces) == 0 {
		return nil
	}
	found, err := q.reportedIn(pieces)
	if err != nil {
		return err
	}
	names := &namer{q: q, known: map[named]string{}}
	for some := range slices.Chunk(found, reportsAtOnce) {
		if err := q.eachReported(some, names, f); err != nil {
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

func (q *statistics) eachReported(list []reported, names *namer, f func(g group, device store.ID, units int64)) error {
	join := q.db.Dialect().Join
	query := `SELECT p.place, r.run, run.device, run.handshake_code, run.item, r.slot, r.counts FROM ` +
		q.db.Dialect().Reported + ` p ` +
		join + ` report r ON r.run = p.run AND r.slot >= p.since AND r.slot < p.until ` + join +
		` run ON run.id = r.run WHERE r.revision > 0`
	return each(q.db, query, []any{reportsJSON(list)}, func(rows Rows) error {
		var g group
		var run, device, code, item store.ID
		var slot int64
		var data []byte
		if err := rows.Scan(&g.window, &run, &device, &code, &item, &slot, &data); err != nil {
			return err
		}
		counts, err := store.ParseBinaryCounts(data)
		if err != nil {
			return err
		}
		for _, by := range q.query.By {
			switch by {
			case store.BySlot:
				g.Slot = slot
			case store.ByHour:
				g.Hour = store.LevelHour.Start(slot)
			case store.ByDay:
				g.Day = store.LevelDay.Start(slot)
			case store.ByRun:
				g.Run = names.of(by, run)
			case store.ByHandshake:
				g.Handshake = names.of(by, code)
			case store.ByDevice:
				g.Device = names.of(by, q.shownAs(device))
			case store.ByItem:
				g.Item = names.of(by, item)
			case store.ByOrganization:
				g.Organization = names.of(by, item)
			}
		}
		byType := q.by(store.ByType)
		for _, count := range counts {
			if len(q.query.Types) > 0 && !slices.Contains(q.query.Types, count.Type) {
				continue
			}
			if byType {
				g.Type = count.Type
			}
			f(g, device, count.Units)
		}
		return names.err
	})
}

// namer finds the names of what rows are grouped by.
type namer struct {
	q     *statistics
	known map[named]string
	err   error
}

type named struct {
	column store.Column
	id     store.ID
}

func (n *namer) of(column store.Column, id store.ID) string {
	name, ok := n.known[named{column, id}]
	if !ok && n.err == nil {
		query := map[store.Column]string{
			store.ByHandshake:    `SELECT code FROM handshake_code WHERE id = ?`,
			store.ByDevice:       `SELECT uuid FROM device WHERE id = ?`,
			store.ByRun:          `SELECT uuid FROM run WHERE id = ?`,
			store.ByType:         `SELECT name FROM operation_type WHERE id = ?`,
			store.ByItem:         `SELECT public_id FROM item WHERE id = ?`,
			store.ByOrganization: `SELECT o.public_id FROM item i JOIN organization o ON o.id = i.organization WHERE i.id = ?`,
		}[column]
		n.err = get(n.q.db, query, []any{id}, &name)
		n.known[named{column, id}] = name
	}
	return name
}

// devices counts different devices.
func (q *statistics) devices() error {
	if known, err := q.fromActivity(); known || err != nil {
		if err == nil {
			err = q.activeDevices()
		}
		return err
	}
	values, keys, err := q.columns()
	if err != nil {
		return err
	}
	days, slots, err := q.wholeDays()
	if err != nil {
		return err
	}
	if len(slots) == 0 && len(q.merged) == 0 {
		from, arguments := q.fromTotals(store.LevelDay, days)
		return q.scan(`SELECT p.place, count(DISTINCT t.device), 0`+values+from+` GROUP BY p.place`+keys, arguments)
	}
	type seen struct {
		group
		device store.ID
	}
	met := map[seen]bool{}
	meet := func(g group, device store.ID, _ int64) {
		if key := (seen{g, q.shownAs(device)}); !met[key] {
			met[key] = true
			q.add(g, 1, 0)
		}
	}
	if len(days) > 0 {
		from, arguments := q.fromTotals(store.LevelDay, days)
		// The device takes the place of the count.
		byDevice := &statistics{db: q.db, query: q.query, meet: meet}
		if err := byDevice.scan(`SELECT p.place, t.device, 0`+values+from+` GROUP BY p.place, t.device`+keys,
			arguments); err != nil {
			return err
		}
	}
	return q.eachOfSlots(slots, meet)
}

// errNoTypes is why concurrent devices have no types.
var errNoTypes = errors.New("devices at work at once are not counted by operation type")

// concurrent counts the devices of each slot, and takes the most of each group.
func (q *statistics) concurrent() error {
	if q.by(store.ByType) || len(q.query.Types) > 0 || q.by(store.ByDevice) {
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

// denials counts refused authorizations.
func (q *statistics) denials() error {
	var values, keys strings.Builder
	for _, by := range q.query.By {
		column, ok := map[store.Column]string{
			store.ByHandshake:    `coalesce((SELECT code FROM handshake_code WHERE id = t.handshake_code), '')`,
			store.ByOrganization: `coalesce((SELECT o.public_id FROM handshake_code c JOIN organization o ON o.id = c.organization WHERE c.id = t.handshake_code), '')`,
			store.ByStatus:       `t.status`,
			store.ByHour:         `t.start - t.start % 3600`,
			store.ByDay:          `t.start - t.start % 86400`,
		}[by]
		if !ok {
			return fmt.Errorf("denials can't be grouped by %s", by)
		}
		values.WriteString(", " + column)
		keys.WriteString(", " + column)
	}
	if len(q.query.Items)+len(q.query.Types)+len(q.query.Devices) > 0 {
		return errors.New("denials are counted by handshake code, not by item, type or device")
	}
	where, filters := "", []any(nil)
	if len(q.query.Organizations) > 0 {
		where +=
			` AND t.handshake_code IN (SELECT c.id FROM handshake_code c JOIN organization o ON o.id = c.organization
			WHERE o.public_id` + q.db.Dialect().In + `)`
		filters = append(filters, texts(q.query.Organizations))
	}
	if len(q.query.HandshakeCodes) > 0 {
		where += ` AND t.handshake_code IN (SELECT id FROM handshake_code WHERE code` + q.db.Dialect().In + `)`
		filters = append(filters, texts(q.query.HandshakeCodes))
	}
	var pieces []store.Piece
	for i, w := range q.windows {
		pieces = append(pieces, store.Piece{Window: i, Start: w.Start, End: w.End})
	}
	return q.scan(`SELECT p.place, `+q.db.Dialect().Sum("t.count")+`, 0`+values.String()+` FROM `+q.db.Dialect().Pieces+
		` p `+q.db.Dialect().Join+` total_denial t
		ON t.start >= p.since AND t.start < p.until`+where+` GROUP BY p.place`+keys.String(),
		append([]any{piecesJSON(pieces)}, filters...))
}
