package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"

	"github.com/openlts/openlts/server/store/relational"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema up to date. A lock keeps processes which open a new
// directory at the same time from each making the tables.
func migrate(ctx context.Context, db *sql.DB, directory string) error {
	lock := filepath.Join(directory, "migrate.lock")
	process := flock.New(lock, flock.SetPermissions(0o600))
	_, err := process.TryLockContext(ctx, 10*time.Millisecond)
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%s belongs to another user: give it to the user the server runs as, or remove it while "+
			"no lts runs: %w", lock, err)
	}
	if err != nil {
		return fmt.Errorf("waiting for another process that updates the schema: %w", err)
	}
	defer func() { _ = process.Close() }()
	if err := giveLike(lock, filepath.Join(directory, FileName)); err != nil {
		return fmt.Errorf("giving %s to the owner of the database: %w", lock, err)
	}
	provider, err := newProvider(db)
	if err != nil {
		return err
	}
	before, err := relational.Migrate(ctx, provider)
	if err != nil {
		return err
	}
	if before > 0 && before < hashPasswordsVersion {
		return forgetDeleted(ctx, db)
	}
	return nil
}

// hashPasswordsVersion is the version of the schema in which session passwords are
// hashed.
const hashPasswordsVersion = 21

// newProvider knows all migrations: scripts, and what SQL alone can't do.
func newProvider(db *sql.DB) (*goose.Provider, error) {
	scripts, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, db, scripts, goose.WithGoMigrations(
		goose.NewGoMigration(hashPasswordsVersion, &goose.GoFunc{RunTx: hashPasswords}, &goose.GoFunc{
			RunTx: keepHashes,
		}),
		goose.NewGoMigration(compactVersion, &goose.GoFunc{RunTx: compact}, &goose.GoFunc{RunTx: expand}),
	))
}
