package view

import (
	"errors"

	"github.com/openlts/openlts/server/store"
)

// denialColumns are the columns by which refused authorizations can be grouped.
var denialColumns = []store.Column{
	store.ByHandshake, store.ByOrganization, store.ByStatus, store.ByHour, store.ByDay,
}

// denials counts refused authorizations.
func (q *statistics) denials() error {
	if err := q.groupsBy(denialColumns); err != nil {
		return err
	}
	if len(q.query.Items)+len(q.query.Types)+len(q.query.Devices) > 0 {
		return errors.New("denials are counted by handshake code, not by item, type or device")
	}
	dialect := q.db.Dialect()
	where, filters := "", []any(nil)
	if len(q.query.Organizations) > 0 {
		where +=
			` AND t.handshake_code IN (SELECT c.id FROM handshake_code c JOIN organization o ON o.id = c.organization
			WHERE o.public_id` + dialect.In + `)`
		filters = append(filters, texts(q.query.Organizations))
	}
	if len(q.query.HandshakeCodes) > 0 {
		where += ` AND t.handshake_code IN (SELECT id FROM handshake_code WHERE code` + dialect.In + `)`
		filters = append(filters, texts(q.query.HandshakeCodes))
	}
	spans := spansOfWindows(q.windows)
	places := placing{spans: spans}
	query := `SELECT t.start, t.handshake_code, t.status, t.count FROM ` + dialect.Spans + ` p ` +
		dialect.Lookup("total_denial", `t.start >= p.since AND t.start < p.until`+where)
	return q.db.Numbers(query, append([]any{spansJSON(joined(spans))}, filters...), func(n []int64) error {
		of := counted{slot: n[0], code: store.ID(n[1]), status: n[2]}
		of.organization = q.catalog.owners[of.code]
		q.use(places.of(of.slot), &of, store.Units{All: n[3]})
		return nil
	})
}
