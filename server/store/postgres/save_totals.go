package postgres

import (
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/relational"
)

// addedSQL returns the SQL for the sum of two numbers, neither of which is negative. The sum stops
// at the largest number, because a device that reports absurd counts must not make the reports of
// others fail.
func addedSQL(sum, more string) string {
	return "least(" + sum + ", 9223372036854775807 - " + more + ") + " + more
}

// queueNewTypes makes sure that all operation types of totals are known.
func (s *saving) queueNewTypes(b *batch) error {
	missing := s.s.types.missing(s.change.Totals)
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	b.exec(`INSERT INTO operation_type (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING`, missing)
	b.each(`SELECT name, id FROM operation_type WHERE name = ANY($1)`, []any{missing}, func(rows pgx.Rows) error {
		var name string
		var id int64
		err := rows.Scan(&name, &id)
		s.newTypes[name] = id
		return err
	})
	return nil
}

// queueTypes stores types that organizations did not use before. How many there may be was decided
// with the catalog as it was read.
func (s *saving) queueTypes(b *batch) error {
	if len(s.change.Types) == 0 {
		return nil
	}
	var organizations, names []string
	for name := range s.change.Types {
		organizations, names = append(organizations, name.Organization), append(names, name.Type)
	}
	b.all(1, `UPDATE catalog SET version = version + 1 WHERE version = $1`, s.version)
	b.exec(`INSERT INTO organization_type (organization, type) SELECT o.id, t.id FROM unnest($1::text[], $2::text[]) AS k(organization, type)
		JOIN organization o ON o.public_id = k.organization JOIN operation_type t ON t.name = k.type ON CONFLICT DO NOTHING`,
		organizations, names)
	return nil
}

// totalsOf are the totals of the change of a level, for all the tables that have them.
func (s *saving) totalsOf(level store.Level) map[store.TotalKey]store.Units {
	if s.totals == nil {
		s.totals = map[store.Level]map[store.TotalKey]store.Units{}
		sums := s.change.Totals
		for _, level := range store.TotalLevels {
			sums = store.RollUp(sums, level)
			s.totals[level] = sums
		}
	}
	return s.totals[level]
}

// queueSlotTotals adds to the totals of slots.
func (s *saving) queueSlotTotals(b *batch) error { return s.queueTotals(b, store.LevelSlot) }

// queueLongerTotals adds to those of hours, days and months, and to those of levels that are folded
// what came too late for that.
func (s *saving) queueLongerTotals(b *batch) error {
	if err := s.queueTotals(b, store.LevelHour, store.LevelDay, store.LevelMonth); err != nil {
		return err
	}
	for _, level := range store.FoldedLevels {
		s.queueTotalsOf(b, level, store.Late(s.change.Totals, level, s.folded))
	}
	return nil
}

func (s *saving) queueTotals(b *batch, levels ...store.Level) error {
	if len(s.change.Totals) == 0 {
		return nil
	}
	for _, level := range levels {
		s.queueTotalsOf(b, level, s.totalsOf(level))
	}
	return nil
}

func (s *saving) queueTotalsOf(b *batch, level store.Level, sums map[store.TotalKey]store.Units) {
	if len(sums) == 0 {
		return
	}
	rows := make([][]int64, 0, len(sums))
	for key, units := range sums {
		rows = append(rows, []int64{
			int64(key.Code), int64(key.Item), key.Slot, s.typeKey(key.Type), units.All, units.Late,
		})
	}
	b.exec(`INSERT INTO `+relational.TotalTables[level]+` AS t (handshake_code, item, slot, type, count, late)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
		ON CONFLICT (handshake_code, item, slot, type) DO UPDATE SET `+addUnits,
		sortedColumns(rows, 6).arguments()...)
}

// addUnits adds to a row of totals.
var addUnits = `count = ` + addedSQL("t.count", "excluded.count") + `, late = ` + addedSQL("t.late", "excluded.late")

// organizationParts is how many parts a total of an organization may have. All servers add to
// the total of all organizations: if it were one row, each would wait for the others' commits.
// Each server adds to a part of its own, with luck, so totals have no more parts than there
// were servers.
const organizationParts = 8

