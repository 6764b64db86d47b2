// Package relational is what a store does the same way whatever database it uses: each
// statement stands here once. A store embeds Store, its transactions embed Tx, and both
// tell it how to run a statement. What groups of requests go through is written for each
// database by itself (load, save): there, every statement counts.
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
	// Moment gives f the database as it is at one moment.
	Moment(ctx context.Context, f func(store.Reader) error) error
	// Transact runs f in one transaction; when it returns nil, what f did is durable.
	Transact(ctx context.Context, f func(Session) error) error
	// Administer is Transact for what changes that is remembered: codes, items, keys.
	Administer(ctx context.Context, f func(Session) error) error
}

// Session is an open transaction.
type Session interface {
	// Reader sees what the transaction changed.
	store.Reader
	// Exec changes what may be remembered, and gives how many rows it changed;
	// store.ErrExists, store.ErrInUse.
	Exec(ctx context.Context, statement string, arguments ...any) (int64, error)
	// Sweep changes what nobody remembers.
	Sweep(ctx context.Context, statement string, arguments ...any) (int64, error)
	// Alone waits until all groups of requests under way are saved, and has later ones
	// wait: they must not decide on what this transaction changes.
	Alone(ctx context.Context) error
	// ForgetKeys has every process forget the report keys it remembers.
	ForgetKeys(ctx context.Context) error
}

// Dialect is where databases differ.
type Dialect struct {
	// Added adds an expression to another one; both are not negative. The sum stops at
	// the largest number: one absurd report must not make statements fail.
	Added func(sum, more string) string
	// Sum is the sum of a column of numbers that are not negative. It stops at the
	// largest number as well. Of no rows it is 0 or NULL.
	Sum func(column string) string
	// Digits is the condition that a text has digits only.
	Digits func(text string) string
	// Uses is a table of what is used of each item: item, used, requests, and of its seats
	// at, active, exceptions.
	Uses string
	// UseTable holds what is used of items, in the column used; UseKey is its column of
	// the item.
	UseTable, UseKey string
}

// Store is what the stores share.
type Store struct {
	database Database
	dialect  *Dialect
}

// NewStore makes what a store shares with others.
func NewStore(database Database, dialect *Dialect) Store { return Store{database, dialect} }

// Tx is what their transactions share. Its statements run until they are done, as the
// transaction does.
type Tx struct {
	session Session
	dialect *Dialect
	ctx     context.Context //nolint:containedctx // a transaction lives no longer than the call it belongs to
}

// NewTx makes what a transaction shares with others.
func NewTx(ctx context.Context, session Session, dialect *Dialect) Tx {
	return Tx{session: session, dialect: dialect, ctx: ctx}
}

func (t *Tx) exec(statement string, arguments ...any) error {
	_, err := t.session.Exec(t.ctx, statement, arguments...)
	return err
}

// add runs an INSERT that leaves alone what is there; store.ErrExists if it was there.
// (In PostgreSQL, a constraint that is violated would end the transaction.)
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

// numbers are keys as a list of SQL's. There must be some.
func numbers(keys []store.ID) string {
	text := make([]string, len(keys))
	for i, key := range keys {
		text[i] = strconv.FormatInt(int64(key), 10)
	}
	return "(" + strings.Join(text, ", ") + ")"
}

// among is the condition that a column is one of the keys; true if none is named.
func among(column string, keys []store.ID) string {
	if len(keys) == 0 {
		return "1 = 1"
	}
	return column + " IN " + numbers(keys)
}
