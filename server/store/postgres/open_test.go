package postgres_test

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/postgres"
	"github.com/openlts/openlts/server/store/postgres/postgrestest"
)

// refused opens a database that can't be opened, and gives the error.
func refused(t *testing.T, url string, create bool) error {
	t.Helper()
	s, err := postgres.Open(t.Context(), url, create)
	if err == nil {
		_ = s.Close()
		t.Fatal("it was opened")
	}
	return err
}

func says(t *testing.T, err error, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%q is not in %q", text, err)
		}
	}
}

// databaseOf is the name of the database in a URL.
func databaseOf(t *testing.T, text string) string {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

func TestNobodyThere(t *testing.T) {
	directory := t.TempDir()
	err := refused(t, "postgres:///lts?user=me&host="+directory, true)
	says(t, err, directory, `"lts"`, `"me"`, "running")
	if !errors.Is(err, store.ErrUnavailable) {
		t.Error(err)
	}
	err = refused(t, "postgres://me:s3cret@127.0.0.1:1/lts", true)
	says(t, err, "127.0.0.1:1", "running")
	if strings.Contains(err.Error(), "s3cret") {
		t.Error(err)
	}
}

func TestWrongPassword(t *testing.T) {
	cluster := postgrestest.Shared(t)
	database := databaseOf(t, postgrestest.Database(t))
	if err := cluster.AddUser(t.Context(), "guarded", "r1ght"); err != nil {
		t.Fatal(err)
	}
	if err := cluster.Exec(t.Context(), database, `GRANT CREATE ON SCHEMA public TO guarded`); err != nil {
		t.Fatal(err)
	}
	at := "@/" + database + "?host=" + url.QueryEscape(cluster.Directory)
	says(t, refused(t, "postgres://guarded:wr0ng"+at, true), "guarded", "password", "--database-file")
	if err := refused(t, "postgres://guarded:wr0ng"+at, true); strings.Contains(err.Error(), "wr0ng") {
		t.Error(err)
	}
	open(t, "postgres://guarded:r1ght"+at)

	// The same password from the file that libpq reads.
	file := filepath.Join(t.TempDir(), "passwords")
	if err := os.WriteFile(file, []byte("*:*:*:guarded:r1ght\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PGPASSFILE", file)
	open(t, "postgres://guarded"+at)
}

func TestNoSuchDatabase(t *testing.T) {
	cluster := postgrestest.Shared(t)
	says(t, refused(t, cluster.URL("nothing"), true), "nothing", "createdb")
}

func TestEmptyDatabase(t *testing.T) {
	says(t, refused(t, postgrestest.Database(t), false), "empty", "lts org add")
}

// The error says so if the account may not create tables.
func TestNoPrivilege(t *testing.T) {
	cluster := postgrestest.Shared(t)
	database := databaseOf(t, postgrestest.Database(t))
	if err := cluster.Exec(t.Context(), database, `CREATE ROLE reader LOGIN`,
		`REVOKE CREATE ON SCHEMA public FROM PUBLIC`); err != nil {
		t.Fatal(err)
	}
	says(t, refused(t, strings.Replace(cluster.URL(database), "user=postgres", "user=reader", 1), true), "reader",
		"GRANT CREATE")
}

// A database of another product is left alone.
func TestForeignDatabase(t *testing.T) {
	cluster := postgrestest.Shared(t)
	url := postgrestest.Database(t)
	if err := cluster.Exec(t.Context(), databaseOf(t, url), `CREATE TABLE customer (id int)`,
		`CREATE TABLE goose_db_version (id int)`); err != nil {
		t.Fatal(err)
	}
	says(t, refused(t, url, true), "something else", "customer")
	if got := tables(t, url); !slices.Equal(got, []string{"customer", "goose_db_version"}) {
		t.Errorf("%v", got)
	}
}

// A database of a newer version is left alone.
func TestNewerDatabase(t *testing.T) {
	cluster := postgrestest.Shared(t)
	url := postgrestest.Database(t)
	open(t, url)
	if err := cluster.Exec(t.Context(), databaseOf(t, url),
		`INSERT INTO lts_version (version_id, is_applied) VALUES (999, true)`); err != nil {
		t.Fatal(err)
	}
	says(t, refused(t, url, true), "999", "newer lts")
}

func tables(t *testing.T, url string) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	rows, err := conn.Query(t.Context(),
		`SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// The schema can be undone, has the version of SQLite's, and many may make it at once.
func TestMigrations(t *testing.T) {
	cluster := postgrestest.Shared(t)
	url := postgrestest.Database(t)
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			s, err := postgres.Open(t.Context(), url, true)
			if err != nil {
				t.Error(err)
				return
			}
			_ = s.Close()
		})
	}
	wg.Wait()
	newest := func(pattern string) string {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%v, %v", found, err)
		}
		number, _, _ := strings.Cut(filepath.Base(slices.Max(found)), "_")
		return number
	}
	if here, there := newest("migrations/*.sql"), newest("../sqlite/migrations/*.sql"); here != there {
		t.Errorf("the newest script is %s, SQLite's %s: name it alike, so that databases of a version hold the same",
			here, there)
	}
	scripts, err := filepath.Glob("migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(scripts)
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		_, down, found := strings.Cut(string(text), "-- +goose Down")
		if !found {
			t.Errorf("%s can't be undone", script)
		}
		if err := cluster.Exec(t.Context(), databaseOf(t, url), down); err != nil {
			t.Errorf("%s: %v", script, err)
		}
	}
	if got := tables(t, url); !slices.Equal(got, []string{"lts_version"}) {
		t.Errorf("left: %v", got)
	}
}

// Whatever the database's default is, an answer outlives a power cut.
func TestCommitsAreDurable(t *testing.T) {
	cluster := postgrestest.Shared(t)
	url := postgrestest.Database(t)
	if err := cluster.Exec(t.Context(), "postgres",
		`ALTER DATABASE `+databaseOf(t, url)+` SET synchronous_commit = off`); err != nil {
		t.Fatal(err)
	}
	s := open(t, url)
	for _, pool := range s.Pools() {
		var setting string
		if err := pool.QueryRow(t.Context(), `SHOW synchronous_commit`).Scan(&setting); err != nil || setting != "on" {
			t.Errorf("%s, %v", setting, err)
		}
	}
}

// Denials of ever new devices replace the oldest.
func TestDenialsAreBounded(t *testing.T) {
	cluster := postgrestest.Shared(t)
	url := postgrestest.Database(t)
	s := open(t, url)
	err := cluster.Exec(t.Context(), databaseOf(t, url),
		`INSERT INTO denial (device, device_name, handshake_code, status, organization, item, cause,
			quota, used, reason, count, first_at, last_at)
		SELECT 'd' || i, '', '', 1, '', '', '', 0, 0, '', 1, i, i FROM generate_series(1, 100000) i`)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(t.Context(), &store.Keys{}, func(*store.State) *store.Change {
		return &store.Change{
			Denials: []store.Denial{{Device: "new", At: 100_001, Count: 1}, {Device: "newer", At: 100_002, Count: 1}},
		}
	}); err != nil {
		t.Fatal(err)
	}
	denials, err := s.Denials(t.Context(), 200_000)
	if err != nil || len(denials) != 100_000 || denials[0].Device != "newer" || denials[99_999].Device != "d3" {
		t.Errorf("%d denials, %v", len(denials), err)
	}
}
