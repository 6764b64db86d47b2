package ledger

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"os"
	"time"

	"github.com/openlts/openlts/core/internal/datafile"
)

// The witness is a second copy of the ledger's account, in a file of its own. If the ledger was
// lost or set aside, or is an older copy, it can't tell that itself. The witness can: it knows how
// much was recorded, and so how much is missing.
//
// The file has two halves that are written in turn, so that an interrupted write leaves the other
// half intact. Each half has one testimony, which is written before its transaction is committed,
// and confirmed after that. So if a ledger is one change behind an unconfirmed testimony, that
// change was just not committed.
//
//	              transaction                commit succeeded
//	confirmed(n) ------------> testified(n+1) ----------------> confirmed(n+1)
//	     ^                          |
//	     |                          | the process dies; the ledger is opened again (examine):
//	     |                          +-- it has n+1: committed. Goes on
//	     |                          +-- it has n:   not committed. Goes on, from n
//	     |                          +-- it has less, or is another: it was lost or is an older copy.
//	     |                                The account is the witness's, what is missing is
//	     +------------------------------- declared lost (Balance), and that is testified
//
// The witness is not synced: an older testimony after a power cut does no harm, because a ledger
// may be ahead of its witness. If it can't be written, nothing fails: it is the second line of
// defense.
type witness struct {
	file *os.File // nil if there is none
}

// WitnessName is the name of the witness in the data directory.
const WitnessName = "ledger.account"

const (
	halfSize = 16 << 10
	// A half has the length and the checksum of the testimony (4 bytes each), the testimony in JSON
	// and, at its end, the change that was confirmed last.
	offsetJSON      = 8
	offsetConfirmed = halfSize - 8
)

// testimony is what the witness knows.
type testimony struct {
	Ledger   string             `json:"ledger"`  // its UUID
	Changes  int64              `json:"changes"` // of its account so far
	Accounts map[string]*totals `json:"accounts"`

	confirmed bool
}

// totals is a device's account with one server, without the pending units.
type totals struct {
	Recorded int64 `json:"recorded"`
	Accepted int64 `json:"accepted"`
	Expired  int64 `json:"expired"`
	Refused  int64 `json:"refused"`
	Storage  int64 `json:"storage"`
}

func (t *totals) pending() int64 {
	return t.Recorded - t.Accepted - t.Expired - t.Refused - t.Storage
}

// openWitness opens the witness at path, or creates it. If something is there that is not our file,
// it stays, and there is no witness.
func openWitness(path string) *witness {
	f, err := datafile.OpenOrCreate(path)
	if errors.Is(err, datafile.ErrLinked) && datafile.Separate(path, 2*halfSize) == nil { // by a backup, perhaps
		f, err = datafile.OpenOrCreate(path)
	}
	if err != nil {
		return &witness{}
	}
	// Allocate all of it now, so that it can be written when the disk is full.
	if info, err := f.Stat(); err == nil && info.Size() < 2*halfSize {
		_, _ = f.WriteAt(make([]byte, 2*halfSize-info.Size()), info.Size())
	}
	return &witness{f}
}

func (w *witness) close() {
	if w.file != nil {
		_ = w.file.Close()
	}
}

// half is where the testimony of a change is written.
func half(changes int64) int64 { return changes % 2 * halfSize }

func (w *witness) testify(t testimony) {
	if w.file == nil {
		return
	}
	text, err := json.Marshal(t)
	if err != nil || offsetJSON+len(text) > offsetConfirmed {
		return // there are more servers than any device has
	}
	record := binary.LittleEndian.AppendUint32(nil, uint32(len(text)))
	record = binary.LittleEndian.AppendUint32(record, crc32.ChecksumIEEE(text))
	_, _ = w.file.WriteAt(append(record, text...), half(t.Changes))
}

func (w *witness) confirm(changes int64) {
	if w.file != nil {
		_, _ = w.file.WriteAt(binary.LittleEndian.AppendUint64(nil, uint64(changes)), half(changes)+offsetConfirmed)
	}
}

// latest returns the testimony of the latest change, if there is one, and that of the latest change
// known to be committed, if there is one.
func (w *witness) latest() (latest, committed testimony, ok bool) {
	for h := range int64(2) {
		t, readable := w.read(h * halfSize)
		if !readable {
			continue
		}
		if !ok || t.Changes > latest.Changes {
			latest, ok = t, true
		}
		if t.confirmed && t.Changes > committed.Changes {
			committed = t
		}
	}
	if !committed.confirmed {
		committed = latest
	}
	return latest, committed, ok
}

