package ledger

import (
	"context"
	"database/sql"
	"errors"

	"github.com/openlts/openlts/core/internal/tally"
	"github.com/openlts/openlts/core/slot"
)

// NoteClock notes that the clock is ahead of the right time by so many seconds (0: it is right)
// while the run counts what it has, and what it will have until the clock is set.
func (l *Ledger) NoteClock(ctx context.Context, t *tally.Tally, ahead int64) error {
	return l.alter(ctx, func(tx *sql.Tx) error {
		r, _, err := meetRun(tx, t)
		if err != nil {
			return err
		}
		return setAhead(tx, r, ahead)
	})
}

// Ahead is what NoteClock noted for a run.
func (l *Ledger) Ahead(ctx context.Context, t *tally.Tally) (ahead int64, err error) {
	_, err = l.get(ctx, "SELECT ahead FROM run WHERE uuid = ?", []any{t.Run}, &ahead)
	return ahead, err
}

// EndClock notes that the clock was set: what the run has so far was counted while the clock was
// ahead of the right time by so many seconds (0 if it was right), and what comes is counted as
// another run.
func (l *Ledger) EndClock(ctx context.Context, t *tally.Tally, ahead int64) error {
	return l.alter(ctx, func(tx *sql.Tx) error {
		r, _, err := meetRun(tx, t)
		if err != nil {
			return err
		}
		next, err := renew(tx, r)
		if err != nil {
			return err
		}
		return errors.Join(setAhead(tx, r, ahead), setAhead(tx, next, 0))
	})
}

func setAhead(tx *sql.Tx, r run, ahead int64) error {
	_, err := tx.Exec("UPDATE run SET ahead = ? WHERE id = ?", ahead, r.id)
	return err
}

// CorrectClock moves usage of a run's account that was counted by a wrong clock to the slots where
// it belongs, now that the clock is right, or ahead by only so many seconds. What was sent to a
// server stays where it is, because the server may have counted it there. Usage of runs that other
// processes still use moves, too; what they fold later was counted by the wrong clock as well, and
// moves the next time. What would move to a time after now, the clock's time, stays: it was counted
// after the clock was set, by a process that ended before it noticed. CorrectClock returns how many
// units moved.
func (l *Ledger) CorrectClock(ctx context.Context, t *tally.Tally, ahead, now int64) (units int64, err error) {
	err = l.alter(ctx, func(tx *sql.Tx) error {
		units = 0
		r, _, err := meetRun(tx, t)
		if err != nil {
			return err
		}
		moving, err := wronglyCounted(tx, r.id, t.Slot, ahead, now)
		if err != nil {
			return err
		}
		for _, m := range moving {
			n, err := move(tx, &r, m)
			if err != nil {
				return err
			}
			units += n
		}
		_, err = tx.Exec("UPDATE run SET ahead = 0 WHERE ahead <> 0 AND (finished = 1 OR id = ?1) AND "+
			sameAccount, r.id)
		return err
	})
	return units, err
}

// sameAccount selects the runs with the same account as the run in the parameter.
const sameAccount = `(lts, device, handshake_code, item, slot_seconds) IN
	(SELECT lts, device, handshake_code, item, slot_seconds FROM run WHERE id = ?1)`

// movingReport is a report that moves to another slot.
type movingReport struct {
	key ReportKey
	to  int64
}

func wronglyCounted(tx *sql.Tx, run int64, length slot.Length, ahead, now int64) (moving []movingReport, err error) {
	rows, err := tx.Query(`SELECT run.id, report.slot, run.ahead FROM report JOIN run ON run.id = report.run
		WHERE run.ahead <> 0 AND sent = 0 AND lost = '' AND found = 0 AND `+sameAccount, run)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var m movingReport
		var was int64
		if err := rows.Scan(&m.key.RunID, &m.key.Slot, &was); err != nil {
			return nil, err
		}
		if m.to = length.Start(m.key.Slot - was + ahead); m.to <= length.Next(now) {
			moving = append(moving, m)
		}
	}
	return moving, rows.Err()
}

// move adds the counts of a report to the report of another slot of a run, and deletes it. No
// server knows the report, so its key may be used again.
func move(tx *sql.Tx, r *run, m movingReport) (units int64, err error) {
	counts, err := countsOf(tx, m.key)
	if err != nil {
		return 0, err
	}
	if err := deleteReport(tx, m.key); err != nil {
		return 0, err
	}
	if *r, err = openTo(tx, *r, m.to); err != nil {
		return 0, err
	}
	return addToReport(tx, *r, m.to, counts)
}

func countsOf(tx *sql.Tx, key ReportKey) (map[string]int64, error) {
	rows, err := tx.Query("SELECT type, count FROM report_count WHERE run = ? AND slot = ?", key.RunID, key.Slot)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	counts := map[string]int64{}
	for rows.Next() {
		var name string
		var count int64
		if err := rows.Scan(&name, &count); err != nil {
			return nil, err
		}
		counts[name] = count
	}
	return counts, rows.Err()
}
