// Package ledger is the client's durable memory: a SQLite database in the data
// directory, shared by all processes of the device that use it, and by all copies
// of the library in them.
//
// It never crashes and never silently starts over: a database that is damaged,
// or newer than this version, is set aside under another name and a new one is
// begun, and a notice says so. It heals itself: what goes wrong in one transaction,
// a file that is removed or a lock that can't be had, is tried anew in the next.
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

// Ledger is a ledger in use. Its methods may be called from any goroutine; each
// is one transaction, and waits for others' until its context ends.
type Ledger struct {
	path    string // "" if the ledger is in memory only
	options Options

	stuck  atomic.Bool   // nobody of us could have the lock for stuckAfter
	beside atomic.Int64  // units that Record added, which are in no tally
	turn   chan struct{} // holds a token during a transaction

	// What follows belongs to whoever has the turn, and the lock.
	closed    bool
	heldSince time.Time      // since when nobody of us could have the lock; zero if somebody could
	lock      *filelock.File // nil until it was opened
	open      *connection    // nil until it could be opened
	suspect   bool           // the last transaction failed: the connection is made anew
	anew      attempts       // at writing the file anew that was removed

	mu     sync.Mutex // guards damage
	damage string
}

// Options are what a ledger takes from outside.
type Options struct {
	// Now is the time: for the names of files that are set aside, and for revisions.
	Now func() time.Time
	// Notify, unless it is nil, is told what happened to the ledger. It is called during
	// a transaction and must not call the ledger.
	Notify func(Notice)
}

// Notice tells of something that happened to a ledger as a whole.
type Notice struct {
	// Damage is what was wrong with the ledger that was found; what it held may be lost,
	// see Balance. "" if it was merely removed in use, and is written anew.
	Damage string
}

// Open opens the ledger of a data directory, or makes it. An empty directory means
// memory only. If the error is ErrBusy, the ledger could not be opened now and will
// be as soon as others let it; after any other error there is none.
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

// Damage says what was wrong with the ledger when it was last opened; "" if nothing
// was. What it held may be lost; see Balance.
func (l *Ledger) Damage() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.damage
}

// notify tells of damage, or that the ledger was written anew.
func (l *Ledger) notify(n Notice) {
	l.mu.Lock()
	l.damage = n.Damage
	l.mu.Unlock()
	if l.options.Notify != nil {
		l.options.Notify(n)
	}
}

// Try tells why the ledger can't be used now; nil if it can.
func (l *Ledger) Try(ctx context.Context) error {
	return l.transaction(ctx, func(*sql.Tx) error { return nil })
}

// Durable is false if the ledger is in memory only.
func (l *Ledger) Durable() bool { return l.path != "" }

// Close closes the ledger. It waits for the transaction that is under way.
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

// ErrBusy is the error when others had the ledger for as long as we may wait,
// ErrClosed after Close.
var (
	ErrBusy   = errors.New("another process has the ledger")
	ErrClosed = errors.New("the ledger is closed")
)

// errMoved is the error of a transaction whose file was removed or replaced
// meanwhile: it is done again in the one that is there.
var errMoved = errors.New("the ledger's file is removed or replaced again and again")

// transaction is one that does not change the account; see alter.
func (l *Ledger) transaction(ctx context.Context, do func(tx *sql.Tx) error) error {
	return l.transact(ctx, do, func() {})
}

// transact does something in a transaction, and then, still alone with the ledger,
// what is to be done once it is committed.
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
		// Last of all: what is committed to a file that is gone is lost, and without the
		// lock at its place others may be in the ledger, too.
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

// enter waits until nobody else is in the ledger, in this process or another one,
// and sees to it that it is open. Nobody else is until leave.
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
			// Another one of us has it by now, and is at work.
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
		// Who could not wait for long has not seen more than a ledger in use.
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

// How long the lock is waited for at most: not long if it could not be had before,
// because its holder may be stopped, and who waits has other things to do.
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

// get reads the one row of a query; found is false if there is none.
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

// KeepIdentity keeps a copy of the device's identity.
func (l *Ledger) KeepIdentity(ctx context.Context, text string) error {
	return l.grow(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(
			"INSERT INTO identity (id, text) VALUES (1, ?) ON CONFLICT DO UPDATE SET text = excluded.text", text)
		return err
	}, func() {})
}
