package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/openlts/openlts/core/internal/datafile"
)

// A full disk must not prevent submission. Three mechanisms ensure that:
//
// The ledger has a reserve: pages for when there are no others. Transactions that add to the ledger
// don't touch the reserve, and fail on a full disk. Transactions that settle may use it: they mark
// reports as sent, take receipts, or give up what is too old.
//
// The journal gets its size in advance and keeps it, so that a transaction that touches no more
// than that can be rolled back on a full disk. Larger changes are done in parts.
//
// If a transaction fails for lack of room, reports that the server has are deleted. Reports of
// living runs were kept only in case something is added to their slots; that is then reported as
// another run.
const (
	// reservePages is more pages than settling one report needs, including the pages that it
	// splits.
	reservePages = 16
	// runPages is how many pages a run may need during its whole life, for its watermarks.
	runPages = 32
	// journalPages is more pages than such a transaction touches, even one that continues a run
	// with all its watermarks as another run.
	journalPages = 64
	// pageSize is the page size of a new ledger in bytes. It is small because the content is, and
	// so that a ledger fits on a disk with 200 KB to spare.
	pageSize = 1024
)

// ErrNoRoom is the error if the disk has no room for what is to be added.
var ErrNoRoom = errors.New("the disk, or what this user or process may use of it, is full")

// grow does a transaction that adds to the ledger, without using the reserve. On a full disk it
// deletes what is not needed any more and tries again.
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

// settle does a transaction that frees something, and may use the reserve for that.
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

// told turns SQLite's error for lack of room into ErrNoRoom.
func told(err error) error {
	if noRoom(err) {
		return fmt.Errorf("%w: %w", ErrNoRoom, err)
	}
	return err
}

// keepReserve creates the reserve if there is none.
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

// layIn takes pages for a row of the table reserve. It writes them, because a hole in the file
// would reserve nothing.
func layIn(tx *sql.Tx, row, pages int) error {
	var size int
	if err := tx.QueryRow("PRAGMA page_size").Scan(&size); err != nil {
		return err
	}
	_, err := tx.Exec("INSERT INTO reserve (rowid, pages) VALUES (?, zeroblob(?))", row, pages*size)
	return err
}

// RoomForRun ensures that the ledger has free pages for another run. If it can't, what a run counts
// could neither be kept nor submitted on a full disk: the error is ErrNoRoom.
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
		// A process that died in between left this row.
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

// reserveJournal gives the journal its size. The caller holds the lock. If it fails, transactions
// may fail on a full disk.
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
		// It writes zeros, because a hole would reserve no blocks. They come after the journal's
		// content and are not part of it.
		if lacking := journalPages*(size+64) - info.Size(); lacking > 0 {
			_, err = f.WriteAt(make([]byte, lacking), info.Size())
		}
	}
	return errors.Join(err, f.Close())
}

// makeRoom deletes what is not needed any more, and tells whether there was anything.
func (l *Ledger) makeRoom(ctx context.Context) bool {
	if err := l.letGo(ctx); err != nil {
		return false
	}
	n, _ := l.sweep(ctx) // after an error, what it has deleted is enough
	return n > 0
}

// letGo closes the slots of living runs except the latest of each, so that nothing is added to
// their reports that the server has.
func (l *Ledger) letGo(ctx context.Context) error {
	return l.settle(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(
			`UPDATE run SET closed_before = max(closed_before, (SELECT max(slot) FROM report WHERE report.run = run.id))
			WHERE finished = 0 AND EXISTS (SELECT 1 FROM report WHERE report.run = run.id AND revision <= accepted_revision)`)
		return err
	}, func() {})
}

// sweep deletes reports that the server has and to which nothing can be added, because their run is
// finished or their slot closed. It also deletes runs that have nothing left but their row. It
// returns how many rows it deleted.
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

// settledReports selects a limited number of reports that sweep deletes.
const settledReports = `SELECT report.run, report.slot FROM report JOIN run ON run.id = report.run
	WHERE (run.finished = 1 OR slot < run.closed_before) AND revision <= accepted_revision ORDER BY report.run, report.slot LIMIT ?1`

// deleteInParts runs statements with a limit until the last of them deletes fewer rows than that.
// It lowers the limit if the journal has no room for what they touch.
func (l *Ledger) deleteInParts(ctx context.Context, statements []string) (deleted int64, err error) {
	for limit := int64(1) << 14; ; {
		var n int64
		err := l.settle(ctx, func(tx *sql.Tx) error {
			for _, statement := range statements {
				result, err := tx.Exec(statement, limit)
				if err != nil {
					return err
				}
				n, _ = result.RowsAffected() // never fails with this driver
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

// InParts does something with all elements of a list at once or, if there is no room for that, with
// its halves, down to single elements. It stops at the first that fails.
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
