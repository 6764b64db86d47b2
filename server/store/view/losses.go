package view

import (
	"database/sql"

	"github.com/openlts/openlts/server/store"
)

// losses sums up what was declared lost in all windows.
func (q *statistics) losses() error {
	where, arguments := q.filter()
	if len(q.query.Devices) > 0 {
		if where += " AND "; where == " AND " {
			where = " WHERE "
		}
		where += "d.uuid" + q.db.Dialect().In
		arguments = append(arguments, texts(q.query.Devices))
	}
	unbounded := len(q.windows) == 1 && q.windows[0].Start == 0 && q.windows[0].End == store.EndOfTime
	filtered := where != "" || len(q.query.Types) > 0
	losses := `SELECT t.cause, ` + q.db.Dialect().Sum("t.units") + ` FROM ` + q.db.Dialect().Spans + ` p ` +
		q.db.Dialect().Lookup("report_loss", `t.slot >= p.since AND t.slot < p.until`) + ` JOIN run r ON r.id = t.run JOIN handshake_code c ON c.id = r.handshake_code JOIN item i ON i.id = r.item
		JOIN organization o ON o.id = i.organization JOIN device d ON d.id = r.device` + where + ` GROUP BY t.cause`
	if unbounded && !filtered {
		// Losses of a device's whole ledger have neither slot nor item.
		losses += ` UNION ALL SELECT 'storage', ` + q.db.Dialect().Sum("storage") + ` FROM device_account`
	}
	arguments = append([]any{spansJSON(joined(spansOfWindows(q.windows)))}, arguments...)
	return each(q.db, losses, arguments, func(rows Rows) error {
		var cause string
		var units sql.NullInt64 // none of no rows
		err := rows.Scan(&cause, &units)
		if units.Int64 > 0 {
			q.result.Lost[cause] = store.SaturatingSum(q.result.Lost[cause], units.Int64)
		}
		return err
	})
}