func (w *witness) read(offset int64) (t testimony, ok bool) {
	if w.file == nil {
		return t, false
	}
	text := make([]byte, halfSize)
	if _, err := w.file.ReadAt(text, offset); err != nil {
		return t, false
	}
	length, sum := binary.LittleEndian.Uint32(text), binary.LittleEndian.Uint32(text[4:])
	if length > offsetConfirmed-offsetJSON {
		return t, false
	}
	record := text[offsetJSON : offsetJSON+length]
	if crc32.ChecksumIEEE(record) != sum || json.Unmarshal(record, &t) != nil {
		return t, false
	}
	t.confirmed = int64(binary.LittleEndian.Uint64(text[offsetConfirmed:])) == t.Changes
	return t, t.Ledger != ""
}

// alter does a transaction that may add to the account, and tells the witness.
func (l *Ledger) alter(ctx context.Context, do func(tx *sql.Tx) error) error {
	do, committed := l.witnessed(do)
	return l.grow(ctx, do, committed)
}

// alterSettling is alter for transactions that only move units within the account; see settle.
func (l *Ledger) alterSettling(ctx context.Context, do func(tx *sql.Tx) error) error {
	do, committed := l.witnessed(do)
	return l.settle(ctx, do, committed)
}

// witnessed makes a change of the account one of which the witness is told.
func (l *Ledger) witnessed(do func(tx *sql.Tx) error) (witnessed func(tx *sql.Tx) error, committed func()) {
	var changes int64 // the number of changes of the account so far; 0 if it did not change
	return func(tx *sql.Tx) error {
			changes = 0
			before, err := rowsChanged(tx)
			if err != nil {
				return err
			}
			if err := do(tx); err != nil {
				return err
			}
			after, err := rowsChanged(tx)
			if err != nil || after == before {
				return err
			}
			changes, err = l.open.testify(tx, 0)
			return err
		}, func() {
			if changes > 0 {
				l.open.witness.confirm(changes)
			}
		}
}

func rowsChanged(tx *sql.Tx) (n int64, err error) {
	err = tx.QueryRow("SELECT total_changes()").Scan(&n)
	return n, err
}

// testify counts a change of the account and tells the witness. The resulting number of changes is
// greater than atLeast.
func (c *connection) testify(tx *sql.Tx, atLeast int64) (changes int64, err error) {
	t := testimony{}
	if err := tx.QueryRow("UPDATE ledger SET changes = max(changes, ?) + 1 RETURNING uuid, changes", atLeast).
		Scan(&t.Ledger, &t.Changes); err != nil {
		return 0, err
	}
	if t.Accounts, err = readAccounts(tx); err != nil {
		return 0, err
	}
	c.witness.testify(t)
	return t.Changes, nil
}

// examine compares a ledger that was just opened with its witness. If the ledger lacks committed
// changes, it was lost or is an older copy. Then the account becomes the witness's. The reports of
// the ledger are marked as found again, get revisions above those that the server may have seen,
// and nothing is added to them. changes is the number of the change of which the witness was told.
func examine(c *connection, now time.Time) (fellBack bool, changes int64, err error) {
	err = c.transaction(func(tx *sql.Tx) error {
		var ledger string
		if err := tx.QueryRow("SELECT uuid, changes FROM ledger").Scan(&ledger, &changes); err != nil {
			return err
		}
		last, committed, ok := c.witness.latest()
		fellBack = ok &&
			(last.Ledger != ledger || last.Changes > changes+1 || last.Changes == changes+1 && last.confirmed)
		if !fellBack {
			return nil
		}
		if _, err := tx.Exec("DELETE FROM account"); err != nil {
			return err
		}
		// If the last change was committed but not confirmed, the process that made it died before
		// it knew, and the tally does not know about the change either.
		for lts, t := range committed.Accounts {
			for name, units := range t.fields() {
				if err := addToAccount(tx, lts, name, *units); err != nil {
					return err
				}
			}
		}
		open, err := column[int64](tx, "SELECT id FROM run WHERE finished = 0")
		if err != nil {
			return err
		}
		for _, id := range open {
			if err := detach(tx, id); err != nil {
				return err
			}
		}
		if _, err := tx.Exec("UPDATE report SET revision = max(revision + 1, ?), found = found + "+pendingOfReport,
			revisionAbove(now)); err != nil {
			return err
		}
		changes, err = c.testify(tx, last.Changes)
		return err
	})
	return fellBack, changes, err
}

// revisionAbove is a revision above all earlier ones, provided that a report's revision rises by
// less than a million a second.
func revisionAbove(now time.Time) int64 { return now.Unix() << 20 }
