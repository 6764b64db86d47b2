package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/openlts/openlts/server/store"
)

// columnSQL says where each column of statistics comes from. The tables are
// named alike in both sources.
var columnSQL = map[store.Column]string{
	store.ByHandshake: `c.code`,
	store.ByItem:      `i.public_id`,
	store.ByType:      `t.type`,
	store.BySlot:      `t.slot`,
	store.ByHour:      `t.slot - t.slot % 3600`,
	store.ByDay:       `t.slot - t.slot % 86400`,
	store.ByDevice:    `d.uuid`,
}

// Totals hold no devices; with devices the accepted reports are summed up.
const (
	fromTotals = ` FROM (SELECT handshake_code, item, slot, name AS type, count FROM total JOIN operation_type ON operation_type.id = total.type) t
		JOIN handshake_code c ON c.id = t.handshake_code JOIN item i ON i.id = t.item`
	fromReports = ` FROM (SELECT run.handshake_code, run.item, run.device, report.slot, j.key AS type, j.value AS count
			FROM report JOIN run ON run.id = report.run, json_each(report.counts) j) t
		JOIN handshake_code c ON c.id = t.handshake_code JOIN item i ON i.id = t.item JOIN device d ON d.id = t.device`
	fromLosses = ` FROM report_loss t JOIN run r ON r.id = t.run JOIN handshake_code c ON c.id = r.handshake_code JOIN item i ON i.id = r.item`
)

// saturatingSumSQL is the sum of a column of numbers that are not negative; it
// stops at the largest number, where SQL's sum would fail the whole query
// because of one absurd report. It adds the halves of the numbers apart.
func saturatingSumSQL(column string) string {
	high, low := "sum("+column+" >> 32)", "sum("+column+" & 4294967295)"
	return "iif(" + high + " + (" + low + " >> 32) >= 2147483648, 9223372036854775807, (" + high + " << 32) + " + low + ")"
}

// Statistics sums up counted operations.
func (s *Store) Statistics(ctx context.Context, query store.StatisticsQuery) (store.Statistics, error) {
	result := store.Statistics{Lost: map[string]int64{}, Rows: []store.StatisticsRow{}}
	if len(query.By) == 0 {
		return result, errors.New("statistics need at least one column to be grouped by")
	}
	tx, err := s.read.BeginTx(ctx, nil) // rows and losses of one moment
	if err != nil {
		return result, err
	}
	defer func() { _ = tx.Rollback() }() // it only reads
	where, arguments := filter(query)

	from := fromTotals
	columns := make([]string, len(query.By))
	for i, by := range query.By {
		columns[i] = columnSQL[by]
		if by == store.ByDevice {
			from = fromReports
		}
	}
	list := strings.Join(columns, ", ")
	rows, err := tx.QueryContext(ctx, fmt.Sprintf(`SELECT %s, %s%s%s GROUP BY %s ORDER BY %s`, list, saturatingSumSQL("t.count"), from, where, list, list), arguments...)
	if err != nil {
		return result, err
	}
	err = eachRow(rows, func(rows *sql.Rows) error {
		row := store.StatisticsRow{Values: make([]any, len(query.By))}
		fields := make([]any, 0, len(query.By)+1)
		texts, numbers := make([]string, len(query.By)), make([]int64, len(query.By))
		for i, by := range query.By {
			if by.Number() {
				fields = append(fields, &numbers[i])
			} else {
				fields = append(fields, &texts[i])
			}
		}
		if err := rows.Scan(append(fields, &row.Count)...); err != nil {
			return err
		}
		for i, by := range query.By {
			if row.Values[i] = texts[i]; by.Number() {
				row.Values[i] = numbers[i]
			}
		}
		result.Total = saturatingSum(result.Total, row.Count)
		result.Rows = append(result.Rows, row)
		return nil
	})
	if err != nil {
		return result, err
	}

	losses := `SELECT t.cause, ` + saturatingSumSQL("t.units") + fromLosses + where + ` GROUP BY t.cause`
	if where == "" {
		// What was lost with a device's ledger has neither slot nor item.
		losses += ` UNION ALL SELECT 'storage', ` + saturatingSumSQL("storage") + ` FROM device_account`
	}
	rows, err = tx.QueryContext(ctx, losses, arguments...)
	if err != nil {
		return result, err
	}
	return result, eachRow(rows, func(rows *sql.Rows) error {
		var cause string
		var units sql.NullInt64 // none of no rows
		err := rows.Scan(&cause, &units)
		if units.Int64 > 0 {
			result.Lost[cause] = saturatingSum(result.Lost[cause], units.Int64)
		}
		return err
	})
}

func filter(query store.StatisticsQuery) (where string, arguments []any) {
	var conditions []string
	add := func(condition string, argument any) {
		conditions, arguments = append(conditions, condition), append(arguments, argument)
	}
	if query.HandshakeCode != "" {
		add(`c.code = ?`, query.HandshakeCode)
	}
	if query.Item != "" {
		add(`i.public_id = ?`, query.Item)
	}
	if query.Since != 0 {
		add(`t.slot >= ?`, query.Since)
	}
	if query.Until != 0 {
		add(`t.slot < ?`, query.Until)
	}
	if len(conditions) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(conditions, " AND "), arguments
}
