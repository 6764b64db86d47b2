// Package ledger is the client's durable memory: a SQLite database in the data
// directory, shared by all processes of the device that use it, and by all copies
// of the library in them.
//
// It never crashes and never silently starts over: it sets a database aside that is damaged or
// newer than this version, starts a new one, and says so in a notice. It heals itself: if a
// transaction fails, because a file was removed or the lock was not available, the next one tries
// again.
package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openlts/openlts/core/internal/filelock"
)

// FileName is the name of the ledger in the data directory.
const FileName = "ledger.db"

// Ledger is a ledger in use. Its methods may be called from any goroutine. Each is one transaction,
// and waits for other transactions until its context ends.
type Ledger struct {
	path    string // "" if the ledger is in memory only
	options Options

	stuck  atomic.Bool   // this process could not get the lock for stuckAfter
	beside atomic.Int64  // units that Record added and no tally has
	turn   chan struct{} // holds a token during a transaction

	// Only the goroutine that has the turn and the lock may use the following fields.
	closed    bool
	heldSince time.Time      // since when this process could not get the lock; zero if it could
	lock      *filelock.File // nil until it has been opened
	open      *connection    // nil until opening it succeeded
	suspect   bool           // the last transaction failed: reconnect
	anew      attempts       // at writing a removed file again

	mu     sync.Mutex // guards damage
	damage string
}

// Options are what a ledger gets from its caller.
type Options struct {
	// Now is the clock, used for the names of files that are set aside and for revisions.
	Now func() time.Time
	// Notify, unless it is nil, is called when something happens to the ledger. It runs within a
	// transaction and must not call the ledger.
	Notify func(Notice)
}

// Notice says what happened to a ledger as a whole.
type Notice struct {
	// Damage is what was wrong with the ledger; its content may be lost, see Balance. "" if the
	// file was merely removed while in use and was written again.
	Damage string
}

// Open opens the ledger of a data directory, or creates it. An empty directory means memory only.
// If the error is ErrBusy, the returned ledger will open itself as soon as other processes release
// the lock; after any other error there is no ledger.
func Open(ctx context.Context, directory string, options Options) (*Ledger, error) {
	l := &Ledger{options: options, turn: make(chan struct{}, 1)}
	if directory == "" {
		open, err := openMemory()
		l.open = open
		return l, err
	}
	l.path = filepath.Join(directory, FileName)
	err := l.Try(ctx)
	if err != nil && !errors.Is(err, ErrBusy) {
		return nil, errors.Join(err, l.Close())
	}
	return l, err
}

// Damage says what was wrong with the ledger when it was last opened; "" if nothing was. Its
// content may be lost; see Balance.
func (l *Ledger) Damage() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.damage
}

// notify passes on a notice of damage, or that the ledger was written again.
func (l *Ledger) notify(n Notice) {
	l.mu.Lock()
	l.damage = n.Damage
	l.mu.Unlock()
	if l.options.Notify != nil {
		l.options.Notify(n)
	}
}

// Try says why the ledger can't be used now; nil if it can.
func (l *Ledger) Try(ctx context.Context) error {
	return l.transaction(ctx, func(*sql.Tx) error { return nil })
}

// Durable is false if the ledger is in memory only.
func (l *Ledger) Durable() bool { return l.path != "" }

// Close closes the ledger. It waits for a running transaction.
func (l *Ledger) Close() error {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	if l.closed {
		return nil
	}
	l.closed = true
	err := l.open.close()
	l.open = nil
	if l.lock != nil {
		err = errors.Join(err, l.lock.Close())
	}
	return err
}

// ErrBusy is the error if others held the ledger for as long as we may wait, ErrClosed the error
// after Close.
var (
	ErrBusy   = errors.New("another process has the ledger")
	ErrClosed = errors.New("the ledger is closed")
)

// errMoved is the error of a transaction whose file was removed or replaced meanwhile: it is
// repeated in the file that is there now.
var errMoved = errors.New("the ledger's file is removed or replaced again and again")

// transaction does something in a transaction that does not change the account; for others see
// alter.
func (l *Ledger) transaction(ctx context.Context, do func(tx *sql.Tx) error) error {
	return l.transact(ctx, do, func() {})
}

