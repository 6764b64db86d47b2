package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/openlts/openlts/core/internal/datafile"
	"github.com/openlts/openlts/core/internal/filelock"
	"github.com/openlts/openlts/core/internal/tally"
)

// counters is what a run counted, and how much of that it knows to be folded.
type counters interface {
	Sums(frame int) *[tally.Types]uint64
	Folded(frame int) *[tally.Types]uint64
}

// Usage reads the device's usage, for all servers together: what is in the ledger, and
// what its runs counted that is not yet, in all processes. own is the caller's run. While
// the lock is held nobody folds, so each unit is seen once: in the ledger, or in a tally.
//
// counted is what Counted was then.
//
// A process that can't look into the directory any more, because it dropped its
// privileges or changed its root, sees its own tally only.
func (l *Ledger) Usage(ctx context.Context, own *tally.Tally) (usage Account, counted int64, err error) {
	err = l.transaction(ctx, func(tx *sql.Tx) error {
		var err error
		if usage, err = readAccount(tx); err != nil {
			return err
		}
		counted = l.Counted(own)
		units, err := unfolded(tx, own.Run, true, own)
		if err == nil {
			usage.add(units)
			err = l.addOthers(ctx, tx, own.Run, &usage)
		}
		return err
	})
	return usage, counted, err
}

// Counted is how many units a run of this ledger recorded in all. It needs no transaction.
func (l *Ledger) Counted(own *tally.Tally) int64 { return l.beside.Load() + own.Total() }

// add adds what is in a tally only.
func (a *Account) add(units int64) {
	a.Recorded += units
	a.Pending += units
}

// addOthers adds what other runs counted.
func (l *Ledger) addOthers(ctx context.Context, tx *sql.Tx, own string, usage *Account) error {
	if l.path == "" || !l.open.place.Reachable() {
		return nil
	}
	directory := filepath.Dir(l.path)
	paths, err := tally.Orphans(directory)
	if err != nil {
		return fmt.Errorf("looking for the counters of other runs: %w", err)
	}
	for _, path := range paths {
		if path == tally.Path(directory, own) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%w: reading the counters of %d runs: %w", ErrBusy, len(paths), err)
		}
		other, err := tally.Look(path)
		if err != nil {
			if leftAlone(err) {
				continue
			}
			return fmt.Errorf("reading the counters of another run: %w", err)
		}
		units, err := unfolded(tx, other.Run(), other.Lives(), other)
		if err != nil {
			return err
		}
		usage.add(units)
	}
	return nil
}

// leftAlone tells whether an error means that a file is not, or not any more, what an
// adoption would count: what was adopted meanwhile is in the ledger.
func leftAlone(err error) bool {
	for _, reason := range []error{
		os.ErrNotExist, os.ErrPermission, datafile.ErrForeign, filelock.ErrLocked,
		tally.ErrNotATally, tally.ErrLaterVersion,
	} {
		if errors.Is(err, reason) {
			return true
		}
	}
	return false
}

// unfolded is how many units of a run are not in the ledger, as MeetRun would find.
func unfolded(tx *sql.Tx, uuid string, lives bool, c counters) (units int64, err error) {
	marks, finished, err := knownMarks(tx, uuid)
	if err != nil || finished && !lives {
		return 0, err // its file is about to be removed
	}
	for frame := range tally.AllFrames {
		folded := c.Folded(frame)
		if marks != nil {
			folded = &marks[frame]
		}
		for counter, sum := range c.Sums(frame) {
			// Never less, unless the tally is older than the ledger; see tally.Raise.
			if sum > folded[counter] {
				units += int64(sum - folded[counter])
			}
		}
	}
	return units, nil
}

// knownMarks is how far the ledger says that a run is folded; nil if what the tally
// keeps stands in for it.
func knownMarks(tx *sql.Tx, uuid string) (marks *Watermarks, finished bool, err error) {
	var id int64
	err = tx.QueryRow("SELECT id, finished FROM run WHERE uuid = ?", uuid).Scan(&id, &finished)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil || finished {
		return nil, finished, err
	}
	marks, err = watermarks(tx, id)
	if err != nil || !marks.sound() {
		return nil, false, err
	}
	return marks, false, nil
}
