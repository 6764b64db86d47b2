// Package copying moves an installation from SQLite to PostgreSQL.
//
// Tables are copied one after the other, each in a transaction of its own. An interrupted copy
// continues with the next table if the source is still the same. Nobody can use the target until
// everything is copied and compared.
package copying

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"strings"

	"github.com/openlts/openlts/server/store/postgres"
	"github.com/openlts/openlts/server/store/sqlite"
	"github.com/openlts/openlts/server/store/view"
)

// Progress is called with the progress of a copy: the number of rows of a table that are copied, or
// compared.
type Progress func(what, table string, rows int64)

// progressRows is the number of rows after which Progress is called.
const progressRows = 100_000

// Copy copies everything. Servers can't change the source meanwhile. They must be stopped for good
// before, because what they count later is not in the copy.
func Copy(ctx context.Context, from *sqlite.Store, to string, progress Progress) error {
	target, err := postgres.OpenTarget(ctx, to)
	if err != nil {
		return err
	}
	err = from.Frozen(ctx, func(source view.Database) error {
		c := &copier{ctx: ctx, source: source, target: target, progress: progress, seed: maphash.MakeSeed()}
		return c.run()
	})
	return errors.Join(err, target.Close())
}

type copier struct {
	ctx      context.Context
	source   view.Database
	target   *postgres.Target
	progress Progress
	seed     maphash.Seed
}

func (c *copier) run() error {
	state, err := c.sourceState()
	if err != nil {
		return err
	}
	done, err := c.target.Begin(c.ctx, state)
	if err != nil {
		return err
	}
	for i := range tables {
		if t := &tables[i]; !done[t.name] {
			if err := c.copy(t); err != nil {
				return fmt.Errorf("copying the table %s: %w; run it again to go on", t.name, err)
			}
		}
	}
	if err := c.defaults(); err != nil {
		return err
	}
	for i := range tables {
		if err := c.compare(&tables[i]); err != nil {
			return err
		}
	}
	return c.target.Finish(c.ctx)
}

// sourceState returns a text that differs between states of the source: whatever a server or an
// administrator does changes one of these numbers.
func (c *copier) sourceState() (state string, err error) {
	for _, query := range []string{
		`SELECT coalesce(max(id), 0) FROM raw_report`, `SELECT coalesce(max(id), 0) FROM audit`,
		`SELECT coalesce(sum(count), 0) FROM denial`, `SELECT coalesce(sum(count), 0) FROM anomaly`,
		`SELECT count(*) FROM device`, `SELECT coalesce(max(last_seen_at), 0) FROM device`,
		`SELECT count(*) FROM device_key`, `SELECT count(*) FROM seat`,
		`SELECT coalesce(max(pruned), 0) FROM slot_closing`, `SELECT count(*) + coalesce(max(seen_at), 0) FROM session`,
		`SELECT count(*) FROM api_token`, `SELECT count(*) FROM idempotency`,
	} {
		var value int64
		if err := c.each(query, func(rows view.Rows) error { return rows.Scan(&value) }); err != nil {
			return "", err
		}
		state += fmt.Sprintf("%d ", value)
	}
	return state, nil
}

