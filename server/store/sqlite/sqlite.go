// Package sqlite stores the data of the License Tracking Server in a SQLite database: one file in a
// directory. Several processes may use a directory at once; SQLite's locks separate their
// transactions.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	_ "github.com/mattn/go-sqlite3" // the SQLite driver

	"github.com/openlts/openlts/server/recent"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/relational"
)

// FileName is the name of the database in the directory.
const FileName = "lts.db"

// Store is an open database. Its methods may be called from any goroutine.
type Store struct {
	relational.Store

	path string
	// write has one connection, writer, because two writers of one process would only wait for each
	// other. read has several, and can't write.
	write, read *sql.DB
	writer      *sql.Conn

	mu         sync.Mutex // held by the Update in progress; guards writer and what follows
	statements map[string]*sql.Stmt
	known      known
	commits    int
	log        *writeAheadLog

	keys      atomic.Pointer[recent.Cache[store.ReportKey]]
	forgotten int64 // how often keys were forgotten, when it was looked at last
	// readers is held by code that reads for long; see reading.
	readers    sync.RWMutex
	maxLog     int64
	trimming   atomic.Bool
	background sync.WaitGroup
}

// maxReportKeys is the approximate number of report keys that are remembered.
const maxReportKeys = 100_000

var _ store.Store = (*Store)(nil)

// Open opens the database of a directory and brings its schema up to date. With create, directory
// and database are made if they are missing; only the owner may read both, because they contain
// keys and hashes of passwords.
func Open(ctx context.Context, directory string, create bool) (*Store, error) {
	path := filepath.Join(directory, FileName)
	if create {
		if err := os.MkdirAll(directory, 0o700); err != nil {
			return nil, fmt.Errorf("making the data directory: %w", err)
		}
		_, statErr := os.Lstat(path)
		// SQLite gives its other files the same mode and owner as this one.
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, fmt.Errorf("making the database: %w", err)
		}
		if err := f.Close(); err != nil {
			return nil, fmt.Errorf("making the database: %w", err)
		}
		if errors.Is(statErr, os.ErrNotExist) {
			if err := giveLike(path, directory); err != nil {
				return nil, fmt.Errorf("giving the database to the owner of its directory: %w", err)
			}
		}
	} else if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("there is no database in %s (%w); name the right directory with --data, or begin "+
			"with `lts org add`", directory, err)
	}
	s := &Store{
		path: path, maxLog: maxLog, statements: map[string]*sql.Stmt{}, known: newKnown(0), log: newWriteAheadLog(path),
	}
	s.Store = relational.NewStore(shared{s}, &dialect.Dialect)
	s.keys.Store(recent.New[store.ReportKey](maxReportKeys))
	if err := s.open(ctx, directory); err != nil {
		return nil, fmt.Errorf("opening the database %s: %w", path, errors.Join(err, s.Close()))
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, directory string) (err error) {
	if s.write, err = sql.Open("sqlite3", dataSource(s.path, url.Values{"_synchronous": {"NORMAL"}})); err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	if err := migrate(ctx, s.write, directory); err != nil {
		return err
	}
	if s.writer, err = s.write.Conn(ctx); err != nil {
		return err
	}
	if _, err := s.writer.ExecContext(ctx,
		fmt.Sprintf("PRAGMA journal_size_limit = %d", journalSizeLimit)); err != nil {
		return err
	}
	if s.read, err = sql.Open("sqlite3",
		dataSource(s.path, url.Values{"_query_only": {"1"}, "_txlock": {"deferred"}})); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(4)
	s.read.SetMaxIdleConns(4)
	return s.read.PingContext(ctx)
}

// dataSource is the DSN of a database file. The pragmas are in it because they
// belong to a connection, and a pool may open another one at any time.
func dataSource(path string, more url.Values) string {
	query := url.Values{
		"mode":          {"rw"},
		"_busy_timeout": {"15000"}, // another process may be writing
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"},
		"_foreign_keys": {"1"},
		"_cache_size":   {"-65536"}, // 64 MiB
		"_txlock":       {"immediate"},
	}
	for name, values := range more {
		query[name] = values
	}
	dsn := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query.Encode()}
	return dsn.String()
}

// Close closes the database. An Update in progress is finished first.
func (s *Store) Close() error {
	s.background.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, statement := range s.statements {
		errs = append(errs, statement.Close())
	}
	clear(s.statements)
	if s.writer != nil {
		errs = append(errs, s.writer.Close())
	}
	errs = append(errs, s.log.close())
	// The writer is closed last, because it copies the log into the database file.
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.read.QueryRowContext(ctx, "SELECT 1 FROM sqlite_schema LIMIT 1").Scan(&one)
}

// Apply answers a group of requests; see store.Store. Only one transaction works at a time, so
// there are no conflicts; the disk may still write the previous one.
func (s *Store) Apply(ctx context.Context, keys *store.Keys, apply func(*store.State) *store.Change) error {
	return s.transact(ctx, func(t *transaction) error {
		loaded, err := t.load(keys)
		if err != nil {
			return err
		}
		change := apply(loaded.state)
		if err := t.save(change); err != nil {
			return err
		}
		loaded.rememberUses(change)
		if len(change.Received)+len(change.Devices)+len(change.Denials) > 0 {
			s.known.latest = max(s.known.latest, keys.Now)
		}
		return nil
	})
}

// Update runs f in one transaction; see store.Store.
func (s *Store) Update(ctx context.Context, f func(store.Tx) error) error {
	return s.transact(ctx, func(t *transaction) error { return f(t) })
}

// transact runs f in one transaction, and returns when that is durable: an answer
// must outlive a power cut.
func (s *Store) transact(ctx context.Context, f func(*transaction) error) error {
	commit, err := s.commit(ctx, f)
	if err != nil {
		return err
	}
	return s.log.wait(commit)
}

// commit runs f in one transaction and gives the number of its commit, which may
// not be on the disk yet. The next transaction may begin.
func (s *Store) commit(ctx context.Context, f func(*transaction) error) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.rely(); err != nil {
		return 0, err
	}
	t, err := begin(s)
	if err != nil {
		return 0, err
	}
	committed := false
	defer func() { // also when f panics
		if !committed {
			t.rollback()
		}
	}()
	if err := f(t); err != nil {
		return 0, diskError(err)
	}
	if err := t.exec("COMMIT"); err != nil {
		return 0, diskError(err)
	}
	committed = true
	s.committed()
	return s.log.committed(), nil
}

// Backup writes a consistent copy of the database to a new file, while others
// go on writing.
func (s *Store) Backup(ctx context.Context, path string) (err error) {
	// SQLite takes an empty file for a new database; a file that is there, is
	// not written over.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	// A connection of its own: readers may write nothing, and the writer has work.
	db, err := sql.Open("sqlite3", dataSource(s.path, url.Values{"_txlock": {"deferred"}}))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return errors.Join(fmt.Errorf("copying the database to %s: %w", path, err), os.Remove(path))
	}
	return nil
}
