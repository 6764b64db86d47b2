package sqlite

import (
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"

	"github.com/openlts/openlts/server/password"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/storetest"
)

func open(t *testing.T) (s *Store, directory string) {
	t.Helper()
	directory = t.TempDir()
	s, err := Open(t.Context(), directory, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, directory
}

// The pragmas are what durability rests on, on each connection. The writer does not
// have SQLite wait for the disk (synchronous 1: NORMAL): see writeAheadLog.
func TestPragmas(t *testing.T) {
	s, _ := open(t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1",
		"busy_timeout": "15000"} {
		var writer, reader string
		err := errors.Join(
			s.writer.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&writer),
			s.read.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&reader),
		)
		wantOfWriter := want
		if pragma == "synchronous" {
			wantOfWriter = "1"
		}
		if err != nil || writer != wantOfWriter || reader != want {
			t.Errorf("%s is %s and %s, not %s and %s: %v", pragma, writer, reader, wantOfWriter, want, err)
		}
	}
	if _, err := s.read.ExecContext(t.Context(), "DELETE FROM item"); err == nil {
		t.Error("a reader can write")
	}
}

// A path with characters that mean something in a URI.
func TestStrangeDirectory(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "a b?c=d%20&#ü")
	s, err := Open(t.Context(), directory, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(directory, FileName)); err != nil {
		t.Error(err)
	}
}

// A database of a newer version is left alone.
func TestNewerDatabase(t *testing.T) {
	s, directory := open(t)
	if err := s.Update(t.Context(), func(tx store.Tx) error {
		return tx.(*transaction).exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`)
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), directory, true); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Errorf("%v", err)
	}
}

// downTo opens the database of a directory and takes its schema back to a version.
func downTo(t *testing.T, directory string, version int64) (*sql.DB, *goose.Provider) {
	t.Helper()
	db, err := sql.Open("sqlite3", dataSource(filepath.Join(directory, FileName), nil))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	provider, err := newProvider(db)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.DownTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	return db, provider
}

// Every migration can be undone and done again.
func TestMigrations(t *testing.T) {
	s, directory := open(t)
	if err := s.Update(t.Context(), func(tx store.Tx) error {
		return tx.AddOrganization(store.Organization{ID: "1", Name: "x"})
	}); err != nil {
		t.Fatal(err)
	}
	db, provider := downTo(t, directory, 0)
	var tables int
	if err := db.QueryRow(`SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%'`).Scan(&tables); err != nil || tables != 0 {
		t.Errorf("%d tables are left: %v", tables, err)
	}
	if _, err := provider.Up(t.Context()); err != nil {
		t.Error(err)
	}
}

// Places on the lists of an earlier version are seats.
func TestSeatsOfEarlierVersions(t *testing.T) {
	directory := t.TempDir()
	db, err := sql.Open("sqlite3", dataSource(filepath.Join(directory, FileName), url.Values{"mode": {"rwc"}}))
	if err != nil {
		t.Fatal(err)
	}
	provider, err := newProvider(db)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`INSERT INTO organization (id, public_id, name, created_at) VALUES (1, '100001', 'x', 1);
		INSERT INTO item (id, public_id, organization, name, products, version, edition, deployment_type, charge_way, modules, quota,
				starts_at, expires_at, max_buffer_days, validation_field, trial, revoked_at, created_at)
			SELECT value, 'item ' || value, 1, 'x', 1, '', '', 0, 1, '', 5, 1, 99999, 7, '', 0, 0, 1 FROM json_each('[1, 2]');
		INSERT INTO device (id, uuid, uuid_source, friendly_name, platform, library, first_seen_at, last_seen_at)
			SELECT value, 'device ' || value, '', '', '', '', 1, 1 FROM json_each('[1, 2, 3]');
		INSERT INTO seat (item, device, expires_at) VALUES (1, 1, 100), (1, 2, 200), (1, 3, 200)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), directory, true)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	items, err := s.Items(t.Context(), 150)
	if err != nil || len(items) != 2 || items[0].Live != 2 || items[0].Use.Active != 3 || items[1].Use.At != 0 ||
		!slices.Equal(items[0].Use.Steps, []store.Step{{At: 100, Change: -1}}) {
		t.Errorf("%+v, %v", items, err)
	}
	devices, err := s.Devices(t.Context())
	if err != nil || len(devices) != 3 ||
		!slices.Equal(devices[1].Seats, []store.DeviceSeat{{Item: "item 1", ExpiresAt: 200, Weight: 1}}) {
		t.Errorf("%+v, %v", devices, err)
	}
}

func TestForeignDatabase(t *testing.T) {
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(directory, FileName), []byte("not a database, but a text that is long enough"),
		0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), directory, true); err == nil {
		t.Error("a text was opened as a database")
	}
	if content, err := os.ReadFile(filepath.Join(directory, FileName)); err != nil ||
		!strings.HasPrefix(string(content), "not a database") {
		t.Errorf("it was changed: %v", err)
	}
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Open {
		directory := t.TempDir()
		return func(t *testing.T) store.Store {
			t.Helper()
			s, err := Open(t.Context(), directory, true)
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
	})
}

// Denials of ever new devices replace the oldest.
func TestDenialsAreBounded(t *testing.T) {
	s, _ := open(t)
	if err := s.transact(t.Context(), func(tx *transaction) error {
		return tx.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
			INSERT INTO denial (device, handshake_code, status, organization, reason, count, first_at, last_at) SELECT 'd' || i, '', 1, '', '', 1, i, i FROM n`,
			maxDenials)
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(t.Context(), &store.Keys{}, func(*store.State) *store.Change {
		return &store.Change{Denials: []store.Denial{{Device: "new", At: maxDenials + 1, Count: 1},
			{Device: "newer", At: maxDenials + 2, Count: 1}}}
	}); err != nil {
		t.Fatal(err)
	}
	denials, err := s.Denials(t.Context(), 2*maxDenials)
	if err != nil || len(denials) != maxDenials || denials[0].Device != "newer" ||
		denials[maxDenials-1].Device != "d3" {
		t.Errorf("%d denials, %v", len(denials), err)
	}
}

// Session passwords of an older database are hashed, and nothing of them stays in
// its files.
func TestPasswordsAreHashed(t *testing.T) {
	s, directory := open(t)
	const secret = "correct horse battery staple"
	if err := s.Update(t.Context(), func(tx store.Tx) error {
		return errors.Join(tx.AddOrganization(store.Organization{ID: "1", Name: "x"}),
			tx.AddHandshakeCode(store.HandshakeCode{Code: "1-a", Organization: "1", SessionPassword: secret}),
			tx.AddHandshakeCode(store.HandshakeCode{Code: "1-b", Organization: "1"}))
	}); err != nil {
		t.Fatal(err)
	}
	downTo(t, directory, hashPasswordsVersion-1)
	newer, err := Open(t.Context(), directory, false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = newer.Close() }()
	codes, err := newer.HandshakeCodes(t.Context())
	if err != nil || len(codes) != 2 || codes[1].SessionPassword != "" {
		t.Fatalf("%+v, %v", codes, err)
	}
	if fits, err := password.Verify(secret, codes[0].SessionPassword); err != nil || !fits {
		t.Errorf("%s: %t, %v", codes[0].SessionPassword, fits, err)
	}
	files, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(directory, file.Name()))
		if err != nil || strings.Contains(string(content), secret) {
			t.Errorf("%s holds the password: %v", file.Name(), err)
		}
	}
}
