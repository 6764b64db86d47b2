package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

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
	fromReports = ` FROM (SELECT run.handshake_code, run.item, run.device, report.slot, j.key COLLATE "C" AS type, j.value::bigint AS count
			FROM report JOIN run ON run.id = report.run, json_each_text(report.counts::json) j) t
		JOIN handshake_code c ON c.id = t.handshake_code JOIN item i ON i.id = t.item JOIN device d ON d.id = t.device`
	fromLosses = ` FROM report_loss t JOIN run r ON r.id = t.run JOIN handshake_code c ON c.id = r.handshake_code JOIN item i ON i.id = r.item`
)

// saturatingSumSQL is the sum of a column of numbers that are not negative; it
// stops at the largest number.
func saturatingSumSQL(column string) string {
	return "least(coalesce(sum(" + column + "), 0), 9223372036854775807)::bigint"
}

// reading runs f in one read-only transaction: all it reads is of one moment.
func (s *Store) reading(ctx context.Context, f func(pgx.Tx) error) error {
	return unavailable(pgx.BeginTxFunc(ctx, s.read, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, f))
}

// Statistics sums up counted operations.
func (s *Store) Statistics(ctx context.Context, query store.StatisticsQuery) (store.Statistics, error) {
	result := store.Statistics{Lost: map[string]int64{}, Rows: []store.StatisticsRow{}}
	if len(query.By) == 0 {
		return result, errors.New("statistics need at least one column to be grouped by")
	}
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
	err := s.reading(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, fmt.Sprintf(`SELECT %s, %s%s%s GROUP BY %s ORDER BY %s`, list, saturatingSumSQL("t.count"), from, where, list, list), arguments...)
		if err != nil {
			return err
		}
		err = eachRow(rows, func(rows pgx.Rows) error {
			row, err := statisticsRow(rows, query.By)
			result.Total = saturatingSum(result.Total, row.Count)
			result.Rows = append(result.Rows, row)
			return err
		})
		if err != nil {
			return err
		}
		losses := `SELECT t.cause, ` + saturatingSumSQL("t.units") + fromLosses + where + ` GROUP BY t.cause`
		if where == "" {
			// What was lost with a device's ledger has neither slot nor item.
			losses += ` UNION ALL SELECT 'storage', ` + saturatingSumSQL("storage") + ` FROM device_account`
		}
		if rows, err = tx.Query(ctx, losses, arguments...); err != nil {
			return err
		}
		return eachRow(rows, func(rows pgx.Rows) error {
			var cause string
			var units int64
			err := rows.Scan(&cause, &units)
			if units > 0 {
				result.Lost[cause] = saturatingSum(result.Lost[cause], units)
			}
			return err
		})
	})
	return result, err
}

// statisticsRow reads a row that is grouped by these columns.
func statisticsRow(rows pgx.Rows, columns []store.Column) (store.StatisticsRow, error) {
	row := store.StatisticsRow{Values: make([]any, len(columns))}
	fields := make([]any, 0, len(columns)+1)
	texts, numbers := make([]string, len(columns)), make([]int64, len(columns))
	for i, by := range columns {
		if by.Number() {
			fields = append(fields, &numbers[i])
		} else {
			fields = append(fields, &texts[i])
		}
	}
	err := rows.Scan(append(fields, &row.Count)...)
	for i, by := range columns {
		if row.Values[i] = texts[i]; by.Number() {
			row.Values[i] = numbers[i]
		}
	}
	return row, err
}

func filter(query store.StatisticsQuery) (where string, arguments []any) {
	var conditions []string
	add := func(condition string, argument any) {
		arguments = append(arguments, argument)
		conditions = append(conditions, fmt.Sprintf("%s $%d", condition, len(arguments)))
	}
	if query.HandshakeCode != "" {
		add(`c.code =`, clean(query.HandshakeCode))
	}
	if query.Item != "" {
		add(`i.public_id =`, clean(query.Item))
	}
	if query.Since != 0 {
		add(`t.slot >=`, query.Since)
	}
	if query.Until != 0 {
		add(`t.slot <`, query.Until)
	}
	if len(conditions) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(conditions, " AND "), arguments
}

// saturatingSum adds two numbers that are not negative and stops at the largest.
func saturatingSum(a, b int64) int64 {
	if a > 1<<63-1-b {
		return 1<<63 - 1
	}
	return a + b
}