// queueOrganizationTotals adds to the totals of organizations, and of all together. The
// database knows whose an item is. Slots are added later, unless that was already done; see
// relational.FoldTotals.
func (s *saving) queueOrganizationTotals(b *batch) error {
	if len(s.change.Totals) == 0 {
		return nil
	}
	var rows [][]int64
	for _, level := range store.OrganizationLevels {
		for key, units := range relational.Folded(level, s.totalsOf(level), s.folded) {
			rows = append(rows, []int64{
				int64(key.Item), int64(level), key.Slot, s.typeKey(key.Type), units.All, units.Late,
			})
		}
	}
	const most = `, 9223372036854775807)::bigint`
	b.exec(`INSERT INTO total_organization AS t (organization, level, slot, type, part, count, late)
		SELECT o.id, k.level, k.slot, k.type, $7::bigint, least(sum(k.count)`+most+`, least(sum(k.late)`+most+`
		FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
			AS k (item, level, slot, type, count, late) JOIN item i ON i.id = k.item
		CROSS JOIN LATERAL (VALUES (0), (i.organization)) AS o (id) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
		ON CONFLICT (organization, level, slot, type, part) DO UPDATE SET `+addUnits,
		append(sortedColumns(rows, 6).arguments(), s.s.part)...)
	return nil
}

// queueDeviceTotals adds to the totals of devices. Their types are those of the totals.
func (s *saving) queueDeviceTotals(b *batch) error {
	for _, level := range store.DeviceLevels {
		sums := store.DeviceTotals(s.change.ByDevice, level)
		if err := s.addDeviceTotals(b, relational.DeviceTables[level], sums); err != nil {
			return err
		}
	}
	return nil
}

func (s *saving) addDeviceTotals(b *batch, table string, sums map[store.DeviceTotalKey]int64) error {
	if len(sums) == 0 {
		return nil
	}
	rows := make([][]int64, 0, len(sums))
	for key, units := range sums {
		device, err := s.deviceKey(key.Device)
		if err != nil {
			return err
		}
		rows = append(rows, []int64{key.Start, device, int64(key.Code), int64(key.Item), s.typeKey(key.Type), units})
	}
	b.exec(`INSERT INTO `+table+` AS t (slot, device, handshake_code, item, type, count)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
		ON CONFLICT (slot, device, handshake_code, item, type) DO UPDATE SET count = `+
		addedSQL("t.count", "excluded.count"), sortedColumns(rows, 6).arguments()...)
	return nil
}

// denialSeconds is the time that a total of denials sums up: all time zones begin
// their days at a quarter of an hour.
const denialSeconds = 15 * 60

// queueDenialTotals counts denials by time. Codes that don't exist count as one, because somebody
// who invents them must not make the table grow.
func (s *saving) queueDenialTotals(b *batch) error {
	n := len(s.change.Denials)
	if n == 0 {
		return nil
	}
	starts, statuses, counts, codes := make([]int64, n), make([]int64, n), make([]int64, n), make([]string, n)
	for i, d := range s.change.Denials {
		starts[i], statuses[i], counts[i], codes[i] = d.At-d.At%denialSeconds, int64(d.Status), d.Count,
			clean(d.HandshakeCode)
	}
	b.exec(`INSERT INTO total_denial AS t (start, handshake_code, status, count)
		SELECT k.start, coalesce(c.id, 0), k.status, sum(k.count) FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[]) AS k(start, code, status, count)
		LEFT JOIN handshake_code c USING (code) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
		ON CONFLICT (start, handshake_code, status) DO UPDATE SET count = t.count + excluded.count`, starts, codes,
		statuses, counts)
	return nil
}

// queueUsed adds to the use of items. It comes last, because many groups change the same items.
func (s *saving) queueUsed(b *batch) error {
	if len(s.change.Used)+len(s.change.Requests) == 0 {
		return nil
	}
	rows := make([][]int64, 0, len(s.change.Used))
	for item, added := range s.change.Used {
		rows = append(rows, []int64{int64(item), added, s.change.Requests[item]})
	}
	for item, added := range s.change.Requests {
		if _, done := s.change.Used[item]; !done {
			rows = append(rows, []int64{int64(item), 0, added})
		}
	}
	b.exec(
		`INSERT INTO item_use AS u (item, used, requests) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])
		ON CONFLICT (item) DO UPDATE SET used = `+addedSQL("u.used", "excluded.used")+
			`, requests = u.requests + excluded.requests`,
		sortedColumns(rows, 3).arguments()...)
	return nil
}
