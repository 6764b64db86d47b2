package postgres_test

import (
	"os"
	"testing"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/postgres"
	"github.com/openlts/openlts/server/store/postgres/postgrestest"
	"github.com/openlts/openlts/server/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Run(m)) }

func open(t *testing.T, url string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), url, true)
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

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Open {
		url := postgrestest.Database(t)
		return func(t *testing.T) store.Store { return open(t, url) }
	})
}
