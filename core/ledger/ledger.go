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
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/mattn/go-sqlite3" // the SQLite driver, and its error codes

	"github.com/openlts/openlts/core/filelock"
)

//go:embed schema.sql
var schema string

// schemaVersion is the version of schema.sql. Versions of the same hundred differ
// by columns and tables that the later ones add, with defaults, and a ledger of any
// of them can be used by all: SDKs of different age may share a data directory.
const schemaVersion = 2

const generation = 100

// migrations are what makes a ledger of each earlier version one of the next.
var migrations = [schemaVersion]string{
	1: `ALTER TABLE run ADD COLUMN closed_before INTEGER NOT NULL DEFAULT 0;
		ALTER TABLE run ADD COLUMN device TEXT NOT NULL DEFAULT '';
		ALTER TABLE ledger ADD COLUMN moved INTEGER NOT NULL DEFAULT 0;
		CREATE TABLE identity (id INTEGER PRIMARY KEY CHECK (id = 1), text TEXT NOT NULL)`,
}

// FileName is the name of the ledger in the data directory.
const FileName = "ledger.db"

// While a ledger is opened, the first of these files is locked. The second is
// locked to see whether that is possible.
const (
	lockName  = "ledger.lock"
	probeName = "ledger.probe"
)

// lockWait is how long to wait for other processes that open the ledger.
const lockWait = 5 * time.Second

// Ledger is an open ledger. Its methods may be called from any goroutine; each
// is one transaction.
type Ledger struct {
	*state
	wait wait // see Within
}

// wait is how long to wait for other processes.
type wait struct {
	until time.Time       // zero: patience
	over  <-chan struct{} // closed earlier, if there is no more use in waiting
}

// state is what all views of a ledger share.
type state struct {
	// mu is held for writing while the ledger is opened anew.
	mu      sync.RWMutex
	db      *sql.DB
	witness *witness
	path    string      // "" if the ledger is in memory only
	opened  os.FileInfo // of the file that is open
	damage  string
}

// Open opens the ledger of a data directory, or makes it. An empty directory
// means memory only. The error is non-nil only if not even that works.
func Open(directory string, now time.Time) (*Ledger, error) {
	l := &Ledger{state: &state{witness: &witness{}}}
	if directory == "" {
		var err error
		l.db, err = openMemory()
		return l, err
	}
	l.path = filepath.Join(directory, FileName)
	defer l.exclude()()
	return l, l.open(now)
}

// exclude keeps other processes from opening the ledger until release. Processes
// that start together take turns: SQLite does not wait for a lock while a
// database is made, and a damaged one must be set aside once. Should the lock
// not be had (its holder is stopped, or the file system has no locks), we go on
// without: at worst this process has to do without a ledger.
func (l *Ledger) exclude() (release func()) {
	waiting, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	release, err := filelock.Acquire(waiting, filepath.Join(filepath.Dir(l.path), lockName))
	if err != nil {
		return func() {}
	}
	return release
}

func (l *Ledger) open(now time.Time) (err error) {
	l.damage = ""
	if err := filelock.Probe(filepath.Join(filepath.Dir(l.path), probeName)); err != nil {
		return fmt.Errorf("the file system of %s has no locks: %w", l.path, err)
	}
	l.db, err = openFile(l.path)
	if err != nil && !busy(err) {
		// Once more: what failed once may not fail again, and SQLite calls a page
		// damaged that could not be read. A disk that fails is no damage.
		if err := readable(l.path); err != nil {
			return fmt.Errorf("opening the ledger: %w", err)
		}
		l.db, err = openFile(l.path)
	}
	if err != nil {
		if !damaged(err) {
			return fmt.Errorf("opening %s: %w", l.path, err)
		}
		aside, asideErr := setAside(l.path, now)
		if asideErr != nil {
			return fmt.Errorf("%s is damaged (%w) and can't be set aside: %w", l.path, err, asideErr)
		}
		l.damage = fmt.Sprintf("the ledger was damaged and set aside as %s: %v", filepath.Base(aside), err)
		if l.db, err = openFile(l.path); err != nil {
			return fmt.Errorf("opening %s: %w", l.path, err)
		}
	}
	if l.opened, err = os.Stat(l.path); err != nil {
		return errors.Join(err, l.db.Close())
	}
	l.witness = openWitness(filepath.Join(filepath.Dir(l.path), WitnessName))
	fellBack, err := l.examine(now)
	if err != nil {
		return errors.Join(err, l.close())
	}
	if fellBack && l.damage == "" {
		l.damage = "the ledger is gone or was replaced by an older copy"
	}
	return nil
}

