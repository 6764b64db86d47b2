package sqlite

import (
	"cmp"
	"maps"
	"slices"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/relational"
)

// addUnits adds to a row of totals. Totals stop at the largest number, because a device that
// reports absurd counts must not make the reports of others fail.
var addUnits = ` ON CONFLICT DO UPDATE SET ` + addCount + `, late = ` + addedSQL("late", "excluded.late")

var addCount = `count = ` + addedSQL("count", "excluded.count")

// saveTotals adds to the totals of slots, hours, days and months, and to those of organizations. To
// these, slots are added later, and some levels are made later, unless that was already done; see
// relational.FoldTotals.
func (t *transaction) saveTotals(c *store.Change) error {
	if len(c.Totals) == 0 {
		return nil
	}
	if err := t.learnTypes(c.Totals); err != nil {
		return err
	}
	var folded int64
	if err := t.get(relational.SelectFolded, nil, &folded); err != nil {
		return err
	}
	sums, ofAll := c.Totals, map[organizationTotal]store.Units{}
	for _, level := range store.TotalLevels {
		sums = store.RollUp(sums, level)
		if err := t.addTotals(relational.TotalTables[level], sums); err != nil {
			return err
		}
		if slices.Contains(store.OrganizationLevels, level) {
			if err := t.sumByOrganization(level, relational.Folded(level, sums, folded), ofAll); err != nil {
				return err
			}
		}
	}
	for _, level := range store.FoldedLevels {
		if err := t.addTotals(relational.TotalTables[level], store.Late(c.Totals, level, folded)); err != nil {
			return err
		}
	}
	return t.addOrganizationTotals(ofAll)
}

// organizationTotal names a total of an organization; 0: of all together.
type organizationTotal struct {
	organization store.ID
	level        store.Level
	slot, kind   int64
}

// sumByOrganization adds totals of a level to those of the organizations.
func (t *transaction) sumByOrganization(level store.Level, totals map[store.TotalKey]store.Units,
	sums map[organizationTotal]store.Units) error {
	for key, units := range totals {
		owner, known := t.s.known.owners[key.Item]
		if !known {
			if err := t.get(`SELECT organization FROM item WHERE id = ?`, []any{key.Item}, &owner); err != nil {
				return err
			}
			t.s.known.owners[key.Item] = owner
		}
		for _, organization := range []store.ID{0, owner} {
			of := organizationTotal{organization, level, key.Slot, t.s.known.types[key.Type]}
			sums[of] = sums[of].Plus(units)
		}
	}
	return nil
}

func (t *transaction) addOrganizationTotals(sums map[organizationTotal]store.Units) error {
	rows := make([]any, 0, 7*len(sums))
	for _, key := range slices.SortedFunc(maps.Keys(sums), func(a, b organizationTotal) int {
		return cmp.Or(cmp.Compare(a.organization, b.organization), cmp.Compare(a.level, b.level),
			cmp.Compare(a.slot, b.slot), cmp.Compare(a.kind, b.kind))
	}) {
		rows = append(rows, key.organization, int64(key.level), key.slot, key.kind, 0, sums[key].All,
			sums[key].Late)
	}
	return t.insertRows(`INSERT INTO total_organization (organization, level, slot, type, part, count, late) VALUES`, 7,
		addUnits, rows)
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

// saveDeviceTotals adds to the totals of devices. Their types are those of the totals.
func (t *transaction) saveDeviceTotals(c *store.Change) error {
	for _, level := range store.DeviceLevels {
		sums := store.DeviceTotals(c.ByDevice, level)
		if err := t.addDeviceTotals(c, relational.DeviceTables[level], sums); err != nil {
			return err
		}
	}
	return nil
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
		totals = append(totals, total{key.Start, t.s.known.types[key.Type], device, key.Code, key.Item, units})
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

// saveDenialTotals counts denials by time. Codes that don't exist count as one, because somebody
// who invents them must not make the table grow.
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
