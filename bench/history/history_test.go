package history_test

import (
	"os"
	"testing"
	"time"

	"github.com/openlts/openlts/bench/history"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/copying"
	"github.com/openlts/openlts/server/store/database"
	"github.com/openlts/openlts/server/store/postgres/postgrestest"
	"github.com/openlts/openlts/server/store/sqlite"
	"github.com/openlts/openlts/server/verification"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Run(m)) }

// What a history holds is what a server would have kept, on both stores, and about as
// much as was asked for.
func TestHistoryIsVerified(t *testing.T) {
	directory := t.TempDir()
	made, err := history.Fill(t.Context(), directory, history.Options{
		Reports: 30_000, Devices: 60, Days: 40, Seed: 1, Until: until,
	})
	if err != nil {
		t.Fatal(err)
	}
	if made.Reports < 27_000 || made.Reports > 33_000 || made.Device == "" {
		t.Errorf("%+v", made)
	}
	verified(t, database.SQLite(directory), made) // nothing is folded
	if err := history.Fold(t.Context(), directory, func(int64) {}); err != nil {
		t.Fatal(err)
	}
	names := []string{database.SQLite(directory)}
	t.Run("on PostgreSQL", func(t *testing.T) {
		name := postgrestest.Database(t)
		s, err := sqlite.Open(t.Context(), directory, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := copying.Copy(t.Context(), s, name, func(string, string, int64) {}); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		verified(t, name, made)
	})
	for _, name := range names {
		verified(t, name, made)
	}
}

// until is some time after clocks were set back in Europe and in America.
var until = time.Date(2026, 11, 20, 5, 0, 0, 0, time.UTC)

func verified(t *testing.T, name string, made history.Result) {
	t.Helper()
	s, err := database.Open(t.Context(), name, false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	result, err := verification.Run(t.Context(), s, verification.Options{Directory: t.TempDir()})
	if err != nil || result.Different > 0 || result.Reports != made.Reports {
		t.Errorf("%+v of %+v, %v", result, made, err)
	}
	sumsAgree(t, s, until)
	questionsAreAnswered(t, s)
	counted, err := s.Statistics(t.Context(), store.StatisticsQuery{})
	if err != nil || counted.Total != made.Units || counted.Late == 0 {
		t.Errorf("%d of %d units, %d late, %v", counted.Total, made.Units, counted.Late, err)
	}
}
