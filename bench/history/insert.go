package history

import (
	"context"
	"database/sql"
	"strings"
)

// rowsAtOnce is how many rows one statement inserts: each call costs more than a row.
const rowsAtOnce = 100

// inserter inserts rows into a table, many at a time.
type inserter struct {
	tx      *sql.Tx
	into    string
	columns int
	whole   *sql.Stmt // of rowsAtOnce
	values  []any
}

func inserting(tx *sql.Tx, into string, columns int) *inserter {
	return &inserter{tx: tx, into: into, columns: columns, values: make([]any, 0, rowsAtOnce*columns)}
}

// statement inserts so many rows.
func (i *inserter) statement(rows int) string {
	row := "(" + strings.Repeat("?, ", i.columns-1) + "?)"
	return "INSERT INTO " + i.into + " VALUES " + strings.Repeat(row+", ", rows-1) + row
}

func (i *inserter) add(values ...any) (err error) {
	if i.values = append(i.values, values...); len(i.values) < rowsAtOnce*i.columns {
		return nil
	}
	if i.whole == nil {
		if i.whole, err = i.tx.PrepareContext(context.Background(), i.statement(rowsAtOnce)); err != nil {
			return err
		}
	}
	_, err = i.whole.ExecContext(context.Background(), i.values...)
	i.values = i.values[:0]
	return err
}

// end inserts what is left.
func (i *inserter) end() error {
	if len(i.values) == 0 {
		return nil
	}
	_, err := i.tx.ExecContext(context.Background(), i.statement(len(i.values)/i.columns), i.values...)
	i.values = i.values[:0]
	return err
}
