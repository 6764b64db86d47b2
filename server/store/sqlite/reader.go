package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
)

// SQLite can begin its log again only at a moment when nobody reads from it. Readers that follow
// one another without a gap would let it grow for ever. So once it is larger than maxLog, new
// readers wait until the active ones are done and the log was cut back. journalSizeLimit is the
// size to which SQLite cuts it back itself.
const (
	maxLog           = 64 << 20
	journalSizeLimit = 16 << 20
	// commitsPerLook is the number of commits after which its size is checked.
	commitsPerLook = 64
)

// reading runs f in a transaction that reads one moment.
func (s *Store) reading(ctx context.Context, f func(*sql.Tx) error) error {
	s.readers.RLock()
	defer s.readers.RUnlock()
	tx, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // it only reads
	return f(tx)
}

// committed is called after each commit, with mu held.
func (s *Store) committed() {
	if s.commits++; s.commits%commitsPerLook != 0 {
		return
	}
	if log, err := os.Stat(s.path + "-wal"); err != nil || log.Size() < s.maxLog ||
		!s.trimming.CompareAndSwap(false, true) {
		return
	}
	s.background.Go(func() {
		defer s.trimming.Store(false)
		// This only saves space. If it fails, it is tried again after the next commits.
		_ = s.trim()
	})
}

// trim copies the log into the database and cuts it back. It copies most of it while others write;
// they wait for the rest. It does not wait for readers of other processes.
func (s *Store) trim() (err error) {
	db, err := sql.Open("sqlite3", dataSource(s.path, url.Values{"_busy_timeout": {"0"}}))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	s.readers.Lock()
	defer s.readers.Unlock()
	if _, err := db.Exec(`PRAGMA wal_checkpoint(PASSIVE)`); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err = db.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`)
	return err
}
