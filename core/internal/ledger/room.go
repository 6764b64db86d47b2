package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/openlts/openlts/core/internal/datafile"
)

// A full disk must not keep what is counted from being submitted. Three things see to it:
//
// The ledger has a reserve: pages that it can use when there are no others. What adds to
// the ledger leaves the reserve alone, and fails on a full disk. What settles, because it
// lists reports as sent, takes receipts, or gives up what is too old, may use it.
//
// The journal has a size to begin with, and keeps it, so that a transaction which touches
// no more than that can be taken back on a full disk. What would touch more is done in
// parts.
//
// What fails for lack of room makes some, of reports that the server has. Those of living
// runs are kept only in case something is added to their slots, which is reported as
// another run then.
const (
	// reservePages is more than settling one report takes, with all that is split by it.
	reservePages = 16
	// runPages is what a run may take for all of its life: its watermarks.
	runPages = 32
	// journalPages is what a transaction of that kind touches, and more: also one that lets
	// a run with all its watermarks go on as another.
	journalPages = 64
	// pageSize is that of a ledger that is made: small, because what is kept in it is, and
	// so that it can be made on a disk with 200 KB to spare.
	pageSize = 1024
)

// ErrNoRoom is the error when there is no room on the disk for what is to be added.
var ErrNoRoom = errors.New("the disk, or what this user or process may use of it, is full")

// grow is a transaction that adds to the ledger, and leaves the reserve alone. On a full
// disk it makes room of what is not needed any more.
func (l *Ledger) grow(ctx context.Context, do func(tx *sql.Tx) error, committed func()) error {
	add := func() error {
		return l.transact(ctx, func(tx *sql.Tx) error {
			if err := l.keepReserve(tx); err != nil {
				return err
			}
			return do(tx)
		}, committed)
	}
	err := add()
	if noRoom(err) && l.makeRoom(ctx) {
		err = add()
	}
	return told(err)
}

// settle is a transaction that lets something go, and may use the reserve for it.
func (l *Ledger) settle(ctx context.Context, do func(tx *sql.Tx) error, committed func()) error {
	err := l.transact(ctx, do, committed)
	if noRoom(err) {
		err = l.transact(ctx, func(tx *sql.Tx) error {
			if _, err := tx.Exec("DELETE FROM reserve"); err != nil {
				return err
			}
			return do(tx)
		}, committed)
	}
	return told(err)
}

// told makes a lack of room an ErrNoRoom.
func told(err error) error {
	if noRoom(err) {
		return fmt.Errorf("%w: %w", ErrNoRoom, err)
	}
	return err
}

// keepReserve lays the reserve in if there is none.
func (l *Ledger) keepReserve(tx *sql.Tx) error {
	if l.path == "" {
		return nil
	}
	var there bool
	err := tx.QueryRow("SELECT EXISTS (SELECT 1 FROM reserve WHERE rowid = ?)", theReserve).Scan(&there)
	if err != nil || there {
		return err
	}
	return layIn(tx, theReserve, reservePages)
}

// The rows of the table reserve.
const (
	theReserve = 1
	forRun     = 2 // see RoomForRun
)

// layIn takes pages for a row of the table reserve. They are written, which a hole in the
// file would not be.
func layIn(tx *sql.Tx, row, pages int) error {
	var size int
	if err := tx.QueryRow("PRAGMA page_size").Scan(&size); err != nil {
		return err
	}
	_, err := tx.Exec("INSERT INTO reserve (rowid, pages) VALUES (?, zeroblob(?))", row, pages*size)
	return err
}

// RoomForRun sees to it that the ledger has free pages for another run. Otherwise what a
// run counts could neither be kept nor submitted on a full disk: the error is ErrNoRoom.
func (l *Ledger) RoomForRun(ctx context.Context) error {
	if l.path == "" {
		return nil
	}
	taken := false
	err := l.grow(ctx, func(tx *sql.Tx) error {
		var free int
		if err := tx.QueryRow("PRAGMA freelist_count").Scan(&free); err != nil {
			return err
		}
		// Who died before this was given back left it.
		if _, err := tx.Exec("DELETE FROM reserve WHERE rowid = ?", forRun); err != nil {
			return err
		}
		if taken = free < runPages; taken {
			return layIn(tx, forRun, runPages)
		}
		return nil
	}, func() {})
	if err != nil || !taken {
		return err
	}
	return l.settle(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec("DELETE FROM reserve WHERE rowid = ?", forRun)
		return err
	}, func() {})
}

