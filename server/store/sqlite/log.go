package sqlite

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"github.com/openlts/openlts/server/store"
)

// writeAheadLog makes commits durable. SQLite writes a commit to its log and does not wait for the
// disk (synchronous NORMAL). The committer then waits here. So the next transaction can work while
// the disk writes the previous one, and waiting commits share one write. SQLite still waits for the
// disk where it relies on it: for the log before a checkpoint, and for the database before the log
// begins again.
//
// The log file may be opened here, unlike the database, because SQLite has no locks on it. It stays
// the same file as long as a connection is open.
type writeAheadLog struct {
	path string
	// sync waits until all of a file is on the disk.
	sync func(*os.File) error
	// written counts commits.
	written atomic.Uint64
	// unreliable: a write to the disk failed. Then it is unknown which part of the log is on the
	// disk: a system may discard what it could not write, and report no error the next time.
	unreliable atomic.Bool

	mu      sync.Mutex // held while the disk writes
	file    *os.File
	durable uint64 // of the commits, those that are on the disk
}

func newWriteAheadLog(database string) *writeAheadLog {
	return &writeAheadLog{path: database + "-wal", sync: syncData}
}

// committed is called after a commit, before the next one; it returns the number of the commit.
func (l *writeAheadLog) committed() uint64 { return l.written.Add(1) }

// wait returns when a commit and all earlier ones would survive a power cut.
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

// carriedOver is called when all of the log is in the database and the database is on the disk,
// before the next commit.
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
