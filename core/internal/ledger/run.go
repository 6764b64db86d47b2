package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/internal/tally"
	"github.com/openlts/openlts/core/protocol"
)

// RunState is what the ledger knows about a run.
type RunState int

// Run states.
const (
	RunUnknown  RunState = iota
	RunOpen              // its tally may have counts that the ledger lacks
	RunFinished          // everything was folded; its tally file is not needed
)

// RunState returns what the ledger knows about a run.
func (l *Ledger) RunState(ctx context.Context, run string) (RunState, error) {
	var finished bool
	known, err := l.get(ctx, "SELECT finished FROM run WHERE uuid = ?", []any{run}, &finished)
	switch {
	case !known:
		return RunUnknown, err
	case finished:
		return RunFinished, nil
	default:
		return RunOpen, nil
	}
}

// MeetRun registers the run of a tally, if the ledger does not know it, and returns how far its
// counters were folded.
//
// The tally remembers how far it was folded, too. If the ledger does not know that, because it was
// lost or an older copy of it came back, then what was folded was in reports that are gone, and the
// server may or may not have them. It is not folded again, and what is new is reported as another
// run. The same happens if the run is finished, because another process took it for dead. So only a
// tally that no ledger ever knew is reported under its own name.
func (l *Ledger) MeetRun(ctx context.Context, t *tally.Tally) (*Watermarks, error) {
	var marks *Watermarks
	err := l.alter(ctx, func(tx *sql.Tx) (err error) {
		_, marks, err = meetRun(tx, t)
		return err
	})
	return marks, err
}

// meetRun does the work of MeetRun and also returns the run. Each transaction that adds to a living
// run calls it: another process may have taken the run for dead, or the ledger may have been lost.
func meetRun(tx *sql.Tx, t *tally.Tally) (run, *Watermarks, error) {
	r, err := findRun(tx, t.Run)
	if err == nil {
		marks, err := watermarks(tx, r.id)
		if err != nil {
			return r, nil, err
		}
		units := forgotten(marks, t)
		if units == 0 && marks.sound() {
			return r, marks, nil
		}
		// The ledger knows the run but fell back without its witness noticing: its account lacks
		// these units, too. They are in no report; see Balance.
		if err := addToAccount(tx, r.lts, "recorded", units); err != nil {
			return r, nil, err
		}
		if err := detach(tx, r.id); err != nil {
			return r, nil, err
		}
	} else if !errors.Is(err, errUnknownRun) {
		return r, nil, err
	}
	if _, err := tx.Exec("UPDATE run SET uuid = 'detached ' || id WHERE uuid = ?", t.Run); err != nil {
		return r, nil, err
	}
	reportedAs := t.Run
	if !t.Pristine() {
		reportedAs = uuid.NewString()
	}
	t.SetKnown()
	marks, err := enterRun(tx, t, reportedAs)
	if err != nil {
		return r, nil, err
	}
	r, err = findRun(tx, t.Run)
	return r, marks, err
}

// forgotten is how many more units of a tally were folded than the ledger knows.
func forgotten(marks *Watermarks, t *tally.Tally) (units int64) {
	for frame := range marks {
		sums := t.Sums(frame)
		for operationType, folded := range t.Folded(frame) {
			// Never more was folded than counted, unless the tally is damaged.
			if mark := marks[frame][operationType]; folded > mark && folded <= sums[operationType] {
				units += int64(folded - mark)
			}
		}
	}
	return units
}

// detach keeps the reports of a run, but prevents that anything is added to them.
func detach(tx *sql.Tx, id int64) error {
	_, err := tx.Exec("UPDATE run SET uuid = 'detached ' || id, finished = 1 WHERE id = ?", id)
	return err
}

