package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"

	"github.com/openlts/openlts/server/store"
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

// The pragmas are what durability rests on, on each connection.
func TestPragmas(t *testing.T) {
	s, _ := open(t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "15000"} {
		var writer, reader string
		err := errors.Join(
			s.writer.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&writer),
			s.read.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&reader),
		)
		if err != nil || writer != want || reader != want {
			t.Errorf("%s is %s and %s, not %s: %v", pragma, writer, reader, want, err)
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

// Every migration can be undone and done again.
func TestMigrations(t *testing.T) {
	s, directory := open(t)
	if err := s.Update(t.Context(), func(tx store.Tx) error {
		return tx.AddOrganization(store.Organization{ID: "1", Name: "x"})
	}); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", dataSource(filepath.Join(directory, FileName), nil))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS("migrations"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.DownTo(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	var tables int
	if err := db.QueryRow(`SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%'`).Scan(&tables); err != nil || tables != 0 {
		t.Errorf("%d tables are left: %v", tables, err)
	}
	if _, err := provider.Up(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestForeignDatabase(t *testing.T) {
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(directory, FileName), []byte("not a database, but a text that is long enough"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), directory, true); err == nil {
		t.Error("a text was opened as a database")
	}
	if content, err := os.ReadFile(filepath.Join(directory, FileName)); err != nil || !strings.HasPrefix(string(content), "not a database") {
		t.Errorf("it was changed: %v", err)
	}
}

func TestUpdateIsAllOrNothing(t *testing.T) {
	s, _ := open(t)
	failure := errors.New("failure")
	add := func(tx store.Tx, id string) error { return tx.AddOrganization(store.Organization{ID: id, Name: "x"}) }
	if err := s.Update(t.Context(), func(tx store.Tx) error { return errors.Join(add(tx, "1"), failure) }); !errors.Is(err, failure) {
		t.Error(err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = s.Update(t.Context(), func(tx store.Tx) error {
			_ = add(tx, "2")
			panic("for the test")
		})
	}()
	if err := s.Update(t.Context(), func(tx store.Tx) error { return add(tx, "3") }); err != nil {
		t.Error(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Update(cancelled, func(tx store.Tx) error { return add(tx, "4") }); err == nil {
		t.Error("an update began after its context ended")
	}
	if err := s.Update(t.Context(), func(tx store.Tx) error { return add(tx, "3") }); !errors.Is(err, store.ErrExists) {
		t.Error(err)
	}
	organizations, err := s.Organizations(t.Context())
	if err != nil || len(organizations) != 1 || organizations[0].ID != "3" {
		t.Errorf("%+v, %v", organizations, err)
	}
}

// What an undone transaction saw is not remembered, nor what another process
// has changed since.
func TestKnownIsForgotten(t *testing.T) {
	s, directory := open(t)
	ctx := t.Context()
	key := store.RunKey{Run: "r"}
	if err := s.Update(ctx, func(tx store.Tx) error {
		err := errors.Join(
			tx.AddOrganization(store.Organization{ID: "1", Name: "x"}),
			tx.AddHandshakeCode(store.HandshakeCode{Code: "1-a", Organization: "1"}),
			tx.AddItem(store.Item{ID: "i", Organization: "1"}),
		)
		code, codeErr := tx.HandshakeCode("1-a")
		item, itemErr := tx.Item("i")
		device, deviceErr := tx.PutDevice(store.Device{UUID: "d"})
		key.Device, key.Code, key.Item = device, code.Key, item.Key
		return errors.Join(err, codeErr, itemErr, deviceErr)
	}); err != nil {
		t.Fatal(err)
	}
	undo := errors.New("undo")
	if err := s.Update(ctx, func(tx store.Tx) error {
		run, err := tx.Run(key)
		if err != nil {
			return err
		}
		if _, err := tx.Report(run, 180); !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return errors.Join(undo, tx.PutReport(store.ReceivedReport{Run: run, Slot: 180}, store.Report{Revision: 1}),
			tx.AddTotals(key.Code, key.Item, 180, map[string]int64{"A": 1}), tx.AddUsed(key.Item, 1))
	}); !errors.Is(err, undo) {
		t.Fatal(err)
	}
	if err := s.Update(ctx, func(tx store.Tx) error {
		run, err := tx.Run(key) // the key of the undone run is a new one's now
		if err != nil {
			return err
		}
		if _, err := tx.Report(run, 180); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a report of an undone transaction: %v", err)
		}
		if used, err := tx.Used(key.Item); err != nil || used != 0 {
			t.Errorf("used %d, %v", used, err)
		}
		return errors.Join(tx.PutReport(store.ReceivedReport{Run: run, Slot: 180}, store.Report{Revision: 1, Counts: map[string]int64{"A": 1}}),
			tx.AddTotals(key.Code, key.Item, 180, map[string]int64{"A": 1}), tx.AddUsed(key.Item, 1))
	}); err != nil {
		t.Fatal(err)
	}

	other, err := Open(ctx, directory, false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if err := other.Update(ctx, func(tx store.Tx) error {
		run, err := tx.Run(key)
		return errors.Join(err, tx.RevokeItem(key.Item, 77), tx.AddUsed(key.Item, 10),
			tx.PutReport(store.ReceivedReport{Run: run, Slot: 360}, store.Report{Revision: 5}))
	}); err != nil {
		t.Fatal(err)
	}
	// What it adds without having looked is added to what is there.
	if err := other.Update(ctx, func(tx store.Tx) error {
		if used, err := tx.Used(key.Item); err != nil || used != 11 {
			t.Errorf("used %d, %v", used, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.Update(ctx, func(tx store.Tx) error {
		if item, err := tx.Item("i"); err != nil || item.RevokedAt != 77 {
			t.Errorf("%+v, %v", item, err)
		}
		if used, err := tx.Used(key.Item); err != nil || used != 11 {
			t.Errorf("used %d, %v", used, err)
		}
		run, err := tx.Run(key)
		if err != nil {
			return err
		}
		if report, err := tx.Report(run, 360); err != nil || report.Revision != 5 {
			t.Errorf("%+v, %v", report, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestCache(t *testing.T) {
	c := newCache[int](2)
	for i, key := range []string{"a", "b", "c"} {
		c.put(key, i)
	}
	for i, key := range []string{"a", "b", "c"} { // two generations hold all three
		if v, ok := c.get(key); !ok || v != i {
			t.Errorf("%s: %d, %t", key, v, ok)
		}
	}
	for i := range 100 {
		c.put(strings.Repeat("x", i), i)
		if _, ok := c.get("c"); !ok {
			t.Fatal("what is used was forgotten")
		}
	}
	if n := len(c.young) + len(c.old); n > 4 {
		t.Errorf("it holds %d", n)
	}
	if _, ok := c.get("nothing"); ok {
		t.Error("found nothing")
	}
}
