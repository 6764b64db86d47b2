// Package teststore gives tests of a server the store to run on: SQLite, or
// PostgreSQL where the environment asks for it by OPENLTS_TEST_DATABASE=postgres.
package teststore

import (
	"context"
	"os"
	"testing"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/database"
	"github.com/openlts/openlts/server/store/postgres/postgrestest"
)

// Run runs the tests of a package: for TestMain.
func Run(m *testing.M) int { return postgrestest.Run(m) }

// OnPostgreSQL tells whether tests run on PostgreSQL.
func OnPostgreSQL() bool { return os.Getenv("OPENLTS_TEST_DATABASE") == "postgres" }

// Name is the name of an empty database for a test.
func Name(t testing.TB) string {
	t.Helper()
	if OnPostgreSQL() {
		return postgrestest.Database(t)
	}
	return database.SQLite(t.TempDir())
}

// Open opens a database, also if it is open already, as another process would. It
// is closed at the end of the test, unless that did.
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
