package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/openlts/openlts/core/filelock"
)

// While a ledger is opened, the first of these files is locked. The second is
// locked to see whether that is possible.
const (
	lockName  = "ledger.lock"
	probeName = "ledger.probe"
)

// lockWait is how long to wait for other processes that open the ledger.
const lockWait = 5 * time.Second

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

// open opens the file at the path; again if someone removes or replaces it just then.
func (l *Ledger) open(now time.Time) (err error) {
	const tries = 5
	for range tries {
		if l.opened, err = makeFile(l.path); err != nil {
			return err
		}
		err = l.openMade(now)
		if !l.gone() {
			return err
		}
		if err == nil {
			err = errors.Join(ErrMoved, l.close())
		}
	}
	return err
}

// makeFile makes the file of a ledger if there is none, and answers which it is.
// SQLite would make it readable for everybody.
func makeFile(path string) (os.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	return info, errors.Join(err, f.Close())
}

func (l *Ledger) openMade(now time.Time) (err error) {
	l.damage = ""
	if err := l.wait.locks(); err != nil {
		return fmt.Errorf("opening %s: %w", l.path, err)
	}
	l.db, err = openFile(l.path, l.wait)
	if err != nil && !busy(err) {
		// Once more: what failed once may not fail again, and SQLite calls a page
		// damaged that could not be read. A disk that fails is no damage.
		if err := readable(l.path); err != nil {
			return fmt.Errorf("opening the ledger: %w", err)
		}
		l.db, err = openFile(l.path, l.wait)
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
		if l.opened, err = makeFile(l.path); err == nil {
			l.db, err = openFile(l.path, l.wait)
		}
		if err != nil {
			return fmt.Errorf("opening %s: %w", l.path, err)
		}
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

func openMemory() (*sql.DB, error) {
	db, err := sql.Open("sqlite3", ":memory:?_txlock=immediate")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // each connection would have a memory of its own
	db.SetConnMaxLifetime(0)
	return db, migrate(db, wait{})
}

// openFile opens a database file. The pragmas are in the DSN because they
// belong to a connection, and the pool may open another one at any time.
func openFile(path string, w wait) (*sql.DB, error) {
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
	if err := migrate(db, w); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
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