func enterRun(tx *sql.Tx, t *tally.Tally, reportedAs string) (*Watermarks, error) {
	marks, account := &Watermarks{}, t.CountedUnder()
	result, err := tx.Exec(
		`INSERT INTO run (uuid, reported_as, lts, device, handshake_code, item, slot_seconds, has_file)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		t.Run, reportedAs, account.LTS, account.Device, account.HandshakeCode, account.Item, int64(t.Slot),
		t.Durable() && !t.Gone())
	if err != nil {
		return nil, err
	}
	id, err := result.LastInsertId()
	if err != nil {
		return nil, err
	}
	for frame := range marks {
		for operationType, folded := range t.Folded(frame) {
			marks[frame][operationType] = folded
			if err := setWatermark(tx, id, frame, operationType, folded); err != nil {
				return nil, err
			}
		}
	}
	return marks, nil
}

// renew continues a run under another name, so that nothing is added to its reports. sweep deletes
// those that the server has.
func renew(tx *sql.Tx, r run) (run, error) {
	result, err := tx.Exec(
		`INSERT INTO run (uuid, reported_as, lts, device, handshake_code, item, slot_seconds, has_file, ahead)
		SELECT 'renewed ' || id, ?, lts, device, handshake_code, item, slot_seconds, has_file, ahead FROM run WHERE id = ?`,
		uuid.NewString(), r.id)
	if err != nil {
		return r, err
	}
	before := r.id
	if r.id, err = result.LastInsertId(); err != nil {
		return r, err
	}
	r.closedBefore = 0
	if _, err := tx.Exec("UPDATE watermark SET run = ? WHERE run = ?", r.id, before); err != nil {
		return r, err
	}
	if err := detach(tx, before); err != nil {
		return r, err
	}
	_, err = tx.Exec("UPDATE run SET uuid = ? WHERE id = ?", r.uuid, r.id)
	return r, err
}

// run is a row of the table run.
type run struct {
	id           int64
	uuid         string
	lts          string
	closedBefore int64
}

// errUnknownRun is the error of a run that the ledger does not know.
var errUnknownRun = errors.New("the ledger does not know the run")

// findRun finds a run that is not finished. Nothing can be added to a finished run: its reports are
// deleted once they are confirmed.
func findRun(tx *sql.Tx, name string) (r run, err error) {
	err = tx.QueryRow("SELECT id, uuid, lts, closed_before FROM run WHERE uuid = ? AND finished = 0", name).
		Scan(&r.id, &r.uuid, &r.lts, &r.closedBefore)
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("%w %s", errUnknownRun, name)
	}
	return r, err
}

func setWatermark(tx *sql.Tx, run int64, frame, operationType int, n uint64) error {
	if n == 0 {
		return nil // a missing row means zero
	}
	_, err := tx.Exec(`INSERT INTO watermark (run, frame, type, folded) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET folded = excluded.folded`,
		run, frame, operationType, int64(n))
	return err
}

// Watermarks is how far each counter of a run was folded.
type Watermarks [tally.AllFrames][tally.Types]uint64

// sound tells whether the watermarks are possible. If not, those that the tally keeps are used
// instead.
func (w *Watermarks) sound() bool {
	for frame := range w {
		for _, folded := range w[frame] {
			if folded > tally.MaxUnits {
				return false
			}
		}
	}
	return true
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
		if frame < 0 || frame >= tally.AllFrames || operationType < 0 || operationType >= tally.Types {
			return nil, fmt.Errorf("the ledger has a watermark of frame %d, type %d", frame, operationType)
		}
		marks[frame][operationType] = uint64(folded)
	}
	return &marks, rows.Err()
}

// FrameSums are the sums of a frame's counters, and the slot that is its label.
type FrameSums struct {
	Frame int
	Slot  int64
	Sums  *[tally.Types]uint64
	// Types are the operation types of the counters; nil if the counters are in the order of the
	// types.
	Types *[tally.Types]int
}

// Fold moves what is new in the counters of a run to the reports of its slots, and moves the
// watermark with it, in one transaction: counters minus watermark is what is new, so folding twice,
// or dying in between, changes nothing. It returns how far each counter is folded now, and how many
// units were new.
func (l *Ledger) Fold(ctx context.Context, t *tally.Tally,
	frames []FrameSums) (marks *Watermarks, units int64, err error) {
	err = l.alter(ctx, func(tx *sql.Tx) error {
		units = 0
		var r run
		var err error
		if r, marks, err = meetRun(tx, t); err != nil {
			return err
		}
		for _, f := range frames {
			if r, err = openTo(tx, r, f.Slot); err != nil {
				return err
			}
		}
		names := typeNames(t)
		for _, f := range frames {
			n, err := foldFrame(tx, r, names, f, marks)
			if err != nil {
				return err
			}
			units += n
		}
		return addToAccount(tx, r.lts, "recorded", units)
	})
	if err != nil {
		return nil, 0, err
	}
	return marks, units, nil
}

func foldFrame(tx *sql.Tx, r run, names *[tally.Types]string, f FrameSums, marks *Watermarks) (units int64, err error) {
	added := map[string]int64{}
	for counter, sum := range f.Sums {
		mark := marks[f.Frame][counter]
		if sum <= mark {
			continue // never less; see tally.Raise
		}
		operationType := counter
		if f.Types != nil {
			operationType = f.Types[counter]
		}
		added[names[operationType]] += int64(sum - mark)
		if err := setWatermark(tx, r.id, f.Frame, counter, sum); err != nil {
			return 0, err
		}
		marks[f.Frame][counter] = sum
	}
	return addToReport(tx, r, f.Slot, added)
}

// Record adds units directly to the report of a slot, for operations with a time stamp of the
// host's. It is durable when it returns.
func (l *Ledger) Record(ctx context.Context, t *tally.Tally, slotStart int64, operationType int, n int64) error {
	do, committed := l.witnessed(func(tx *sql.Tx) error {
		r, _, err := meetRun(tx, t)
		if err == nil {
			r, err = openTo(tx, r, slotStart)
		}
		if err != nil {
			return err
		}
		if _, err := addToReport(tx, r, slotStart, map[string]int64{typeNames(t)[operationType]: n}); err != nil {
			return err
		}
		return addToAccount(tx, r.lts, "recorded", n)
	})
	return l.grow(ctx, do, func() {
		committed()
		l.beside.Add(n)
	})
}

// openTo returns the run, or the run under its next name, such that units may be added to its
// report of the slot: the report was neither given up nor deleted.
func openTo(tx *sql.Tx, r run, slotStart int64) (run, error) {
	closed := slotStart < r.closedBefore
	if !closed {
		err := tx.QueryRow("SELECT lost <> '' FROM report WHERE run = ? AND slot = ?", r.id, slotStart).Scan(&closed)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return r, err
		}
	}
	if closed {
		return renew(tx, r)
	}
	return r, nil
}

// addToReport adds what is new to the report of a slot, and raises its revision by one. The run
// comes from openTo.
func addToReport(tx *sql.Tx, r run, slotStart int64, added map[string]int64) (units int64, err error) {
	for name, n := range added {
		units += n
		_, err := tx.Exec(`INSERT INTO report_count (run, slot, type, count) VALUES (?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET count = count + excluded.count`, r.id, slotStart, name, n)
		if err != nil {
			return 0, err
		}
	}
	if units == 0 {
		return 0, nil
	}
	_, err = tx.Exec(`INSERT INTO report (run, slot, revision) VALUES (?, ?, 1)
		ON CONFLICT DO UPDATE SET revision = revision + 1`, r.id, slotStart)
	return units, err
}

// typeNames are the names of the operation types of a run. A type of the host's whose name is not
// in the tally is named by its number.
func typeNames(t *tally.Tally) *[tally.Types]string {
	var names [tally.Types]string
	for number := range names {
		names[number] = fmt.Sprintf("TYPE_%d", number)
	}
	for number, name := range protocol.OperationTypeNames() {
		names[number] = name
	}
	for number := int(protocol.FirstHostOperationType); number < tally.Types; number++ {
		if name := t.TypeName(number); name != "" {
			names[number] = name
		}
	}
	return &names
}

// FinishRun notes that a run is dead and its tally is folded to the last unit. The row stays until
// ForgetRuns, so that the tally can't be folded again if its file survives.
func (l *Ledger) FinishRun(ctx context.Context, run string) error {
	err := l.settle(ctx, func(tx *sql.Tx) error {
		r, err := findRun(tx, run)
		if errors.Is(err, errUnknownRun) {
			return nil // another process was faster
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec("UPDATE run SET finished = 1 WHERE id = ?", r.id); err != nil {
			return err
		}
		_, err = tx.Exec("DELETE FROM watermark WHERE run = ?", r.id)
		return err
	}, func() {})
	if err != nil {
		return err
	}
	_, err = l.sweep(ctx)
	return err
}

// deleteAccepted removes a report of a finished run if the server has it; nothing can
// be added to it any more.
func deleteAccepted(tx *sql.Tx, key ReportKey) error {
	for _, statement := range []string{
		`DELETE FROM report_count WHERE run = ?1 AND slot = ?2 AND EXISTS
			(SELECT 1 FROM report WHERE run = ?1 AND slot = ?2 AND revision <= accepted_revision)`,
		`DELETE FROM report WHERE run = ?1 AND slot = ?2 AND revision <= accepted_revision`,
	} {
		if _, err := tx.Exec(statement, key.RunID, key.Slot); err != nil {
			return err
		}
	}
	return nil
}

// ForgetRuns deletes finished runs that have nothing left to report, except
// those whose tally files are still there.
func (l *Ledger) ForgetRuns(ctx context.Context, present func(run string) bool) error {
	if _, err := l.sweep(ctx); err != nil {
		return err
	}
	return l.settle(ctx, func(tx *sql.Tx) error {
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
			if _, err := tx.Exec("DELETE FROM run WHERE id = ?", id); err != nil {
				return err
			}
		}
		return nil
	}, func() {})
}

// OpenRuns lists the runs whose tally files may hold what the ledger does not.
func (l *Ledger) OpenRuns(ctx context.Context) (runs []string, err error) {
	err = l.transaction(ctx, func(tx *sql.Tx) error {
		var err error
		runs, err = column[string](tx, "SELECT uuid FROM run WHERE finished = 0 AND has_file = 1")
		return err
	})
	return runs, err
}
