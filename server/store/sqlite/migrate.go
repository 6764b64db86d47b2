package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/pressly/goose/v3"

	"github.com/openlts/openlts/core/filelock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema up to date. A lock keeps processes which open a new
// directory at the same time from each making the tables.
func migrate(ctx context.Context, db *sql.DB, directory string) error {
	scripts, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	release, err := filelock.Acquire(ctx, filepath.Join(directory, "migrate.lock"))
	if err != nil {
		return fmt.Errorf("waiting for another process that updates the schema: %w", err)
	}
	defer release()
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, scripts, goose.WithGoMigrations(goMigrations()...))
	if err != nil {
		return err
	}
	current, newest, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("reading the schema's version: %w", err)
	}
	if current > newest {
		return fmt.Errorf("its schema has version %d, this program knows versions up to %d; use the newer lts that made it", current, newest)
	}
	if current == newest {
		return nil
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("updating the schema from version %d to %d: %w", current, newest, err)
	}
	return nil
}