func (c *copier) each(query string, scan func(view.Rows) error) (err error) {
	rows, err := c.source.Query(query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// sourceSQL returns the query that reads the columns of a table from the source.
func (t *table) sourceSQL() string {
	columns := make([]string, len(t.columns))
	for i, column := range t.columns {
		if columns[i] = column.from; column.from == "" {
			columns[i] = column.name
		}
	}
	from := t.from
	if from == "" {
		from = t.name
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM " + from
}

func (t *table) columnNames() []string {
	names := make([]string, len(t.columns))
	for i, column := range t.columns {
		names[i] = column.name
	}
	return names
}

// row reads rows of a table.
type row struct {
	table   *table
	fields  []any
	numbers []sql.NullInt64
	texts   []sql.NullString
	bytes   [][]byte
	bools   []bool
}

func newRow(t *table) *row {
	n := len(t.columns)
	r := &row{table: t, fields: make([]any, n), numbers: make([]sql.NullInt64, n), texts: make([]sql.NullString, n),
		bytes: make([][]byte, n), bools: make([]bool, n)}
	for i, column := range t.columns {
		switch column.kind {
		case number:
			r.fields[i] = &r.numbers[i]
		case text:
			r.fields[i] = &r.texts[i]
		case bytes:
			r.fields[i] = &r.bytes[i]
		case boolean:
			r.fields[i] = &r.bools[i]
		}
	}
	return r
}

// values returns the row in the form that the target accepts.
func (r *row) values() []any {
	values := make([]any, len(r.fields))
	for i, column := range r.table.columns {
		switch column.kind {
		case number:
			values[i] = r.numbers[i]
		case text:
			values[i] = postgres.Clean(r.texts[i].String)
		case bytes:
			if values[i] = r.bytes[i]; r.bytes[i] == nil {
				values[i] = []byte{}
			}
		case boolean:
			values[i] = r.bools[i]
		}
	}
	return values
}

// digest returns a number that is equal for equal rows.
func (r *row) digest(seed maphash.Seed) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	var length [8]byte
	add := func(data string) {
		binary.LittleEndian.PutUint64(length[:], uint64(len(data)))
		_, _ = h.Write(length[:]) // never fails
		_, _ = h.WriteString(data)
	}
	for i, column := range r.table.columns {
		switch column.kind {
		case number:
			add(fmt.Sprint(r.numbers[i]))
		case text:
			add(postgres.Clean(r.texts[i].String))
		case bytes:
			add(string(r.bytes[i]))
		case boolean:
			add(fmt.Sprint(r.bools[i]))
		}
	}
	return h.Sum64()
}

// copy copies a table.
func (c *copier) copy(t *table) (err error) {
	rows, err := c.source.Query(t.sourceSQL())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	r, copied := newRow(t), int64(0)
	return c.target.CopyTable(c.ctx, t.name, t.columnNames(), func() ([]any, error) {
		if !rows.Next() {
			c.progress("copied", t.name, copied)
			return nil, rows.Err()
		}
		if copied++; copied%progressRows == 0 {
			c.progress("copied", t.name, copied)
		}
		if err := rows.Scan(r.fields...); err != nil {
			return nil, err
		}
		return r.values(), nil
	})
}

// defaults sets the default codes of organizations, which is a separate step because organizations
// and codes refer to each other.
func (c *copier) defaults() error {
	codes := map[int64]int64{}
	err := c.each(`SELECT id, default_code FROM organization WHERE default_code IS NOT NULL`,
		func(rows view.Rows) error {
			var organization, code int64
			err := rows.Scan(&organization, &code)
			codes[organization] = code
			return err
		})
	if err != nil {
		return err
	}
	return c.target.SetDefaultCodes(c.ctx, codes)
}

// sum is a checksum of a table that does not depend on the order of its rows.
type sum struct {
	rows   int64
	digest uint64
}

func (c *copier) sum(t *table, rows view.Rows, err error) (s sum, _ error) {
	if err != nil {
		return s, err
	}
	r := newRow(t)
	for rows.Next() && err == nil {
		err = rows.Scan(r.fields...)
		s.rows, s.digest = s.rows+1, s.digest+r.digest(c.seed)
	}
	return s, errors.Join(err, rows.Err(), rows.Close())
}

// compare compares a table of the target with the source's.
func (c *copier) compare(t *table) error {
	rows, err := c.source.Query(t.sourceSQL())
	want, err := c.sum(t, rows, err)
	if err != nil {
		return err
	}
	rows, err = c.target.Query(c.ctx, "SELECT "+strings.Join(t.columnNames(), ", ")+" FROM "+t.name)
	got, err := c.sum(t, rows, err)
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("the table %s differs: %d rows were copied and %d are there; empty the target (DROP "+
			"DATABASE, CREATE DATABASE) and copy again", t.name, want.rows, got.rows)
	}
	c.progress("compared", t.name, got.rows)
	return nil
}
