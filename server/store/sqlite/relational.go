package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/mattn/go-sqlite3"

	"github.com/openlts/openlts/server/recent"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/relational"
)

// shared runs the statements that the stores share.
type shared struct{ *Store }

func (d shared) Moment(ctx context.Context, f func(store.Reader) error) error {
	tx, err := d.read.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // it only reads
	return f(reader{tx})
}

// reader reads in a transaction that only reads.
type reader struct{ tx *sql.Tx }

func (r reader) Query(ctx context.Context, query string, arguments []any,
	row func(scan func(...any) error) error) error {
	rows, err := r.tx.QueryContext(ctx, query, arguments...)
	if err != nil {
		return err
	}
	return eachRow(rows, func(rows *sql.Rows) error { return row(rows.Scan) })
}

func (d shared) Transact(ctx context.Context, f func(relational.Session) error) error {
	return d.transact(ctx, func(t *transaction) error { return f(t) })
}

// Administer does the same, because whoever changes what is remembered also forgets it.
func (d shared) Administer(ctx context.Context, f func(relational.Session) error) error {
	return d.Transact(ctx, f)
}

// Query reads in the transaction. Its texts are made up at run time, so they are not
// kept as statements.
func (t *transaction) Query(ctx context.Context, query string, arguments []any,
	row func(scan func(...any) error) error) error {
	rows, err := t.s.writer.QueryContext(ctx, query, arguments...)
	if err != nil {
		return err
	}
	return eachRow(rows, func(rows *sql.Rows) error { return row(rows.Scan) })
}

// Exec changes rows. All of them may be remembered.
func (t *transaction) Exec(ctx context.Context, statement string, arguments ...any) (int64, error) {
	t.forget()
	return t.Sweep(ctx, statement, arguments...)
}

// Sweep changes rows that are not remembered.
func (t *transaction) Sweep(ctx context.Context, statement string, arguments ...any) (int64, error) {
	result, err := t.s.writer.ExecContext(ctx, statement, arguments...)
	if err != nil {
		return 0, constraint(err)
	}
	return result.RowsAffected()
}

// Alone has nothing to wait for: there is one transaction at a time.
func (t *transaction) Alone(context.Context) error { return nil }

// ForgetKeys makes every process forget its report keys; see checkForgotten.
func (t *transaction) ForgetKeys(context.Context) error {
	if err := t.exec(`UPDATE forgotten SET times = times + 1`); err != nil {
		return err
	}
	return t.checkForgotten()
}

// checkForgotten forgets all report keys if some of them were forgotten in the
// database, by this or another process.
func (t *transaction) checkForgotten() error {
	var times int64
	if err := t.get(`SELECT times FROM forgotten`, nil, &times); err != nil {
		return err
	}
	if times != t.s.forgotten {
		t.s.forgotten = times
		t.s.keys.Store(recent.New[store.ReportKey](maxReportKeys))
	}
	return nil
}

// constraint turns the error of a statement that violates a constraint into an error of the store.
func constraint(err error) error {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.ExtendedCode {
	case sqlite3.ErrConstraintUnique, sqlite3.ErrConstraintPrimaryKey:
		return store.ErrExists
	case sqlite3.ErrConstraintForeignKey:
		return store.ErrInUse
	}
	return err
}
