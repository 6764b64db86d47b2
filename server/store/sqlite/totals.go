package sqlite

import (
	"cmp"
	"slices"

	"github.com/openlts/openlts/server/store"
)

// totalTables are the tables of totals.
var totalTables = map[store.Level]string{
	store.LevelSlot: "total", store.LevelHour: "total_hour", store.LevelDay: "total_day",
}

// addUnits adds to a row of totals. They stop at the largest number: a device that
// reports absurd counts must not make the reports of others fail.
var addUnits = ` ON CONFLICT DO UPDATE SET ` + addCount + `, late = ` + addedSQL("late", "excluded.late")

var addCount = `count = ` + addedSQL("count", "excluded.count")

// saveTotals adds to the totals of slots, hours and days.
func (t *transaction) saveTotals(c *store.Change) error {
	if err := t.learnTypes(c.Totals); err != nil {
		return err
	}
	for _, level := range []store.Level{store.LevelSlot, store.LevelHour, store.LevelDay} {
		sums := c.Totals
		if level != store.LevelSlot {
			sums = store.RollUp(c.Totals, level)
		}
		if err := t.addTotals(totalTables[level], sums); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) addTotals(table string, sums map[store.TotalKey]store.Units) error {
	type total struct {
		code, item store.ID
		slot, kind int64
		units      store.Units
	}
	totals := make([]total, 0, len(sums))
	for key, units := range sums {
		totals = append(totals, total{key.Code, key.Item, key.Slot, t.s.known.types[key.Type], units})
	}
	slices.SortFunc(totals, func(a, b total) int {
		return cmp.Or(cmp.Compare(a.code, b.code), cmp.Compare(a.item, b.item), cmp.Compare(a.slot, b.slot),
			cmp.Compare(a.kind, b.kind))
	})
	rows := make([]any, 0, 6*len(totals))
	for _, n := range totals {
		rows = append(rows, n.code, n.item, n.slot, n.kind, n.units.All, n.units.Late)
	}
	return t.insertRows(`INSERT INTO `+table+` (handshake_code, item, slot, type, count, late) VALUES`, 6,
		addUnits, rows)
}

// saveDeviceTotals adds to the totals of devices by day and by month. Their types are those
// of the totals.
func (t *transaction) saveDeviceTotals(c *store.Change) error {
	if err := t.addDeviceTotals(c, "total_device", c.ByDevice); err != nil {
		return err
	}
	return t.addDeviceTotals(c, "total_device_month", store.ByMonth(c.ByDevice))
}

func (t *transaction) addDeviceTotals(c *store.Change, table string, sums map[store.DeviceTotalKey]int64) error {
	type total struct {
		start, kind        int64
		device, code, item store.ID
		units              int64
	}
	totals := make([]total, 0, len(sums))
	for key, units := range sums {
		device, err := deviceKey(c, key.Device)
		if err != nil {
			return err
		}
		totals = append(totals, total{key.Day, t.s.known.types[key.Type], device, key.Code, key.Item, units})
	}
	slices.SortFunc(totals, func(a, b total) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.device, b.device), cmp.Compare(a.code, b.code),
			cmp.Compare(a.item, b.item), cmp.Compare(a.kind, b.kind))
	})
	rows := make([]any, 0, 6*len(totals))
	for _, n := range totals {
		rows = append(rows, n.start, n.device, n.code, n.item, n.kind, n.units)
	}
	return t.insertRows(`INSERT INTO `+table+` (slot, device, handshake_code, item, type, count) VALUES`, 6,
		` ON CONFLICT DO UPDATE SET `+addCount, rows)
}

// denialSeconds is the time that a total of denials sums up: all time zones begin
// their days at a quarter of an hour.
const denialSeconds = 15 * 60

// saveDenialTotals counts denials by time. Codes that don't exist are one: whoever
// makes them up must not make the table grow.
func (t *transaction) saveDenialTotals(c *store.Change) error {
	for _, d := range c.Denials {
		err := t.exec(`INSERT INTO total_denial (start, handshake_code, status, count)
			VALUES (?, coalesce((SELECT id FROM handshake_code WHERE code = ?), 0), ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count`,
			d.At-d.At%denialSeconds, d.HandshakeCode, d.Status, d.Count)
		if err != nil {
			return err
		}
	}
	return nil
}
