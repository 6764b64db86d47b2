package ledger

import (
	"context"
	"database/sql"

	"github.com/openlts/openlts/core/tally"
)

// Shift moves what a run counted in the slots from one to another (both included) by
// a number of seconds, because the clock was wrong by that then. What was sent to a
// server stays where it is: it may be counted there. It answers how many units moved.
func (l *Ledger) Shift(ctx context.Context, t *tally.Tally, from, to, seconds int64) (units int64, err error) {
	err = l.alter(ctx, func(tx *sql.Tx) error {
		units = 0
		r, _, err := meetRun(tx, t)
		if err != nil {
			return err
		}
		slots, err := unsent(tx, r.id, from, to)
		if err != nil {
			return err
		}
		counts := map[int64]map[string]int64{} // by the slots they move to
		for _, slotStart := range slots {
			target := t.Slot.Start(slotStart + seconds)
			if counts[target] == nil {
				counts[target] = map[string]int64{}
			}
			if err := takeCounts(tx, ReportKey{r.id, slotStart}, counts[target]); err != nil {
				return err
			}
		}
		for target, added := range counts {
			if target < r.closedBefore {
				if r, err = renew(tx, r); err != nil {
					return err
				}
			}
			n, err := addToReport(tx, r, target, added)
			if err != nil {
				return err
			}
			units += n
		}
		return nil
	})
	return units, err
}

func unsent(tx *sql.Tx, run, from, to int64) ([]int64, error) {
	rows, err := tx.Query("SELECT slot FROM report WHERE run = ? AND slot BETWEEN ? AND ? AND sent = 0 AND lost = '' AND found = 0",
		run, from, to)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var slots []int64
	for rows.Next() {
		var slotStart int64
		if err := rows.Scan(&slotStart); err != nil {
			return nil, err
		}
		slots = append(slots, slotStart)
	}
	return slots, rows.Err()
}

// takeCounts adds the counts of a report to others and deletes it. No server knows of
// it, so one with its key may come again.
func takeCounts(tx *sql.Tx, key ReportKey, to map[string]int64) error {
	rows, err := tx.Query("SELECT type, count FROM report_count WHERE run = ? AND slot = ?", key.RunID, key.Slot)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		var count int64
		if err := rows.Scan(&name, &count); err != nil {
			return err
		}
		to[name] += count
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return deleteReport(tx, key)
}