// transact does something in a transaction and then, still holding the lock, what has to be done
// after the commit.
func (l *Ledger) transact(ctx context.Context, do func(tx *sql.Tx) error, committed func()) (err error) {
	const tries = 3
	for range tries {
		if err = l.transactOnce(ctx, do, committed); !errors.Is(err, errMoved) {
			break
		}
	}
	return err
}

func (l *Ledger) transactOnce(ctx context.Context, do func(tx *sql.Tx) error, committed func()) error {
	leave, err := l.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	err = l.open.transaction(func(tx *sql.Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		// Check this last: what is committed to a removed file is lost, and if the lock file was
		// removed, others may be in the ledger, too.
		if l.open.gone() || l.lock != nil && l.lock.Gone() {
			return errMoved
		}
		return nil
	})
	if err == nil {
		committed()
	}
	if l.path != "" && sqliteFailed(err) {
		l.suspect = true
	}
	return err
}

// enter waits until nobody else uses the ledger, in this process or another one, and ensures that
// it is open. Until leave, nobody else uses it.
func (l *Ledger) enter(ctx context.Context) (leave func(), err error) {
	wasStuck := l.stuck.Load()
	waiting, cancel := l.waiting(ctx)
	defer func() { cancel() }()
	for taken := false; !taken; {
		select {
		case l.turn <- struct{}{}:
			taken = true
		case <-waiting.Done():
			if ctx.Err() != nil || !wasStuck || l.stuck.Load() {
				return nil, fmt.Errorf("%w: %w", ErrBusy, waiting.Err())
			}
			// Another goroutine of this process has the lock by now.
			cancel()
			wasStuck = false
			waiting, cancel = l.waiting(ctx)
		}
	}
	if l.closed {
		<-l.turn
		return nil, ErrClosed
	}
	if l.path == "" {
		return func() { <-l.turn }, nil
	}
	began := time.Now()
	err = l.acquire(waiting)
	if errors.Is(err, filelock.ErrLocked) {
		if l.heldSince.IsZero() {
			l.heldSince = began
		}
		// A short wait in vain means only that the ledger is in use.
		l.stuck.Store(time.Since(l.heldSince) >= stuckAfter)
		err = fmt.Errorf("%w: %w", ErrBusy, err)
	} else {
		l.heldSince = time.Time{}
		l.stuck.Store(false)
	}
	if err != nil {
		<-l.turn
		return nil, err
	}
	leave = func() {
		l.lock.Unlock()
		<-l.turn
	}
	if err := l.ready(); err != nil {
		leave()
		return nil, err
	}
	return leave, nil
}

// The longest wait for the lock. It is short if the lock was not available before: its holder may
// be stopped, and the caller has other things to do.
const (
	patience      = 5 * time.Second
	stuckAfter    = time.Second
	shortPatience = 50 * time.Millisecond
)

func (l *Ledger) waiting(ctx context.Context) (context.Context, context.CancelFunc) {
	if l.stuck.Load() {
		return context.WithTimeout(ctx, shortPatience)
	}
	return context.WithTimeout(ctx, patience)
}

// exec is a transaction of one statement.
func (l *Ledger) exec(ctx context.Context, statement string, arguments ...any) error {
	return l.transaction(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(statement, arguments...)
		return err
	})
}

// get reads the single row of a query; found is false if there is none.
func (l *Ledger) get(ctx context.Context, query string, arguments []any, destinations ...any) (found bool, err error) {
	err = l.transaction(ctx, func(tx *sql.Tx) error {
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
func (l *Ledger) Identity(ctx context.Context) (text string, err error) {
	_, err = l.get(ctx, "SELECT text FROM identity", nil, &text)
	return text, err
}

// KeepIdentity stores a copy of the device's identity.
func (l *Ledger) KeepIdentity(ctx context.Context, text string) error {
	return l.grow(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(
			"INSERT INTO identity (id, text) VALUES (1, ?) ON CONFLICT DO UPDATE SET text = excluded.text", text)
		return err
	}, func() {})
}
