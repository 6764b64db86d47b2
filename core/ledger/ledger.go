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
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/mattn/go-sqlite3" // the SQLite driver, and its error codes

	"github.com/openlts/openlts/core/filelock"
)

// FileName is the name of the ledger in the data directory.
const FileName = "ledger.db"

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
	// locks says why there is nobody to wait for, because nothing can be locked; nil
	// if it is a ledger in memory.
	locks func() error
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
	l.wait.locks = func() error { return filelock.Probe(filepath.Join(directory, probeName)) }
	defer l.exclude()()
	return l, l.open(now)
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

// busy tells whether an error means that another process had the ledger.
func busy(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && e.Code == sqlite3.ErrBusy
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
	return l.unlessMoved(do)
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
	return &Ledger{l.state, wait{deadline, ctx.Done(), l.wait.locks}}
}

// begin begins a transaction, or waits for other processes to end theirs.
func begin(db *sql.DB, w wait) (*sql.Tx, error) {
	until := time.Now().Add(patience)
	if !w.until.IsZero() && w.until.Before(until) {
		until = w.until
	}
	for {
		// Asked each time: SQLite takes a lock that is refused for one that others hold,
		// and waits ten seconds for it in a place where it can't be stopped.
		if w.locks != nil {
			if err := w.locks(); errors.Is(err, filelock.ErrNoLocks) {
				return nil, err
			}
		}
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
		// In some states SQLite does not wait on its own.
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
