package sqlite

import (
	"context"
	"database/sql"
)

// query reads rows outside of a transaction.
func (s *Store) query(ctx context.Context, query string, arguments []any, scan func(*sql.Rows) error) error {
	rows, err := s.read.QueryContext(ctx, query, arguments...)
	if err != nil {
		return err
	}
	return eachRow(rows, scan)
}

// Query reads what is committed; see store.Reader.
func (s *Store) Query(ctx context.Context, query string, arguments []any,
	row func(scan func(...any) error) error) error {
	return s.query(ctx, query, arguments, func(rows *sql.Rows) error { return row(rows.Scan) })
}
