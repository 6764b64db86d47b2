package view

import (
	"slices"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/relational"
)

// What is asked about devices that the query names is looked up by their keys: it takes as long as
// these devices reported, not as long as all did.

// fewDevices is the number of devices up to which it takes less time to look up what they reported
// than to read the activity of all.
const fewDevices = 100

// namesFew tells whether the query names devices, and only a few.
func (q *statistics) namesFew() bool {
	return len(q.query.Devices) > 0 && len(q.query.Devices) <= fewDevices
}

// namedConcurrently finds the most of the devices that the query names that were active in one slot.
func (q *statistics) namedConcurrently(spans []span) error {
	type slotOf struct {
		window int
		group
		slot int64
	}
	type seen struct {
		slotOf
		device store.ID
	}
	met, devices := map[seen]bool{}, map[slotOf]int64{}
	return q.eachOfNamedSlots(spans, func(in *span, of *counted, _ int64) {
		for _, each := range in.uses {
			one := seen{slotOf{each.window, q.groupOf(of), of.slot}, q.catalog.shownAs(of.device)}
			if met[one] {
				continue
			}
			met[one] = true
			devices[one.slotOf]++
			most := &q.sheet.of(each.window, one.group).plus
			most.All = max(most.All, devices[one.slotOf])
		}
	})
}

// namedDevices returns the devices that the query names, and those that are shown as one of them.
func (q *statistics) namedDevices() (keys []int64, err error) {
	in := q.db.Dialect().In
	return keys, q.db.Numbers(`SELECT id FROM device WHERE uuid`+in+
		` UNION ALL SELECT d.id FROM device m JOIN device d ON d.merged_into = m.id WHERE m.uuid`+in,
		[]any{texts(q.query.Devices), texts(q.query.Devices)}, func(n []int64) error {
			keys = append(keys, n[0])
			return nil
		})
}

// readNamedDeviceTotals does what readDeviceTotals does for the devices that the query names.
func (q *statistics) readNamedDeviceTotals(level store.Level, spans []span,
	f func(in *span, of *counted, units int64)) error {
	table := relational.DeviceTables[level]
	devices, err := q.namedDevices()
	if err != nil {
		return err
	}
	var first, last int64
	if err := get(q.db, `SELECT coalesce((SELECT min(slot) FROM `+table+`), 0), coalesce((SELECT max(slot) FROM `+table+
		`), -1)`, nil, &first, &last); err != nil {
		return err
	}
	var starts []int64
	for _, s := range joined(spans) {
		for at := max(s.start, first); at < s.end && at <= last; at = level.End(at) {
			starts = append(starts, at)
		}
	}
	where, filters := q.typeFilter()
	dialect := q.db.Dialect()
	query := `SELECT t.count, t.slot, t.device, t.handshake_code, t.item, t.type FROM ` + dialect.Keys +
		` s CROSS JOIN ` + dialect.Keys + ` d ` + dialect.Lookup(table, `t.slot = s.id AND t.device = d.id`+where)
	places := placing{spans: spans}
	return q.db.Numbers(query, append([]any{keysJSON(starts), keysJSON(devices)}, filters...), func(n []int64) error {
		of := counted{slot: n[1], device: store.ID(n[2]), code: store.ID(n[3]), item: store.ID(n[4])}
		of.kind = store.ID(n[5])
		of.organization = q.catalog.owners[of.item]
		f(places.of(of.slot), &of, n[0])
		return nil
	})
}

// rangeGap is how far from one another spans may be to be read at once: what a run reported between
// them is passed over.
const rangeGap = 2 * int64(store.LevelDay)

// eachOfNamedSlots does what eachOfSlots does for the devices that the query names: it reads the
// reports of their runs.
func (q *statistics) eachOfNamedSlots(spans []span, f func(in *span, of *counted, units int64)) error {
	if len(spans) == 0 {
		return nil
	}
	devices, err := q.namedDevices()
	if err != nil {
		return err
	}
	runs := map[store.ID]counted{}
	var keys []store.ID
	where, filters := q.pairFilter()
	err = q.db.Numbers(`SELECT t.id, t.device, t.handshake_code, t.item FROM `+q.db.Dialect().Keys+` d `+
		q.db.Dialect().Lookup("run", `t.device = d.id`+where), append([]any{keysJSON(devices)}, filters...),
		func(n []int64) error {
			of := counted{run: store.ID(n[0]), device: store.ID(n[1]), code: store.ID(n[2]), item: store.ID(n[3])}
			of.organization = q.catalog.owners[of.item]
			runs[of.run] = of
			keys = append(keys, of.run)
			return nil
		})
	if err != nil {
		return err
	}
	for _, layer := range layers(spans) {
		places := &placing{spans: layer}
		for _, part := range near(layer, rangeGap) {
			for some := range slices.Chunk(keys, reportsAtOnce) {
				list := make([]reported, len(some))
				for i, run := range some {
					list[i] = reported{among: places, run: run, since: part.start, until: part.end}
				}
				if err := q.eachReported(list, runs, f); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
