// Package teststore gives tests of a server the store to run on: SQLite, or
// PostgreSQL where the environment asks for it by OPENLTS_TEST_DATABASE=postgres.
package teststore

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // to tamper with a database
	_ "github.com/mattn/go-sqlite3"    // likewise

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/database"
	"github.com/openlts/openlts/server/store/postgres/postgrestest"
	"github.com/openlts/openlts/server/store/sqlite"
)

// Run runs the tests of a package: for TestMain.
func Run(m *testing.M) int { return postgrestest.Run(m) }

// OnPostgreSQL tells whether tests run on PostgreSQL.
func OnPostgreSQL() bool { return os.Getenv("OPENLTS_TEST_DATABASE") == "postgres" }

// template is the PostgreSQL database that those of tests are copies of: making the
// tables takes several times as long as copying them. SQLite's are in the file tables.
const template = "tables"

// Name is the name of a new database for a test, with tables and no rows.
func Name(t testing.TB) string {
	t.Helper()
	if !OnPostgreSQL() {
		return database.SQLite(Directory(t))
	}
	url, err := fresh(t.Context(), postgrestest.Shared(t))
	if err != nil {
		t.Fatal(err)
	}
	return url
}

// Directory is a new data directory for a test that needs SQLite.
func Directory(t testing.TB) string {
	t.Helper()
	file, err := tables()
	directory := t.TempDir()
	if err := errors.Join(err, os.WriteFile(filepath.Join(directory, sqlite.FileName), file, 0o600)); err != nil {
		t.Fatal(err)
	}
	return directory
}

// tables is the file of a SQLite database with its tables, made once.
var tables = sync.OnceValues(func() (file []byte, err error) {
	directory, err := os.MkdirTemp("", "lts-tables")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	s, err := sqlite.Open(context.Background(), directory, true)
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil { // carries its log over into the file
		return nil, err
	}
	return os.ReadFile(filepath.Join(directory, sqlite.FileName))
})

// fresh copies the template, and makes it first if it does not exist.
func fresh(ctx context.Context, cluster *postgrestest.Cluster) (string, error) {
	err := cluster.Template(ctx, template, func(url string) error {
		s, err := database.Open(ctx, url, true)
		if err != nil {
			return err
		}
		return s.Close()
	})
	if err != nil {
		return "", err
	}
	name, err := cluster.Create(ctx, template)
	return cluster.URL(name), err
}

// Open opens a database as another process would, even if it is open already. It is closed at
// the end of the test, unless the test closed it.
func Open(t testing.TB, name string) store.Store {
	t.Helper()
	s, err := database.Open(context.Background(), name, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// New opens a new database.
func New(t testing.TB) store.Store {
	t.Helper()
	return Open(t, Name(t))
}

// Behind opens the database of a name beside the store, to read it or tamper with it. It is
// closed at the end of the test.
func Behind(t testing.TB, name string) *sql.DB {
	t.Helper()
	driver, source := "pgx", name
	if directory := database.Directory(name); directory != "" {
		driver, source = "sqlite3", filepath.Join(directory, sqlite.FileName)
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// Tamper changes something in a database behind the store's back.
func Tamper(t testing.TB, db *sql.DB, statement string, arguments ...any) {
	t.Helper()
	result, err := db.Exec(statement, arguments...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("%s: it changed %d rows, %v", statement, n, err)
	}
}

// Used is the name of the table with the used units of items.
func Used() string {
	if OnPostgreSQL() {
		return "item_use"
	}
	return "item"
}