// Damage says what was wrong with the ledger when it was opened; "" if nothing
// was. What it held may be lost; see Balance.
func (l *Ledger) Damage() string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.damage
}

// Durable is false if the ledger is in memory only.
func (l *Ledger) Durable() bool { return l.path != "" }

// Gone tells whether the ledger's file was removed or replaced while it is open.
func (l *Ledger) Gone() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.gone()
}

func (l *Ledger) gone() bool {
	if l.path == "" {
		return false
	}
	named, err := os.Stat(l.path)
	return err != nil || !os.SameFile(l.opened, named)
}

// ErrMoved is the error of a transaction in a ledger whose file was removed or
// replaced. Nothing was done; call Reopen and repeat it.
var ErrMoved = errors.New("the ledger's file was removed or replaced")

// Reopen goes on with the file that is there now, after Gone or ErrMoved. If there
// is none, it is written anew from the one that is still open, so that nothing is
// lost.
func (l *Ledger) Reopen(now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.gone() {
		return nil // another goroutine was faster
	}
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return err
	}
	defer l.exclude()()
	// From here on no process changes the one that was removed; those that have it
	// open find that out and go on with the new one, too.
	if err := inTransaction(l.db, wait{}, func(tx *sql.Tx) error {
		_, err := tx.Exec("UPDATE ledger SET moved = 1")
		return err
	}); err != nil {
		return fmt.Errorf("giving up the ledger that was removed: %w", err)
	}
	if _, err := os.Stat(l.path); errors.Is(err, os.ErrNotExist) {
		if err := l.writeAnew(); err != nil {
			return fmt.Errorf("%s was removed and can't be written anew: %w", l.path, err)
		}
	}
	before, witness := l.db, l.witness
	if err := l.open(now); err != nil {
		l.db, l.witness = before, witness
		return err
	}
	witness.close()
	return before.Close()
}

