package ledger

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

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

// Reopen goes on with the file that is there now, after Gone or ErrMoved, and
// answers whether that is another one. If there is none, it is written anew from the
// one that is still open, so that nothing is lost.
func (l *Ledger) Reopen(now time.Time) (another bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return false, err
	}
	defer l.exclude()()
	if !l.gone() {
		// Another goroutine was faster; or who gave the ledger up died before the end of
		// it, and the file was not gone, or is back.
		return false, l.setMoved(false)
	}
	// From here on no process changes the one that was removed; those that have it
	// open find that out and go on with the new one, too.
	if err := l.setMoved(true); err != nil {
		return false, fmt.Errorf("giving up the ledger that was removed: %w", err)
	}
	if _, err := os.Stat(l.path); errors.Is(err, os.ErrNotExist) {
		if err := l.writeAnew(); err != nil {
			return false, fmt.Errorf("%s was removed and can't be written anew: %w", l.path, err)
		}
	}
	before, witness, opened := l.db, l.witness, l.opened
	if err := l.open(now); err != nil {
		l.db, l.witness, l.opened = before, witness, opened
		return false, err
	}
	witness.close()
	return true, before.Close()
}

func (l *Ledger) setMoved(moved bool) error {
	return inTransaction(l.db, wait{locks: l.wait.locks}, func(tx *sql.Tx) error {
		_, err := tx.Exec("UPDATE ledger SET moved = ?", moved)
		return err
	})
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
	_, err = l.db.Exec("VACUUM INTO ?", unfinished)
	if err == nil {
		_, err = l.db.Exec("ATTACH ? AS anew", unfinished)
	}
	if err == nil {
		_, err = l.db.Exec("UPDATE anew.ledger SET moved = 0")
		_, detached := l.db.Exec("DETACH anew")
		err = errors.Join(err, detached)
	}
	if err != nil {
		return errors.Join(err, os.Remove(unfinished))
	}
	// A log that is left of the former file is none of this one's.
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(l.path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return os.Rename(unfinished, l.path)
}

// unlessMoved is a transaction in a ledger that was not given up.
func (l *Ledger) unlessMoved(do func(tx *sql.Tx) error) error {
	return inTransaction(l.db, l.wait, func(tx *sql.Tx) error {
		var moved bool
		if err := tx.QueryRow("SELECT moved FROM ledger").Scan(&moved); err != nil {
			return err
		}
		if moved {
			return ErrMoved
		}
		return do(tx)
	})
}
