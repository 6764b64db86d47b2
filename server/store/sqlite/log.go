package sqlite

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"github.com/openlts/openlts/server/store"
)

// writeAheadLog makes commits durable. SQLite writes a commit to its log and does
// not wait for the disk (synchronous NORMAL); whoever committed then waits here.
// So the next transaction works while the disk writes the last one, and those that
// wait share one write. What SQLite itself relies on, it still waits for: the log
// before a checkpoint, the database before the log is begun anew.
//
// The log file may be opened here, unlike the database: SQLite has no locks on it.
// It is the same file for as long as a connection is open.
type writeAheadLog struct {
	path string
	// sync waits until all of a file is on the disk.
	sync func(*os.File) error
	// written counts commits.
	written atomic.Uint64
	// unreliable: a write to the disk failed. What of the log is there, nobody knows:
	// a system may forget what it could not write, and report no error the next time.
	unreliable atomic.Bool

	mu      sync.Mutex // held while the disk writes
	file    *os.File
	durable uint64 // of the commits, those that are on the disk
}

func newWriteAheadLog(database string) *writeAheadLog {
	return &writeAheadLog{path: database + "-wal", sync: syncData}
}

// committed is called after a commit, before the next one; it gives its number.
func (l *writeAheadLog) committed() uint64 { return l.written.Add(1) }

// wait returns when a commit, and those before it, outlive a power cut.
func (l *writeAheadLog) wait(commit uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.durable >= commit {
		return nil
	}
	if l.unreliable.Load() {
		return fmt.Errorf("%w: an earlier write to the log %s failed", store.ErrDisk, l.path)
	}
	if l.file == nil {
		file, err := os.OpenFile(l.path, os.O_RDWR, 0)
		if err != nil {
			l.unreliable.Store(true)
			return fmt.Errorf("%w: opening the log: %w", store.ErrDisk, err)
		}
		l.file = file
	}
	written := l.written.Load()
	if err := l.sync(l.file); err != nil {
		l.unreliable.Store(true)
		return fmt.Errorf("%w: writing the log %s to the disk: %w", store.ErrDisk, l.path, err)
	}
	l.durable = written
	return nil
}

// carriedOver is called when all of the log is in the database, and that is on the
// disk, before the next commit.
func (l *writeAheadLog) carriedOver() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.durable = l.written.Load()
	l.unreliable.Store(false)
}

func (l *writeAheadLog) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	file := l.file
	l.file = nil
	return file.Close()
}

// rely makes sure, after a write to the disk failed, that all that was committed is
// on it: in the database, not in the log. It is called with mu held, outside of a
// transaction.
func (s *Store) rely() error {
	if !s.log.unreliable.Load() {
		return nil
	}
	var busy bool
	var frames, carried int64
	err := s.writer.QueryRowContext(background, `PRAGMA wal_checkpoint(FULL)`).Scan(&busy, &frames, &carried)
	if err == nil && busy {
		err = errors.New("the database is busy")
	}
	if err != nil {
		return fmt.Errorf("%w: carrying the log over after a write to the disk failed: %w", store.ErrDisk, err)
	}
	s.log.carriedOver()
	return nil
}
