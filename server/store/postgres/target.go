package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/openlts/openlts/server/store/view"
)

// copyTable exists while a copy into a database is not finished and nobody else may use the
// database.
const copyTable = "lts_copy"

// Target is a database into which another one is copied.
type Target struct {
	s    *Store
	conn *pgx.Conn
}

// OpenTarget opens the target of a copy: an empty database, or one with an interrupted copy.
func OpenTarget(ctx context.Context, url string) (*Target, error) {
	config, err := ParseURL(url)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, config.ConnConfig)
	if err != nil {
		return nil, explain(config, err)
	}
	t := &Target{conn: conn}
	unfinished, used := false, false
	err = t.each(ctx, `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`, func(rows pgx.Rows) error {
		var name string
		err := rows.Scan(&name)
		unfinished, used = unfinished || name == copyTable, true
		return err
	})
	switch {
	case err != nil:
	case used && !unfinished:
		err = errors.New("it is not empty; copy into a database that was just made")
	case !used:
		_, err = conn.Exec(ctx, `CREATE TABLE `+copyTable+` (name text PRIMARY KEY, state text NOT NULL)`)
	}
	if err == nil {
		t.s, err = openStore(ctx, config, true, true)
	}
	if err != nil {
		return nil, errors.Join(explain(config, err), t.Close())
	}
	return t, nil
}

// Close closes the connections.
func (t *Target) Close() error {
	var err error
	if t.s != nil {
		err = t.s.Close()
	}
	return errors.Join(err, t.conn.Close(context.Background()))
}

func (t *Target) each(ctx context.Context, query string, scan func(pgx.Rows) error) error {
	rows, err := t.conn.Query(ctx, query)
	if err != nil {
		return err
	}
	return eachRow(rows, scan)
}

// Begin begins or continues a copy of a source in a state, and returns the tables that are already
// copied.
func (t *Target) Begin(ctx context.Context, state string) (done map[string]bool, err error) {
	done = map[string]bool{}
	before := ""
	err = t.each(ctx, `SELECT name, state FROM `+copyTable, func(rows pgx.Rows) error {
		var name, of string
		err := rows.Scan(&name, &of)
		done[name], before = true, of
		return err
	})
	if err == nil && before != "" && before != state {
		err = errors.New("the source has changed since the copy was begun; make a new database, and copy into that")
	}
	if err == nil {
		_, err = t.conn.Exec(ctx, `INSERT INTO `+copyTable+` VALUES ('', $1) ON CONFLICT DO NOTHING`, state)
	}
	return done, err
}

// CopyTable copies a table and records that it is done. next returns its rows; nil ends them.
func (t *Target) CopyTable(ctx context.Context, name string, columns []string, next func() ([]any, error)) error {
	return pgx.BeginFunc(ctx, t.conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO `+copyTable+` SELECT $1, state FROM `+copyTable+` WHERE name = ''`,
			name); err != nil {
			return err
		}
		_, err := tx.CopyFrom(ctx, pgx.Identifier{name}, columns, pgx.CopyFromFunc(next))
		return err
	})
}

// SetDefaultCodes sets the default codes of organizations, by their keys.
func (t *Target) SetDefaultCodes(ctx context.Context, codes map[int64]int64) error {
	for organization, code := range codes {
		if _, err := t.conn.Exec(ctx, `UPDATE organization SET default_code = $1 WHERE id = $2`, code,
			organization); err != nil {
			return err
		}
	}
	return nil
}

// Query reads what was copied.
func (t *Target) Query(ctx context.Context, query string) (view.Rows, error) {
	rows, err := t.conn.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	return &targetRows{rows}, nil
}

type targetRows struct{ pgx.Rows }

func (r *targetRows) Close() error {
	r.Rows.Close()
	return r.Err()
}

// Finish opens the database to everybody. It makes new keys continue after the copied ones, and
// lets PostgreSQL analyze how large the tables are.
func (t *Target) Finish(ctx context.Context) error {
	var keyed []string
	err := t.each(ctx, `SELECT table_name FROM information_schema.columns
		WHERE table_schema = current_schema() AND column_name = 'id' AND is_identity = 'YES'`,
		func(rows pgx.Rows) error {
			var name string
			err := rows.Scan(&name)
			keyed = append(keyed, name)
			return err
		})
	if err != nil {
		return err
	}
	for _, name := range keyed {
		quoted := pgx.Identifier{name}.Sanitize()
		_, err := t.conn.Exec(ctx, fmt.Sprintf(
			`SELECT setval(pg_get_serial_sequence('%s', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM %s), false)`,
			name, quoted))
		if err != nil {
			return err
		}
	}
	if _, err := t.conn.Exec(ctx, `ANALYZE`); err != nil {
		return err
	}
	_, err = t.conn.Exec(ctx, `DROP TABLE `+copyTable)
	return err
}
