package ledger

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/openlts/openlts/core/internal/datafile"
	"github.com/openlts/openlts/core/internal/tally"
)

// Whoever calls a function of this file holds the lock.

// journalSuffix ends the name of the file from which SQLite rolls back an interrupted transaction.
const journalSuffix = "-journal"

// ready ensures that the ledger at the path is open, in the state in which others left it.
func (l *Ledger) ready() error {
	switch {
	case l.open == nil:
		return l.connect()
	case l.open.gone():
		return l.follow()
	case l.suspect, l.open.journalGone():
		return l.reconnect()
	}
	return nil
}

// reconnect makes a new connection after one had an error.
func (l *Ledger) reconnect() error {
	l.suspect = false
	if !l.open.place.Reachable() {
		return nil // a ledger in memory has only this connection
	}
	// Close before opening: closing rolls back what a failed commit left.
	err := l.open.close()
	l.open = nil
	return errors.Join(l.connect(), err)
}

// follow continues with the ledger that is at the path now. If there is none, follow writes a new
// file from the ledger that is still open, so that nothing is lost.
func (l *Ledger) follow() error {
	l.suspect = false
	before := l.open
	if _, err := os.Lstat(l.path); !errors.Is(err, os.ErrNotExist) {
		err := before.close()
		l.open = nil
		return errors.Join(l.connect(), err)
	}
	err := l.anew.try(l.writeAnew)
	if err != nil && !damaged(err) {
		return fmt.Errorf("%s was removed and can't be written anew: %w", l.path, err)
	}
	// If the open ledger is damaged, the witness knows what is missing.
	l.open = nil
	err = errors.Join(l.connect(), before.close())
	if err == nil {
		err = l.open.leaveTallies(filepath.Dir(l.path))
	}
	if err == nil {
		l.notify(Notice{})
	}
	return err
}

// leaveTallies notes which living runs have no tally in the directory of a ledger that was just
// written again. The directory may have been renamed together with the tallies: then they are in
// use or will be found there. Whoever does not hold their locks can't say that they are lost.
func (c *connection) leaveTallies(directory string) error {
	return c.transaction(func(tx *sql.Tx) error {
		runs, err := column[string](tx, "SELECT uuid FROM run WHERE finished = 0 AND has_file = 1")
		if err != nil {
			return err
		}
		for _, run := range runs {
			if _, err := os.Lstat(tally.Path(directory, run)); !errors.Is(err, os.ErrNotExist) {
				continue
			}
			if _, err := tx.Exec("UPDATE run SET has_file = 0 WHERE uuid = ?", run); err != nil {
				return err
			}
		}
		return nil
	})
}

// attempts limits retries of something costly that keeps failing: after each failure there is a
// longer pause, in which the last error is returned again. The zero value has made no attempt.
type attempts struct {
	last  error
	pause time.Duration
	until time.Time
}

// The pauses between attempts.
const (
	firstPause   = time.Second
	longestPause = time.Minute
)

func (a *attempts) try(do func() error) error {
	if a.last != nil && time.Now().Before(a.until) {
		return a.last
	}
	if a.last = do(); a.last == nil {
		a.pause = 0
		return nil
	}
	a.pause = min(max(2*a.pause, firstPause), longestPause)
	a.until = time.Now().Add(a.pause)
	return a.last
}

// writeAnew writes the content of the open database to a new file at its path.
func (l *Ledger) writeAnew() (err error) {
	// SQLite plays back a journal only beside a file. If we die before the end, this file is an
	// empty ledger, and the witness knows what is missing.
	placeholder, err := datafile.Create(l.path)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = datafile.Remove(l.path)
		}
	}()
	if err := placeholder.Close(); err != nil {
		return err
	}
	unfinished := l.path + datafile.UnfinishedExtension
	if err := errors.Join(removeAny(unfinished), removeAny(unfinished+journalSuffix)); err != nil {
		return err
	}
	f, err := datafile.Create(unfinished) // SQLite would create it readable for everybody
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := l.open.copyTo(unfinished); err != nil {
		return errors.Join(err, datafile.Remove(unfinished))
	}
	// A journal of the former file does not belong to the new one.
	if err := removeAny(l.path + journalSuffix); err != nil {
		return err
	}
	return datafile.Rename(unfinished, l.path)
}

