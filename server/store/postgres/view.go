package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/relational"
	"github.com/openlts/openlts/server/store/view"
)

var dialect = view.Dialect{
	Spans: `(SELECT (value ->> 0)::bigint AS since, (value ->> 1)::bigint AS until FROM json_array_elements(?::text::json))`,
	Keys:  `(SELECT value::bigint AS id FROM json_array_elements_text(?::text::json))`,
	Reported: `(SELECT (w.value ->> 0)::bigint AS place, k.value::bigint AS run, (w.value ->> 1)::bigint AS since, (w.value ->> 2)::bigint AS until
		FROM json_array_elements(?::text::json) w CROSS JOIN LATERAL json_array_elements_text(w.value -> 3) k)`,
	Join: `JOIN`,
	// In the order of the key, parts follow one another, so nothing is sorted.
	Together: func(condition string) string {
		return `CROSS JOIN LATERAL (SELECT t.slot, t.type, ` + saturatingSumSQL("t.count") + ` AS count, ` +
			saturatingSumSQL("t.late") + ` AS late FROM total_organization t WHERE ` + condition +
			` GROUP BY t.organization, t.level, t.slot, t.type OFFSET 0) t`
	},
	Summed: func(columns, from, totals, condition string) string {
		return `SELECT ` + columns + `, convert_to(t.sums, 'UTF8') FROM ` + from +
			` CROSS JOIN LATERAL (SELECT sum(t.count) || ' ' || sum(t.late) AS sums FROM ` + totals + ` t WHERE ` +
			condition + ` OFFSET 0) t`
	},
	Joined: func(columns, from, condition string) string {
		return `SELECT ` + columns + `, t.counts FROM ` + from +
			` CROSS JOIN LATERAL (SELECT string_agg(t.counts, ''::bytea) AS counts FROM report t WHERE ` +
			condition + ` OFFSET 0) t`
	},
	In: ` IN (SELECT json_array_elements_text(?::text::json))`,
	Dialect: relational.Dialect{
		Added: addedSQL,
		// PostgreSQL sums up without a bound.
		Sum:    saturatingSumSQL,
		Digits: func(text string) string { return text + ` ~ '^[0-9]+$'` },
		Uses: `(SELECT i.id AS item, coalesce(u.used, 0) AS used, coalesce(u.requests, 0) AS requests,
			coalesce(s.at, 0) AS at, coalesce(s.active, 0) AS active, coalesce(s.exceptions, 0) AS exceptions
			FROM item i LEFT JOIN item_use u ON u.item = i.id LEFT JOIN seat_sum s ON s.item = i.id)`,
		UseTable: "item_use", UseKey: "item",
		Among: func(column string) string {
			return column + ` = ANY (ARRAY(SELECT value::bigint FROM json_array_elements_text(?::text::json)))`
		},
		NextPair: `(SELECT t.handshake_code FROM total_month t WHERE (t.handshake_code, t.item) > (pair.code, pair.item) ORDER BY t.handshake_code, t.item LIMIT 1),
		(SELECT t.item FROM total_month t WHERE (t.handshake_code, t.item) > (pair.code, pair.item) ORDER BY t.handshake_code, t.item LIMIT 1)`,
		// What has an OFFSET is not made a part of the rest: for each row, its rows are looked up.
		Lookup: func(table, condition string) string {
			return `CROSS JOIN LATERAL (SELECT * FROM ` + table + ` t WHERE ` + condition + ` OFFSET 0) t`
		},
	},
}

// saturatingSumSQL is the sum of a column of numbers that are not negative; it
// stops at the largest number.
func saturatingSumSQL(column string) string {
	return "least(coalesce(sum(" + column + "), 0), 9223372036854775807)::bigint"
}

// moment is the database as it was when its first query began. A connection can do only one query
// at a time, so queries that are open at the same time have separate connections, which see the
// same data.
type moment struct {
	ctx      context.Context
	s        *Store
	snapshot string // its name
	idle     []*pgx.Conn
	further  []*pgx.Conn
}

