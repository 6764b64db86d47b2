package postgres

import (
	"slices"

	"github.com/jackc/pgx/v5"
)

// addedSQL adds to a sum that stops at the largest number: a device that reports
// absurd counts must not make the reports of others fail. Both are not negative.
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

// queueTypes notes types that organizations did not use before. How many they may
// be was decided on by the catalog as it was read.
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
		JOIN organization o ON o.public_id = k.organization JOIN operation_type t ON t.name = k.type ON CONFLICT DO NOTHING`, organizations, names)
	return nil
}

// queueTotals adds to the totals.
func (s *saving) queueTotals(b *batch) error {
	if len(s.change.Totals) == 0 {
		return nil
	}
	rows := make([][]int64, 0, len(s.change.Totals))
	for key, units := range s.change.Totals {
		rows = append(rows, []int64{int64(key.Code), int64(key.Item), key.Slot, s.typeKey(key.Type), units})
	}
	b.exec(`INSERT INTO total AS t (handshake_code, item, slot, type, count)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
		ON CONFLICT (handshake_code, item, slot, type) DO UPDATE SET count = `+addedSQL("t.count", "excluded.count"), sortedColumns(rows, 5).arguments()...)
	return nil
}

// queueUsed adds to the use of items: last of all, because groups have it in common.
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
	b.exec(`INSERT INTO item_use AS u (item, used, requests) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])
		ON CONFLICT (item) DO UPDATE SET used = `+addedSQL("u.used", "excluded.used")+`, requests = u.requests + excluded.requests`,
		sortedColumns(rows, 3).arguments()...)
	return nil
}
