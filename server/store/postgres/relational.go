package postgres

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/relational"
)

// shared runs the statements that the stores share.
type shared struct{ *Store }

func (d shared) Moment(ctx context.Context, f func(store.Reader) error) error {
	return d.reading(ctx, func(tx pgx.Tx) error { return f(reader{tx}) })
}

// reader reads in a transaction.
type reader struct{ pgx.Tx }

func (r reader) Query(ctx context.Context, query string, arguments []any,
	row func(scan func(...any) error) error) error {
	rows, err := r.Tx.Query(ctx, withNumbers(query), cleaned(arguments)...)
	if err != nil {
		return err
	}
	return eachRow(rows, func(rows pgx.Rows) error { return row(rows.Scan) })
}

func (d shared) Transact(ctx context.Context, f func(relational.Session) error) error {
	return d.transact(ctx, func(t *transaction) error { return f(t) })
}

func (d shared) Administer(ctx context.Context, f func(relational.Session) error) error {
	return d.administer(ctx, func(t *transaction) error { return f(t) })
}

// withNumbers converts a statement that the stores share for PostgreSQL, with a number for each
// argument. These statements contain no other question marks.
func withNumbers(statement string) string {
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, found := strings.Cut(statement, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("$" + strconv.Itoa(n))
		statement = after
	}
}

// cleaned returns arguments in a form that PostgreSQL can store.
func cleaned(arguments []any) []any {
	all := make([]any, len(arguments))
	for i, argument := range arguments {
		if text, ok := argument.(string); ok {
			argument = clean(text)
		}
		all[i] = argument
	}
	return all
}

// Query reads what is committed; see store.Reader.
func (s *Store) Query(ctx context.Context, query string, arguments []any,
	row func(scan func(...any) error) error) error {
	return s.query(ctx, withNumbers(query), cleaned(arguments), func(rows pgx.Rows) error { return row(rows.Scan) })
}

// Query reads in the transaction; see store.Reader.
func (t *transaction) Query(ctx context.Context, query string, arguments []any,
	row func(scan func(...any) error) error) error {
	rows, err := t.conn.Query(ctx, withNumbers(query), cleaned(arguments)...)
	if err != nil {
		return err
	}
	return eachRow(rows, func(rows pgx.Rows) error { return row(rows.Scan) })
}

// Exec changes rows; see store.Tx.
func (t *transaction) Exec(ctx context.Context, statement string, arguments ...any) (int64, error) {
	tag, err := t.conn.Exec(ctx, withNumbers(statement), cleaned(arguments)...)
	switch codeOf(err) {
	case codeUniqueViolation:
		return 0, store.ErrExists
	case codeForeignKeyViolation:
		return 0, store.ErrInUse
	}
	return tag.RowsAffected(), err
}

// Sweep changes rows that nobody remembers. It does the same as Exec, because what is remembered
// depends on the version of the catalog.
func (t *transaction) Sweep(ctx context.Context, statement string, arguments ...any) (int64, error) {
	return t.Exec(ctx, statement, arguments...)
}

// ForgetKeys has nothing to do: report keys are forgotten with the catalog, whose version
// each administrative transaction changes.
func (t *transaction) ForgetKeys(context.Context) error { return nil }
