// Package relational contains what is the same for all databases, so that each statement is written
// only once. A store embeds Store, its transactions embed Tx, and both define how to run a
// statement. Loading and saving for groups of requests is written separately for each database,
// because every statement matters there.
package relational

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/openlts/openlts/server/store"
)

// Database runs statements of this package, which have a question mark for each argument.
type Database interface {
	// Reader reads what is committed.
	store.Reader
	// Moment calls f with a view of the database at one moment.
	Moment(ctx context.Context, f func(store.Reader) error) error
	// Transact runs f in one transaction; when it returns nil, what f did is durable.
	Transact(ctx context.Context, f func(Session) error) error
	// Administer is like Transact, for changes of what processes remember: codes, items, keys.
	Administer(ctx context.Context, f func(Session) error) error
}

// Session is an open transaction.
type Session interface {
	// Reader sees what the transaction changed.
	store.Reader
	// Exec changes rows that may be remembered, and returns how many it changed; store.ErrExists,
	// store.ErrInUse.
	Exec(ctx context.Context, statement string, arguments ...any) (int64, error)
	// Sweep changes rows that nobody remembers.
	Sweep(ctx context.Context, statement string, arguments ...any) (int64, error)
	// Alone waits until all groups of requests that have begun are saved, and makes later groups
	// wait, because they must not decide on data that this transaction changes.
	Alone(ctx context.Context) error
	// ForgetKeys makes every process forget the report keys that it remembers.
	ForgetKeys(ctx context.Context) error
}

// Dialect contains what differs between databases.
type Dialect struct {
	// Added returns the SQL for the sum of two expressions, neither of which is negative. The sum
	// stops at the largest number, because one absurd report must not make statements fail.
	Added func(sum, more string) string
	// Sum returns the SQL for the sum of a column of numbers that are not negative. It also stops
	// at the largest number. Without rows, it is 0 or NULL.
	Sum func(column string) string
	// Digits returns the condition that a text consists of digits.
	Digits func(text string) string
	// Uses is a table of the use of each item: item, used, requests, and for its seats at, active,
	// exceptions.
	Uses string
	// UseTable is the table with the use of items, in the column used; UseKey is the column of the
	// item.
	UseTable, UseKey string
	// Among returns the condition that a column is one of a JSON array of numbers, which is one
	// parameter.
	Among func(column string) string
	// NextPair selects the code and the item of total_month that follow those of a row pair, by one
	// step through its key; NULL: there are none.
	NextPair string
	// Lookup joins the rows t of a table that meet a condition. It makes the database find them by
	// the key for each row of what precedes it.
	Lookup func(table, condition string) string
}

// Store is what the stores share.
type Store struct {
	database Database
	dialect  *Dialect
}

// NewStore returns the part of a store that all stores share.
func NewStore(database Database, dialect *Dialect) Store { return Store{database, dialect} }

// Tx is what their transactions share. Its statements can't be canceled, and neither can the
// transaction.
type Tx struct {
	session Session
	dialect *Dialect
	ctx     context.Context //nolint:containedctx // a transaction lives no longer than the call it belongs to
}

// NewTx returns the part of a transaction that all transactions share.
func NewTx(ctx context.Context, session Session, dialect *Dialect) Tx {
	return Tx{session: session, dialect: dialect, ctx: ctx}
}

func (t *Tx) exec(statement string, arguments ...any) error {
	_, err := t.session.Exec(t.ctx, statement, arguments...)
	return err
}

// add runs an INSERT that does not change an existing row; store.ErrExists if there was one. (In
// PostgreSQL, a violated constraint would end the transaction.)
func (t *Tx) add(insert string, arguments ...any) error {
	n, err := t.session.Exec(t.ctx, insert+" ON CONFLICT DO NOTHING", arguments...)
	if err == nil && n == 0 {
		err = store.ErrExists
	}
	return err
}

// get reads the one row of a query; store.ErrNotFound if there is none.
func get(ctx context.Context, r store.Reader, query string, arguments []any, destinations ...any) error {
	found := false
	err := r.Query(ctx, query, arguments, func(scan func(...any) error) error {
		if found {
			return errors.New("a query for one row found several")
		}
		found = true
		return scan(destinations...)
	})
	if err == nil && !found {
		err = store.ErrNotFound
	}
	return err
}

// list reads all rows of a query.
func list[R any](ctx context.Context, r store.Reader, query string, arguments []any,
	fields func(*R) []any) ([]R, error) {
	rows := []R{}
	err := r.Query(ctx, query, arguments, func(scan func(...any) error) error {
		var row R
		err := scan(fields(&row)...)
		rows = append(rows, row)
		return err
	})
	return rows, err
}

// numbers returns keys as a list in SQL. There must be at least one.
func numbers(keys []store.ID) string { return "(" + listed(keys) + ")" }

// listed returns keys with commas.
func listed(keys []store.ID) string {
	text := make([]string, len(keys))
	for i, key := range keys {
		text[i] = strconv.FormatInt(int64(key), 10)
	}
	return strings.Join(text, ", ")
}

// chosen are the keys of the rows that a statement reads; without any, all rows. They are one
// argument, so that the text of the statement, and its plan, are the same for all of them.
type chosen struct {
	dialect   *Dialect
	arguments []any // for each condition
}

func (d *Dialect) choose(keys []store.ID) chosen {
	if len(keys) == 0 {
		return chosen{dialect: d}
	}
	return chosen{d, []any{"[" + listed(keys) + "]"}}
}

// among returns the condition that a column is one of the keys; true if there are no keys.
func (c chosen) among(column string) string {
	if len(c.arguments) == 0 {
		return "1 = 1"
	}
	return c.dialect.Among(column)
}