// at runs f on one moment of the database.
func (s *Store) at(ctx context.Context, f func(*moment) error) error {
	return s.reading(ctx, func(tx pgx.Tx) error {
		m := &moment{ctx: ctx, s: s, idle: []*pgx.Conn{tx.Conn()}}
		// This must be done while the connection is idle: other connections can use only a snapshot
		// that has a name.
		if err := tx.QueryRow(ctx, `SELECT pg_export_snapshot()`).Scan(&m.snapshot); err != nil {
			return err
		}
		defer m.end()
		return f(m)
	})
}

func (m *moment) end() {
	for _, conn := range m.further {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(m.ctx), time.Second)
		_ = conn.Close(ctx) // it only read
		cancel()
	}
}

// Numbers is fast; see view.Database.
func (m *moment) Numbers(query string, arguments []any, row func([]int64) error) error {
	return m.values(query, arguments, 0, func(numbers []int64, _ []byte) error { return row(numbers) })
}

// Blobs is likewise.
func (m *moment) Blobs(query string, arguments []any, row func([]int64, []byte) error) error {
	return m.values(query, arguments, 1, row)
}

// values scans into the same numbers again and again, and does not copy bytes. These are in
// the last columns, so many.
func (m *moment) values(query string, arguments []any, blobs int, row func([]int64, []byte) error) error {
	rows, err := m.query(query, arguments...)
	if err != nil {
		return err
	}
	numbers := make([]int64, len(rows.FieldDescriptions())-blobs)
	fields := make([]any, len(numbers)+blobs)
	for i := range numbers {
		fields[i] = &numbers[i]
	}
	var data pgtype.DriverBytes
	if blobs > 0 {
		fields[len(numbers)] = &data
	}
	for err == nil && rows.Next() {
		if err = rows.Scan(fields...); err == nil {
			err = row(numbers, data)
		}
	}
	return errors.Join(err, rows.Close())
}

func (m *moment) Dialect() *view.Dialect { return &dialect }

func (m *moment) Query(query string, arguments ...any) (view.Rows, error) {
	rows, err := m.query(query, arguments...)
	if err != nil {
		return nil, err
	}
	return rows, nil
}

func (m *moment) query(query string, arguments ...any) (*momentRows, error) {
	conn, err := m.connection()
	if err != nil {
		return nil, err
	}
	rows, err := conn.Query(m.ctx, withNumbers(query), arguments...)
	if err != nil {
		m.idle = append(m.idle, conn)
		return nil, err
	}
	return &momentRows{rows, m, conn}, nil
}

// connection returns a connection on which no query is open.
func (m *moment) connection() (*pgx.Conn, error) {
	if n := len(m.idle); n > 0 {
		conn := m.idle[n-1]
		m.idle = m.idle[:n-1]
		return conn, nil
	}
	conn, err := pgx.ConnectConfig(m.ctx, m.s.read.Config().ConnConfig)
	if err != nil {
		return nil, err
	}
	m.further = append(m.further, conn)
	if _, err := conn.Exec(m.ctx, `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL jit = off`); err != nil {
		return nil, err
	}
	_, err = conn.Exec(m.ctx, `SET TRANSACTION SNAPSHOT '`+m.snapshot+`'`)
	return conn, err
}

// momentRows return their connection when they are closed.
type momentRows struct {
	pgx.Rows
	m    *moment
	conn *pgx.Conn
}

func (r *momentRows) Close() error {
	r.Rows.Close()
	if r.conn != nil {
		r.m.idle = append(r.m.idle, r.conn)
		r.conn = nil
	}
	return r.Err()
}

// Statistics counts what a query asks for, in one moment.
func (s *Store) Statistics(ctx context.Context, query store.StatisticsQuery) (result store.Statistics, err error) {
	err = s.at(ctx, func(m *moment) (err error) {
		result, err = view.Statistics(m, query)
		return err
	})
	return result, err
}

// Examine calls f with one view of everything. Until f is done, the database also keeps the old
// versions of what others change.
func (s *Store) Examine(ctx context.Context, f func(store.Examination) error) error {
	return s.at(ctx, func(m *moment) error {
		examination, err := view.Examine(m)
		if err != nil {
			return err
		}
		return f(examination)
	})
}