// writeAnew writes what the open database holds to where its file was.
func (l *Ledger) writeAnew() error {
	unfinished := l.path + ".new"
	// SQLite would make it readable for everybody.
	f, err := os.OpenFile(unfinished, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	for _, statement := range []string{
		"VACUUM INTO ?", "ATTACH ? AS anew", "UPDATE anew.ledger SET moved = 0", "DETACH anew",
	} {
		var arguments []any
		if strings.Contains(statement, "?") {
			arguments = []any{unfinished}
		}
		if _, err := l.db.Exec(statement, arguments...); err != nil {
			return errors.Join(err, os.Remove(unfinished))
		}
	}
	// A log that is left of the former file is none of this one's.
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(l.path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return os.Rename(unfinished, l.path)
}

func openMemory() (*sql.DB, error) {
	db, err := sql.Open("sqlite3", ":memory:?_txlock=immediate")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // each connection would have a memory of its own
	db.SetConnMaxLifetime(0)
	return db, migrate(db)
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
		"_busy_timeout": {"200"}, // first, so that the others wait too; see begin
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
	return inTransaction(db, wait{}, func(tx *sql.Tx) error {
		var version int
		if err := tx.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
		switch {
		case version/generation > schemaVersion/generation:
			return errNewer
		case version > 0:
			// A read of a table finds a file that only looks like ours.
			var n int
			if err := tx.QueryRow("SELECT count(lts) FROM account").Scan(&n); err != nil {
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
			for ; version < schemaVersion; version++ {
				if _, err := tx.Exec(migrations[version]); err != nil {
					return err
				}
			}
			// Writing finds a file that SQLite could only open for reading.
			_, err := tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", version))
			return err
		}
		if _, err := tx.Exec(schema); err != nil {
			return err
		}
		if _, err := tx.Exec("INSERT INTO ledger (id, uuid, changes) VALUES (1, ?, 0)", uuid.NewString()); err != nil {
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

// busy tells whether an error means that another process had the ledger.
func busy(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && e.Code == sqlite3.ErrBusy
}

// readable tells why a database, or its log, can't be read.
func readable(path string) error {
	for _, suffix := range []string{"", "-wal"} {
		f, err := os.Open(path + suffix)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, f)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
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
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.close()
}

func (l *Ledger) close() error {
	l.witness.close()
	l.witness = &witness{}
	return l.db.Close()
}

// transaction is one that does not change the account; see alter.
func (l *Ledger) transaction(do func(tx *sql.Tx) error) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return inTransaction(l.db, l.wait, func(tx *sql.Tx) error {
		if err := checkMoved(tx); err != nil {
			return err
		}
		return do(tx)
	})
}

func checkMoved(tx *sql.Tx) error {
	var moved bool
	if err := tx.QueryRow("SELECT moved FROM ledger").Scan(&moved); err != nil {
		return err
	}
	if moved {
		return ErrMoved
	}
	return nil
}

// patience is how long a transaction waits for other processes.
const patience = 10 * time.Second

// ErrBusy is the error when others had the ledger for as long as we may wait.
var ErrBusy = errors.New("another process has the ledger")

// Within is the same ledger, whose transactions wait for other processes until ctx
// ends at most: one of them may have been stopped in the midst of a transaction of
// its own.
func (l *Ledger) Within(ctx context.Context) *Ledger {
	deadline, _ := ctx.Deadline()
	return &Ledger{l.state, wait{deadline, ctx.Done()}}
}

// begin begins a transaction, or waits for other processes to end theirs.
func begin(db *sql.DB, w wait) (*sql.Tx, error) {
	until := time.Now().Add(patience)
	if !w.until.IsZero() && w.until.Before(until) {
		until = w.until
	}
	for {
		tx, err := db.Begin()
		if err == nil || !busy(err) {
			return tx, err
		}
		over := time.Now().After(until)
		select {
		case <-w.over:
			over = true
		default:
		}
		if over {
			return nil, fmt.Errorf("%w: %w", ErrBusy, err)
		}
		// The file system may have lost its locks, and then SQLite does not wait.
		time.Sleep(time.Millisecond)
	}
}

func inTransaction(db *sql.DB, w wait, do func(tx *sql.Tx) error) error {
	tx, err := begin(db, w)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// exec is a transaction of one statement.
func (l *Ledger) exec(statement string, arguments ...any) error {
	return l.transaction(func(tx *sql.Tx) error {
		_, err := tx.Exec(statement, arguments...)
		return err
	})
}

// get reads the one row of a query; found is false if there is none.
func (l *Ledger) get(query string, arguments []any, destinations ...any) (found bool, err error) {
	err = l.transaction(func(tx *sql.Tx) error {
		err := tx.QueryRow(query, arguments...).Scan(destinations...)
		found = err == nil
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return found, err
}

// Identity is the copy of the device's identity, or "".
func (l *Ledger) Identity() (text string, err error) {
	_, err = l.get("SELECT text FROM identity", nil, &text)
	return text, err
}

// KeepIdentity keeps a copy of the device's identity.
func (l *Ledger) KeepIdentity(text string) error {
	return l.exec("INSERT INTO identity (id, text) VALUES (1, ?) ON CONFLICT DO UPDATE SET text = excluded.text", text)
}

// Mark is a number kept under a name, or 0.
func (l *Ledger) Mark(name string) (value int64, err error) {
	_, err = l.get("SELECT value FROM mark WHERE name = ?", []any{name}, &value)
	return value, err
}

// SetMark keeps a number under a name.
func (l *Ledger) SetMark(name string, value int64) error {
	return l.exec("INSERT INTO mark (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", name, value)
}