func removeAny(path string) error {
	if err := datafile.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// connect opens the file at the path; it creates a missing file and sets a damaged one aside. It
// leaves to the caller what was open before.
func (l *Ledger) connect() error {
	open, damage, err := l.openOrMake()
	if err != nil {
		return fmt.Errorf("opening %s: %w", l.path, err)
	}
	fellBack, changes, err := examine(open, l.options.Now())
	if err != nil {
		return errors.Join(fmt.Errorf("opening %s: %w", l.path, err), open.close())
	}
	if fellBack {
		open.witness.confirm(changes)
		if damage == "" {
			damage = "the ledger is gone or was replaced by an older copy"
		}
	}
	l.open = open
	if damage != "" {
		l.notify(Notice{Damage: damage})
	}
	return nil
}

func (l *Ledger) openOrMake() (open *connection, damage string, err error) {
	if err := l.makeFile(); err != nil {
		return nil, "", err
	}
	if open, err = openFile(l.path); err == nil {
		return open, "", nil
	}
	// Try once more, because the error may pass: SQLite also calls a page damaged if it could not
	// be read, and a failing disk is not a damaged file.
	if tooLarge(l.path) {
		err = fmt.Errorf("%w: it has more than %d bytes", errBadPage, maxSize)
	} else {
		if err := readable(l.path); err != nil {
			return nil, "", err
		}
		if open, err = openFile(l.path); err == nil || !damaged(err) {
			return open, "", err
		}
	}
	aside, asideErr := l.setAside()
	if asideErr != nil {
		return nil, "", fmt.Errorf("it is damaged (%w) and can't be set aside: %w", err, asideErr)
	}
	damage = fmt.Sprintf("the ledger was damaged and set aside as %s: %v", filepath.Base(aside), err)
	if err := l.makeFile(); err != nil {
		return nil, "", err
	}
	open, err = openFile(l.path)
	return open, damage, err
}

// maxSize is more bytes than any ledger has.
const maxSize = 1 << 30

// makeFile creates the file of a ledger if there is none, readable for us only, and clears away
// what is not ours.
func (l *Ledger) makeFile() error {
	journal := l.path + journalSuffix
	if _, err := l.clearAway(journal); err != nil {
		return err
	}
	there, err := l.clearAway(l.path)
	if errors.Is(err, datafile.ErrLinked) { // perhaps by a backup
		return datafile.Separate(l.path, maxSize)
	}
	if err != nil || there {
		return err
	}
	// SQLite would take a journal without its file for the journal of this one.
	if err := removeAny(journal); err != nil {
		return err
	}
	f, err := datafile.Create(l.path)
	if err != nil {
		return err
	}
	return f.Close()
}

// foreignExtension ends the name of what is set aside because it is not ours.
const foreignExtension = ".damaged"

// clearAway renames what is at a path if it is not ours, and returns whether there is a file of
// ours. It opens that file, to find out whether it can be written: SQLite would just open it for
// reading.
func (l *Ledger) clearAway(path string) (there bool, err error) {
	f, err := datafile.Open(path, datafile.Write)
	switch {
	case err == nil:
		return true, f.Close()
	case errors.Is(err, os.ErrNotExist):
		return false, nil
	case errors.Is(err, datafile.ErrForeign) && !errors.Is(err, datafile.ErrLinked):
		aside, asideErr := datafile.SetAside(path, foreignExtension)
		if asideErr != nil {
			return false, errors.Join(err, asideErr)
		}
		l.notify(Notice{Damage: fmt.Sprintf("%v; it was set aside as %s", err, filepath.Base(aside))})
		return false, nil
	default:
		return false, err
	}
}

// tooLarge tells whether a file is too large to be a ledger. It should not be read: a sparse file
// takes no room on the disk, but forever to read.
func tooLarge(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Size() > maxSize
}

// readable says why a database can't be read.
func readable(path string) error {
	f, err := datafile.Open(path, datafile.Read)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, f)
	return errors.Join(err, f.Close())
}

// setAside renames a database and its other files.
func (l *Ledger) setAside() (aside string, err error) {
	aside = fmt.Sprintf("%s.damaged-%s", l.path, l.options.Now().UTC().Format("20060102T150405.000"))
	if err := datafile.Rename(l.path, aside); err != nil {
		return "", err
	}
	// Somebody may have given it a write-ahead log with a tool.
	for _, suffix := range []string{journalSuffix, "-wal", "-shm"} {
		if err := datafile.Rename(l.path+suffix, aside+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	return aside, nil
}
