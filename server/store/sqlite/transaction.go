package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/mattn/go-sqlite3"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/relational"
)

// transaction is an open transaction on the writer connection. Statements are prepared once and
// kept as long as the connection.
type transaction struct {
	relational.Tx

	s *Store
}

// begin begins a transaction that may write.
func begin(s *Store) (*transaction, error) {
	t := &transaction{s: s}
	t.Tx = relational.NewTx(background, t, &dialect.Dialect)
	if err := t.exec("BEGIN IMMEDIATE"); err != nil {
		return nil, err
	}
	if err := t.checkKnown(); err != nil {
		t.rollback()
		return nil, err
	}
	return t, nil
}

// rollback undoes everything. SQLite may have done so already. Then there is nothing to undo, and
// the original error is the one to report.
func (t *transaction) rollback() {
	t.s.known = newKnown(0)
	_ = t.exec("ROLLBACK")
}

// background is the context of statements: a context that can end would cost a goroutine for each
// statement, and a transaction that has begun is finished anyway.
var background = context.Background()

func (t *transaction) statement(query string) (*sql.Stmt, error) {
	if statement, ok := t.s.statements[query]; ok {
		return statement, nil
	}
	// Few texts are made up at run time; see insertRows.
	statement, err := t.s.writer.PrepareContext(background, query)
	if err == nil {
		t.s.statements[query] = statement
	}
	return statement, err
}

func (t *transaction) exec(query string, arguments ...any) error {
	_, err := t.execResult(query, arguments...)
	return err
}

func (t *transaction) execResult(query string, arguments ...any) (sql.Result, error) {
	statement, err := t.statement(query)
	if err != nil {
		return nil, err
	}
	return statement.ExecContext(background, arguments...)
}

// insert runs an INSERT and returns the new row's id; ErrExists if the row exists.
func (t *transaction) insert(query string, arguments ...any) (store.ID, error) {
	result, err := t.execResult(query, arguments...)
	if err != nil {
		var e sqlite3.Error
		if errors.As(err, &e) &&
			(e.ExtendedCode == sqlite3.ErrConstraintUnique || e.ExtendedCode == sqlite3.ErrConstraintPrimaryKey) {
			return 0, store.ErrExists
		}
		return 0, err
	}
	id, err := result.LastInsertId()
	return store.ID(id), err
}

// get reads the one row of a query; ErrNotFound if there is none.
func (t *transaction) get(query string, arguments []any, destinations ...any) error {
	statement, err := t.statement(query)
	if err != nil {
		return err
	}
	err = statement.QueryRowContext(background, arguments...).Scan(destinations...)
	if errors.Is(err, sql.ErrNoRows) {
		return store.ErrNotFound
	}
	return err
}

// each calls scan for each row of a query.
func (t *transaction) each(query string, arguments []any, scan func(*sql.Rows) error) error {
	statement, err := t.statement(query)
	if err != nil {
		return err
	}
	rows, err := statement.QueryContext(background, arguments...)
	if err != nil {
		return err
	}
	return eachRow(rows, scan)
}

func eachRow(rows *sql.Rows, scan func(*sql.Rows) error) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// diskError tells whether an error is an error of the disk.
func diskError(err error) error {
	var e sqlite3.Error
	if errors.As(err, &e) &&
		(e.Code == sqlite3.ErrFull || e.Code == sqlite3.ErrIoErr || e.Code == sqlite3.ErrReadonly) {
		return fmt.Errorf("%w: %w", store.ErrDisk, err)
	}
	return err
}
