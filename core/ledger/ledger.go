// Package ledger is the client's durable memory: a SQLite database in the data
// directory, shared by all processes of the device that use it.
//
// It never crashes and never silently starts over: a database that is damaged,
// or newer than this version, is set aside under another name and a new one is
// begun, and Open says so; a directory that can't be written to leaves a ledger
// in memory, and Open says that too.
package ledger

import (
	"context"
	"database/sql"
	_ "embed" // the schema
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/mattn/go-sqlite3" // the SQLite driver, and its error codes

	"github.com/openlts/openlts/core/filelock"
)

//go:embed schema.sql
var schema string

// schemaVersion is the version of schema.sql.
const schemaVersion = 1

// FileName is the name of the ledger in the data directory.
const FileName = "ledger.db"

// While a ledger is opened, this file is locked.
const lockName = "ledger.lock"

// lockWait is how long to wait for other processes that open the ledger.
const lockWait = 5 * time.Second

// Ledger is an open ledger. Its methods may be called from any goroutine; each
// is one transaction.
type Ledger struct {
	db *sql.DB
	// Recovered names the file a damaged ledger was set aside as, or is empty.
	Recovered string
	// Durable is false if the ledger is in memory only.
	Durable bool
}

// Open opens the ledger of a data directory, or makes it. An empty directory
// means memory only. The error is non-nil only if not even that works.
func Open(directory string, now time.Time) (*Ledger, error) {
	if directory == "" {
		return openMemory()
	}
	// Processes that start together take turns: SQLite does not wait for a lock
	// while a database is made, and a damaged one must be set aside once. Should
	// the lock not be had (its holder is stopped, or the file system has no
	// locks), we go on without: at worst this process has to do without a ledger.
	waiting, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	if release, err := filelock.Acquire(waiting, filepath.Join(directory, lockName)); err == nil {
		defer release()
	}

	path := filepath.Join(directory, FileName)
	db, err := openFile(path)
	if err == nil {
		return &Ledger{db: db, Durable: true}, nil
	}
	if !damaged(err) {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	aside, asideErr := setAside(path, now)
	if asideErr != nil {
		return nil, fmt.Errorf("%s is damaged (%w) and can't be set aside: %w", path, err, asideErr)
	}
	if db, err = openFile(path); err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	return &Ledger{db: db, Durable: true, Recovered: aside}, nil
}

func openMemory() (*Ledger, error) {
	db, err := sql.Open("sqlite3", ":memory:?_txlock=immediate")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // each connection would have a memory of its own
	db.SetConnMaxLifetime(0)
	return &Ledger{db: db}, migrate(db)
}

// openFile opens a database file. The pragmas are in the DSN because they
// belong to a connection, and the pool may open another one at any time.
func openFile(path string) (*sql.DB, error) {
	// SQLite would create it readable for everybody.
	if f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, err
	} else if err := f.Close(); err != nil {
		return nil, err
	}
	dsn := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: url.Values{
		"_busy_timeout": {"10000"}, // first, so that the others wait too
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"}, // a receipt or a watermark must outlive a power cut
		"_txlock":       {"immediate"},
	}.Encode()}
	db, err := sql.Open("sqlite3", dsn.String())
	if err != nil {
		return nil, err
	}
	// One connection: all our transactions write, and two writers of one
	// process would only wait for each other.
	db.SetMaxOpenConns(1)
	if err := migrate(db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// errNewer is the error of a ledger that a later version of the library made,
// errBadPage of one that SQLite's check finds damaged.
var (
	errNewer   = errors.New("the ledger is of a newer version of the library")
	errBadPage = errors.New("the ledger has damaged pages")
)

func migrate(db *sql.DB) error {
	return inTransaction(db, func(tx *sql.Tx) error {
		var version int
		if err := tx.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
		switch {
		case version > schemaVersion:
			return errNewer
		case version == schemaVersion:
			// A read of a table finds a file that only looks like ours.
			var n int
			if err := tx.QueryRow("SELECT count(*) FROM account").Scan(&n); err != nil {
				return err
			}
			// A bad page that is met later only would fail each start anew.
			var result string
			if err := tx.QueryRow("PRAGMA quick_check(1)").Scan(&result); err != nil {
				return err
			}
			if result != "ok" {
				return fmt.Errorf("%w: %s", errBadPage, result)
			}
			return nil
		}
		if _, err := tx.Exec(schema); err != nil {
			return err
		}
		_, err := tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", schemaVersion))
		return err
	})
}

// damaged tells whether an error means that the file is no ledger of ours, and
// not that it can't be reached just now.
func damaged(err error) bool {
	if errors.Is(err, errNewer) || errors.Is(err, errBadPage) {
		return true
	}
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return false
	}
	// SQLITE_ERROR is a missing table or column: another program's database.
	return e.Code == sqlite3.ErrCorrupt || e.Code == sqlite3.ErrNotADB ||
		e.Code == sqlite3.ErrFormat || e.Code == sqlite3.ErrError
}

// setAside renames a database with what belongs to it.
func setAside(path string, now time.Time) (string, error) {
	aside := fmt.Sprintf("%s.damaged-%s", path, now.UTC().Format("20060102T150405.000"))
	if err := os.Rename(path, aside); err != nil {
		return "", err
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	return aside, nil
}

// Close closes the ledger.
func (l *Ledger) Close() error { return l.db.Close() }

func inTransaction(db *sql.DB, do func(tx *sql.Tx) error) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// Mark is a number kept under a name, or 0.
func (l *Ledger) Mark(name string) (value int64, err error) {
	err = l.db.QueryRow("SELECT value FROM mark WHERE name = ?", name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return value, err
}

// SetMark keeps a number under a name.
func (l *Ledger) SetMark(name string, value int64) error {
	_, err := l.db.Exec("INSERT INTO mark VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", name, value)
	return err
}
