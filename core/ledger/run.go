package ledger

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/tally"
)

// revisionBaseAfterLoss is above any revision a run reaches in its life.
const revisionBaseAfterLoss = 1 << 40

// RunState is what the ledger knows of a run.
type RunState int

// Run states.
const (
	RunUnknown  RunState = iota
	RunOpen              // its tally may hold what the ledger does not
	RunFinished          // everything was folded; its tally file is of no use
)

// RunState tells what the ledger knows of a run.
func (l *Ledger) RunState(run string) (RunState, error) {
	var finished bool
	err := l.db.QueryRow("SELECT finished FROM run WHERE uuid = ?", run).Scan(&finished)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return RunUnknown, nil
	case err != nil:
		return RunUnknown, err
	case finished:
		return RunFinished, nil
	default:
		return RunOpen, nil
	}
}

// RegisterRun enters the run of a tally that is new, or that the ledger lost:
// then the tally's bases stand in for the watermarks, and the names it noted are
// those of the host's types.
func (l *Ledger) RegisterRun(t *tally.Tally, lostBefore bool) error {
	base := int64(0)
	if lostBefore {
		base = revisionBaseAfterLoss
	}
	return inTransaction(l.db, func(tx *sql.Tx) error {
		result, err := tx.Exec(`INSERT INTO run (uuid, lts, handshake_code, item, slot_seconds, revision_base)
			VALUES (?, ?, ?, ?, ?, ?)`,
			t.Run, t.Account.LTS, t.Account.HandshakeCode, t.Account.Item, int64(t.Slot), base)
		if err != nil || !lostBefore {
			return err
		}
		id, err := result.LastInsertId()
		if err != nil {
			return err
		}
		for number := int(protocol.FirstHostOperationType); number < tally.Types; number++ {
			if name := t.TypeName(number); name != "" {
				if _, err := tx.Exec("INSERT INTO operation_type VALUES (?, ?, ?)", id, number, name); err != nil {
					return err
				}
			}
		}
		for frame := range tally.Frames {
			for operationType, n := range t.Bases(frame) {
				if err := setWatermark(tx, id, frame, operationType, n); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func setWatermark(tx *sql.Tx, run int64, frame, operationType int, n uint64) error {
	if n == 0 {
		return nil // no row is zero
	}
	_, err := tx.Exec(`INSERT INTO watermark VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET folded = excluded.folded`,
		run, frame, operationType, int64(n))
	return err
}

func runID(tx *sql.Tx, run string) (id, revisionBase int64, err error) {
	err = tx.QueryRow("SELECT id, revision_base FROM run WHERE uuid = ?", run).Scan(&id, &revisionBase)
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("the ledger does not know run %s", run)
	}
	return id, revisionBase, err
}

// Watermarks is how far each counter of a run was folded.
type Watermarks [tally.Frames][tally.Types]uint64

// Watermarks reads how far each counter of a run was folded.
func (l *Ledger) Watermarks(run string) (*Watermarks, error) {
	var marks *Watermarks
	err := inTransaction(l.db, func(tx *sql.Tx) error {
		id, _, err := runID(tx, run)
		if err == nil {
			marks, err = watermarks(tx, id)
		}
		return err
	})
	return marks, err
}

func watermarks(tx *sql.Tx, run int64) (*Watermarks, error) {
	rows, err := tx.Query("SELECT frame, type, folded FROM watermark WHERE run = ?", run)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var marks Watermarks
	for rows.Next() {
		var frame, operationType int
		var folded int64
		if err := rows.Scan(&frame, &operationType, &folded); err != nil {
			return nil, err
		}
		if frame < 0 || frame >= tally.Frames || operationType < 0 || operationType >= tally.Types {
			return nil, fmt.Errorf("the ledger has a watermark of frame %d, type %d", frame, operationType)
		}
		marks[frame][operationType] = uint64(folded)
	}
	return &marks, rows.Err()
}

// FrameSums is what a frame's counters show for the slot it is labelled with.
type FrameSums struct {
	Frame int
	Slot  int64
	Sums  *[tally.Types]uint64
}

// Fold moves what is new in the counters of a run to the reports of its slots,
// and the watermark with it, in one transaction: counters minus watermark is
// what is new, so folding twice, or dying in between, changes nothing. It
// answers how many units were new.
func (l *Ledger) Fold(run string, frames []FrameSums) (units int64, err error) {
	err = inTransaction(l.db, func(tx *sql.Tx) error {
		units = 0
		id, base, err := runID(tx, run)
		if err != nil {
			return err
		}
		marks, err := watermarks(tx, id)
		if err != nil {
			return err
		}
		names, err := typeNames(tx, id)
		if err != nil {
			return err
		}
		for _, f := range frames {
			added := map[string]int64{}
			for operationType, sum := range f.Sums {
				folded := marks[f.Frame][operationType]
				if sum <= folded {
					continue // never less; see tally.Raise
				}
				added[names[operationType]] += int64(sum - folded)
				if err := setWatermark(tx, id, f.Frame, operationType, sum); err != nil {
					return err
				}
			}
			n, err := addToReport(tx, id, base, f.Slot, added)
			if err != nil {
				return err
			}
			units += n
		}
		return addToAccount(tx, "recorded", units)
	})
	return units, err
}

// Record adds units to the report of a slot directly, for operations with a
// time stamp of the host's. It is durable when it returns.
func (l *Ledger) Record(run string, slotStart int64, operationType int, n int64) error {
	return inTransaction(l.db, func(tx *sql.Tx) error {
		id, base, err := runID(tx, run)
		if err != nil {
			return err
		}
		names, err := typeNames(tx, id)
		if err != nil {
			return err
		}
		if _, err = addToReport(tx, id, base, slotStart, map[string]int64{names[operationType]: n}); err != nil {
			return err
		}
		return addToAccount(tx, "recorded", n)
	})
}

// addToReport raises a slot's report by what is new, and its revision by one.
func addToReport(tx *sql.Tx, run, revisionBase, slotStart int64, added map[string]int64) (units int64, err error) {
	for name, n := range added {
		units += n
		_, err := tx.Exec(`INSERT INTO report_count (run, slot, type, count) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET count = count + excluded.count`, run, slotStart, name, n)
		if err != nil {
			return 0, err
		}
	}
	if units == 0 {
		return 0, nil
	}
	var lost string
	err = tx.QueryRow(`INSERT INTO report (run, slot, revision) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET revision = revision + 1 RETURNING lost`, run, slotStart, revisionBase+1).Scan(&lost)
	if err == nil && lost != "" {
		// The slot was given up already; what comes now goes the same way.
		err = addToAccount(tx, lost, units)
	}
	return units, err
}

func addToAccount(tx *sql.Tx, name string, units int64) error {
	if units == 0 {
		return nil
	}
	_, err := tx.Exec("UPDATE account SET units = units + ? WHERE name = ?", units, name)
	return err
}

// typeNames is the name of each operation type of a run.
func typeNames(tx *sql.Tx, run int64) ([tally.Types]string, error) {
	var names [tally.Types]string
	for number := range names {
		// A type that neither the ledger nor the tally has a name of keeps its number.
		names[number] = fmt.Sprintf("TYPE_%d", number)
	}
	for number, name := range protocol.OperationTypeNames() {
		names[number] = name
	}
	rows, err := tx.Query("SELECT number, name FROM operation_type WHERE run = ?", run)
	if err != nil {
		return names, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var number int
		var name string
		if err := rows.Scan(&number, &name); err != nil {
			return names, err
		}
		if number >= 0 && number < len(names) {
			names[number] = name
		}
	}
	return names, rows.Err()
}

// DefineType gives a name a number for a run: the same again if it has one.
// full is reported when all numbers for hosts are taken.
func (l *Ledger) DefineType(run, name string) (number int, full bool, err error) {
	err = inTransaction(l.db, func(tx *sql.Tx) error {
		id, _, err := runID(tx, run)
		if err != nil {
			return err
		}
		err = tx.QueryRow("SELECT number FROM operation_type WHERE run = ? AND name = ?", id, name).Scan(&number)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		err = tx.QueryRow("SELECT coalesce(max(number) + 1, ?) FROM operation_type WHERE run = ?",
			protocol.FirstHostOperationType, id).Scan(&number)
		if err != nil {
			return err
		}
		if full = number >= protocol.OperationTypes; full {
			return nil
		}
		_, err = tx.Exec("INSERT INTO operation_type VALUES (?, ?, ?)", id, number, name)
		return err
	})
	return number, full, err
}

// DefinedTypes is the number of operation types hosts defined for a run.
func (l *Ledger) DefinedTypes(run string) (n int, err error) {
	err = l.db.QueryRow(`SELECT count(*) FROM operation_type WHERE run = (SELECT id FROM run WHERE uuid = ?)`, run).Scan(&n)
	return n, err
}

// FinishRun notes that a run is dead and its tally folded to the last unit. The
// row stays until ForgetRuns, so that the tally can't be folded again should
// its file survive the next instant.
func (l *Ledger) FinishRun(run string) error {
	return inTransaction(l.db, func(tx *sql.Tx) error {
		id, _, err := runID(tx, run)
		if err != nil {
			return err
		}
		if _, err := tx.Exec("UPDATE run SET finished = 1 WHERE id = ?", id); err != nil {
			return err
		}
		if _, err := tx.Exec("DELETE FROM watermark WHERE run = ?", id); err != nil {
			return err
		}
		return deleteAccepted(tx, id)
	})
}

// deleteAccepted removes the reports of a run that the server has; nothing can
// be added to them any more.
func deleteAccepted(tx *sql.Tx, run int64) error {
	for _, statement := range []string{
		`DELETE FROM report_count WHERE run = ?1 AND slot IN
			(SELECT slot FROM report WHERE run = ?1 AND revision <= accepted_revision)`,
		`DELETE FROM report WHERE run = ?1 AND revision <= accepted_revision`,
	} {
		if _, err := tx.Exec(statement, run); err != nil {
			return err
		}
	}
	return nil
}

// ForgetRuns deletes finished runs that have nothing left to report, except
// those whose tally files are still there.
func (l *Ledger) ForgetRuns(present func(run string) bool) error {
	return inTransaction(l.db, func(tx *sql.Tx) error {
		rows, err := tx.Query(`SELECT id, uuid FROM run WHERE finished = 1
			AND NOT EXISTS (SELECT 1 FROM report WHERE report.run = run.id)`)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		var done []int64
		for rows.Next() {
			var id int64
			var run string
			if err := rows.Scan(&id, &run); err != nil {
				return err
			}
			if !present(run) {
				done = append(done, id)
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		for _, id := range done {
			for _, statement := range []string{"DELETE FROM run WHERE id = ?", "DELETE FROM operation_type WHERE run = ?"} {
				if _, err := tx.Exec(statement, id); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
