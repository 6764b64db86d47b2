package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/relational"
	"github.com/openlts/openlts/server/store/view"
)

var dialect = view.Dialect{
	Spans: `(SELECT value ->> 0 AS since, value ->> 1 AS until FROM json_each(?))`,
	Keys:  `(SELECT value AS id FROM json_each(?))`,
	Reported: `(WITH part AS MATERIALIZED (SELECT value ->> 0 AS place, value ->> 1 AS since, value ->> 2 AS until, value -> 3 AS runs FROM json_each(?))
		SELECT part.place, k.value AS run, part.since, part.until FROM part CROSS JOIN json_each(part.runs) k)`,
	Join:     `CROSS JOIN`, // SQLite keeps to the order
	Together: func(condition string) string { return `CROSS JOIN total_organization t ON ` + condition },
	Summed: func(columns, from, totals, condition string) string {
		return `SELECT ` + columns + `, CAST((SELECT sum(t.count) || ' ' || sum(t.late) FROM ` + totals + ` t WHERE ` +
			condition + `) AS BLOB) FROM ` + from
	},
	// To put bytes together, SQLite makes texts of them.
	Joined: func(columns, from, condition string) string {
		return `SELECT ` + columns + `, unhex((SELECT group_concat(hex(t.counts), '') FROM report t WHERE ` +
			condition + `)) FROM ` + from
	},
	In: ` IN (SELECT value FROM json_each(?))`,
	Dialect: relational.Dialect{
		Added:    addedSQL,
		Sum:      saturatingSumSQL,
		Digits:   func(text string) string { return text + ` NOT GLOB '*[^0-9]*'` },
		Uses:     `(SELECT id AS item, used, requests, seats_at AS at, seats AS active, exceptions FROM item)`,
		UseTable: "item", UseKey: "id",
		Among: func(column string) string { return column + ` IN (SELECT value FROM json_each(?))` },
		// By the first column of a comparison of rows alone it would look: through all of a code.
		NextPair: `coalesce((SELECT t.handshake_code FROM total_month t WHERE t.handshake_code = pair.code AND t.item > pair.item LIMIT 1),
			(SELECT t.handshake_code FROM total_month t WHERE t.handshake_code > pair.code ORDER BY t.handshake_code LIMIT 1)),
		coalesce((SELECT t.item FROM total_month t WHERE t.handshake_code = pair.code AND t.item > pair.item ORDER BY t.item LIMIT 1),
			(SELECT t.item FROM total_month t WHERE t.handshake_code > pair.code ORDER BY t.handshake_code, t.item LIMIT 1))`,
		Lookup: func(table, condition string) string { return `CROSS JOIN ` + table + ` t ON ` + condition },
	},
}

// addedSQL returns the SQL for the sum of two numbers, neither of which is negative. The sum stops
// at the largest number, because a device that reports absurd counts must not make the reports of
// others fail.
func addedSQL(sum, more string) string {
	return "iif(" + sum + " > 9223372036854775807 - " + more + ", 9223372036854775807, " + sum + " + " + more + ")"
}

// saturatingSumSQL is the sum of a column of numbers that are not negative; it
// stops at the largest number, where SQL's sum would fail the whole query
// because of one absurd report. It adds the halves of the numbers apart.
func saturatingSumSQL(column string) string {
	high, low := "sum("+column+" >> 32)", "sum("+column+" & 4294967295)"
	return "iif(" + high + " + (" + low + " >> 32) >= 2147483648, 9223372036854775807, (" + high +
		" << 32) + " + low + ")"
}

// moment is the database within a read transaction.
type moment struct {
	ctx context.Context
	tx  *sql.Tx
}

func (m *moment) Query(query string, arguments ...any) (view.Rows, error) {
	rows, err := m.tx.QueryContext(m.ctx, query, arguments...) //nolint:rowserrcheck // who reads them does
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// Numbers is fast; see view.Database.
func (m *moment) Numbers(query string, arguments []any, row func([]int64) error) error {
	return m.values(query, arguments, 0, func(numbers []int64, _ []byte) error { return row(numbers) })
}

// Blobs is likewise.
func (m *moment) Blobs(query string, arguments []any, row func([]int64, []byte) error) error {
	return m.values(query, arguments, 1, row)
}

// values takes numbers as the driver gives them: what database/sql does to turn each into
// another type takes longer than to read it. In the last columns, so many, are bytes.
func (m *moment) values(query string, arguments []any, blobs int, row func([]int64, []byte) error) (err error) {
	rows, err := m.tx.QueryContext(m.ctx, query, arguments...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }() // unless eachRow did
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	numbers, values, fields := make([]int64, len(columns)-blobs), make([]any, len(columns)), make([]any, len(columns))
	for i := range fields {
		fields[i] = &values[i]
	}
	var data sql.RawBytes
	if blobs > 0 {
		fields[len(numbers)] = &data
	}
	return eachRow(rows, func(rows *sql.Rows) error {
		if err := rows.Scan(fields...); err != nil {
			return err
		}
		for i := range numbers {
			var isNumber bool
			if numbers[i], isNumber = values[i].(int64); !isNumber {
				return fmt.Errorf("column %s holds %T, not a number", columns[i], values[i])
			}
		}
		return row(numbers, data)
	})
}

func (m *moment) Dialect() *view.Dialect { return &dialect }

// Frozen calls f with the database. Nobody can change it until f is done.
func (s *Store) Frozen(ctx context.Context, f func(view.Database) error) error {
	return s.transact(ctx, func(*transaction) error {
		return s.reading(ctx, func(tx *sql.Tx) error { return f(&moment{ctx, tx}) })
	})
}

// Statistics counts what a query asks for, in one moment.
func (s *Store) Statistics(ctx context.Context, query store.StatisticsQuery) (result store.Statistics, err error) {
	err = s.reading(ctx, func(tx *sql.Tx) (err error) {
		result, err = view.Statistics(&moment{ctx, tx}, query)
		return err
	})
	return result, err
}

// Examine calls f with one view of everything, in one read transaction. Meanwhile, the log grows
// when others write; it is cut back afterwards.
func (s *Store) Examine(ctx context.Context, f func(store.Examination) error) error {
	return s.reading(ctx, func(tx *sql.Tx) error {
		examination, err := view.Examine(&moment{ctx, tx})
		if err != nil {
			return err
		}
		return f(examination)
	})
}
