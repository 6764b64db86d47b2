package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"

	"github.com/openlts/openlts/server/store/relational"
)

//go:embed migrations/*.sql
var migrations embed.FS

// versionTable contains the version of the schema. Its name tells to which product it belongs.
const versionTable = "lts_version"

// migrate brings the schema up to date. A lock keeps servers that start at the
// same time from each making the tables.
func migrate(ctx context.Context, pool *pgxpool.Pool, create, target bool) (err error) {
	if err := checkOwner(ctx, pool, create, target); err != nil {
		return err
	}
	db := stdlib.OpenDBFromPool(pool)
	defer func() { err = errors.Join(err, db.Close()) }()
	scripts, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	table, err := database.NewStore(database.DialectPostgres, versionTable)
	if err != nil {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider("", db, scripts, goose.WithStore(table), goose.WithSessionLocker(locker))
	if err != nil {
		return err
	}
	_, err = relational.Migrate(ctx, provider)
	return err
}

// checkOwner refuses a database of another product, a database with an unfinished copy (except for
// the copy itself), and a database without tables unless they are to be created.
func checkOwner(ctx context.Context, pool *pgxpool.Pool, create, target bool) error {
	rows, err := pool.Query(ctx,
		`SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var others []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		switch {
		case name == copyTable && target:
			return nil
		case name == copyTable:
			return errors.New("a copy into it is not finished; run `lts copy` again")
		case name == versionTable:
			return nil
		}
		others = append(others, name)
	}
	switch {
	case rows.Err() != nil:
		return rows.Err()
	case len(others) > 3:
		return fmt.Errorf("it holds tables of something else (%s and %d more); name a database of its own",
			strings.Join(others[:3], ", "), len(others)-3)
	case len(others) > 0:
		return fmt.Errorf("it holds tables of something else (%s); name a database of its own",
			strings.Join(others, ", "))
	case !create:
		return errors.New("it is empty; name the right database, or begin with `lts org add`")
	}
	return nil
}