// reserveJournal gives the journal its size. Nobody else may have the lock. If that
// fails, transactions may fail on a full disk.
func (c *connection) reserveJournal() error {
	var size int64
	if err := c.transaction(func(tx *sql.Tx) error { return tx.QueryRow("PRAGMA page_size").Scan(&size) }); err != nil {
		return err
	}
	f, err := datafile.OpenOrCreate(c.path + journalSuffix)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		// Zeros are written, because a hole has no claim to any blocks. They follow what the
		// journal has, and are no part of it.
		if lacking := journalPages*(size+64) - info.Size(); lacking > 0 {
			_, err = f.WriteAt(make([]byte, lacking), info.Size())
		}
	}
	return errors.Join(err, f.Close())
}

// makeRoom deletes what is not needed any more, and tells whether there was something.
func (l *Ledger) makeRoom(ctx context.Context) bool {
	if err := l.letGo(ctx); err != nil {
		return false
	}
	n, _ := l.sweep(ctx) // what it did, it did
	return n > 0
}

// letGo closes the slots of living runs before the latest that each has, so that nothing
// is added to the reports of those which the server has.
func (l *Ledger) letGo(ctx context.Context) error {
	return l.settle(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(
			`UPDATE run SET closed_before = max(closed_before, (SELECT max(slot) FROM report WHERE report.run = run.id))
			WHERE finished = 0 AND EXISTS (SELECT 1 FROM report WHERE report.run = run.id AND revision <= accepted_revision)`)
		return err
	}, func() {})
}

// sweep deletes the reports that the server has and nothing can be added to, because their
// run is finished or their slot closed, and runs of which nothing is left but their row.
// It answers how many rows it deleted.
func (l *Ledger) sweep(ctx context.Context) (deleted int64, err error) {
	for _, statements := range [][]string{
		{`DELETE FROM report_count WHERE (run, slot) IN (` + settledReports + `)`,
			`DELETE FROM report WHERE (run, slot) IN (` + settledReports + `)`},
		{`DELETE FROM run WHERE id IN (SELECT id FROM run WHERE finished = 1 AND uuid LIKE 'detached %'
			AND NOT EXISTS (SELECT 1 FROM report WHERE report.run = run.id) ORDER BY id LIMIT ?1)`},
	} {
		n, err := l.deleteInParts(ctx, statements)
		if deleted += n; err != nil {
			return deleted, err
		}
	}
	return deleted, nil
}

// settledReports selects reports that sweep deletes: so many.
const settledReports = `SELECT report.run, report.slot FROM report JOIN run ON run.id = report.run
	WHERE (run.finished = 1 OR slot < run.closed_before) AND revision <= accepted_revision ORDER BY report.run, report.slot LIMIT ?1`

// deleteInParts runs statements with a limit until the last of them deletes less than
// that: with a lower one where the journal has no room for what they touch.
func (l *Ledger) deleteInParts(ctx context.Context, statements []string) (deleted int64, err error) {
	for limit := int64(1) << 14; ; {
		var n int64
		err := l.settle(ctx, func(tx *sql.Tx) error {
			for _, statement := range statements {
				result, err := tx.Exec(statement, limit)
				if err != nil {
					return err
				}
				n, _ = result.RowsAffected() // the driver knows
			}
			return nil
		}, func() {})
		if errors.Is(err, ErrNoRoom) && limit > 1 {
			limit /= 8
			continue
		}
		if err != nil {
			return deleted, err
		}
		if deleted += n; n < limit {
			return deleted, nil
		}
	}
}

// InParts does something with all elements of a list, or with its halves where there is
// no room to do it at once, down to single ones. It ends at the first that fails.
func InParts[T any](list []T, do func([]T) error) error {
	err := do(list)
	if !errors.Is(err, ErrNoRoom) || len(list) < 2 {
		return err
	}
	half := len(list) / 2
	if err := InParts(list[:half], do); err != nil {
		return err
	}
	return InParts(list[half:], do)
}
