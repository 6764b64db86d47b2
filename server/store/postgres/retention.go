package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/openlts/openlts/server/store"
)

// Retention tells for how many days records are kept.
func (s *Store) Retention(ctx context.Context) (map[store.Record]int64, error) {
	days := map[store.Record]int64{}
	return days, s.query(ctx, `SELECT record, days FROM retention`, nil, func(rows pgx.Rows) error {
		var record store.Record
		var n int64
		err := rows.Scan(&record, &n)
		days[record] = n
		return err
	})
}

// What one transaction of Prune looks at: it holds up the reports that come
// meanwhile.
const (
	prunedRows = 2000
	prunedRuns = 200
)

// Prune deletes records from before a moment.
func (s *Store) Prune(ctx context.Context, record store.Record, before, position int64) (removed, next int64, err error) {
	prune, known := map[store.Record]func(*transaction, int64, int64) (int64, int64, error){
		store.RecordReceived:  pruneReceived,
		store.RecordSlots:     pruneSlots,
		store.RecordDenials:   pruneDenials,
		store.RecordAnomalies: pruneAnomalies,
		store.RecordAudit:     pruneAudit,
	}[record]
	if !known {
		return 0, 0, fmt.Errorf("there are no records %q", record)
	}
	err = s.transact(ctx, func(t *transaction) error {
		if record == store.RecordReceived || record == store.RecordSlots {
			var closed int64
			err := t.get(`SELECT coalesce(max(closed_before), 0) FROM checkpoint`, nil, &closed)
			if err != nil {
				return err
			}
			if before > closed {
				return fmt.Errorf("no checkpoint stands for the reports up to slot %d yet, but up to %d", before, closed)
			}
		}
		if position == 0 && (record == store.RecordSlots || record == store.RecordReceived) {
			// From here on some are gone.
			if err := t.exec(`UPDATE slot_closing SET pruned = greatest(pruned, $1)`, before); err != nil {
				return err
			}
		}
		if removed, next, err = prune(t, before, position); err != nil || next != 0 || record != store.RecordSlots {
			return err
		}
		return t.exec(`UPDATE slot_closing SET swept = greatest(swept, $1)`, before)
	})
	return removed, next, err
}

// span gives the last of the rows of a table to look at, from a position on; 0: none.
func (t *transaction) span(table string, position, size int64) (last int64, err error) {
	err = t.get(`SELECT coalesce(max(id), 0) FROM (SELECT id FROM `+table+` WHERE id > $1 ORDER BY id LIMIT $2) rows`, []any{position, size}, &last)
	return last, err
}

func (t *transaction) remove(query string, arguments ...any) (int64, error) {
	tag, err := t.conn.Exec(t.ctx, query, arguments...)
	return tag.RowsAffected(), err
}

// pruneRows deletes what a condition says of the next rows of a table.
func (t *transaction) pruneRows(table, condition string, before, position int64) (removed, next int64, err error) {
	last, err := t.span(table, position, prunedRows)
	if err != nil || last == 0 {
		return 0, 0, err
	}
	removed, err = t.remove(`DELETE FROM `+table+` WHERE id > $1 AND id <= $2 AND `+condition+` < $3`, position, last, before)
	return removed, last, err
}

// pruneReceived ends with the reports that came later than all of these slots can:
// what lies among later ones goes another time.
func pruneReceived(t *transaction, before, position int64) (removed, next int64, err error) {
	if removed, next, err = t.pruneRows("raw_report", "newest", before, position); err != nil || next == 0 {
		return removed, next, err
	}
	var received int64
	err = t.get(`SELECT received_at FROM raw_report WHERE id >= $1 ORDER BY id LIMIT 1`, []any{next}, &received)
	if errors.Is(err, store.ErrNotFound) || err == nil && received > before+lateSeconds {
		return removed, 0, nil
	}
	return removed, next, err
}

// lateSeconds is longer than a client keeps its reports.
const lateSeconds = 40 * 24 * 60 * 60

// pruneSlots goes from run to run. Losses stay: they are few, and statistics show
// them.
func pruneSlots(t *transaction, before, position int64) (removed, next int64, err error) {
	last, err := t.span("run", position, prunedRuns)
	if err != nil || last == 0 {
		return 0, 0, err
	}
	removed, err = t.remove(`DELETE FROM report USING run WHERE run.id > $1 AND run.id <= $2 AND report.run = run.id AND report.slot < $3`, position, last, before)
	return removed, last, err
}

func pruneDenials(t *transaction, before, position int64) (removed, next int64, err error) {
	return t.pruneRows("denial", "last_at", before, position)
}

func pruneAnomalies(t *transaction, before, position int64) (removed, next int64, err error) {
	last, err := t.span("device", position, prunedRows)
	if err != nil || last == 0 {
		return 0, 0, err
	}
	removed, err = t.remove(`DELETE FROM anomaly WHERE device > $1 AND device <= $2 AND last_at < $3`, position, last, before)
	return removed, last, err
}

func pruneAudit(t *transaction, before, position int64) (removed, next int64, err error) {
	return t.pruneRows("audit", "at", before, position)
}

// Statements lists the statements of an organization.
func (s *Store) Statements(ctx context.Context, organization string) ([]store.Statement, error) {
	list := []store.Statement{}
	err := s.query(ctx, `SELECT o.public_id, s.month, s.made_at, s.document FROM statement s JOIN organization o ON o.id = s.organization
		WHERE o.public_id = $1 ORDER BY s.month`, []any{organization}, func(rows pgx.Rows) error {
		var n store.Statement
		err := rows.Scan(&n.Organization, &n.Month, &n.MadeAt, &n.Document)
		list = append(list, n)
		return err
	})
	return list, err
}

func (t *transaction) SetRetention(record store.Record, days int64) error {
	if days == 0 {
		return t.exec(`DELETE FROM retention WHERE record = $1`, record)
	}
	return t.exec(`INSERT INTO retention (record, days) VALUES ($1, $2) ON CONFLICT (record) DO UPDATE SET days = excluded.days`, record, days)
}

func (t *transaction) Closing() (c store.Closing, err error) {
	err = t.get(`SELECT coalesce(max(before), 0), coalesce(max(pruned), 0), coalesce(max(swept), 0) FROM slot_closing`, nil, &c.Before, &c.Pruned, &c.Swept)
	return c, err
}

func (t *transaction) CloseSlots(before int64) error {
	// What a group counts meanwhile in these slots would be in no checkpoint.
	if err := t.alone(); err != nil {
		return err
	}
	return t.exec(`INSERT INTO slot_closing AS s (id, before, pruned, swept) VALUES (1, $1, 0, 0)
		ON CONFLICT (id) DO UPDATE SET before = greatest(s.before, excluded.before)`, before)
}

func (t *transaction) AddCheckpoint(c store.Checkpoint) error {
	_, err := t.insertReturning(`closed_before`, `INSERT INTO checkpoint (closed_before, made_at, document) VALUES ($1, $2, $3)`, c.ClosedBefore, c.MadeAt, c.Document)
	return err
}

func (t *transaction) Used(item store.ID) (used int64, err error) {
	err = t.get(`SELECT coalesce((SELECT used FROM item_use WHERE item = $1), 0)`, []any{item}, &used)
	return used, err
}

func (t *transaction) Adjust(a store.Adjustment) error {
	if err := t.exec(`INSERT INTO adjustment (item, at, units, reason, actor, signature) VALUES ($1, $2, $3, $4, $5, $6)`,
		a.Item, a.At, a.Units, a.Reason, a.Actor, a.Signature); err != nil {
		return err
	}
	return t.exec(`UPDATE item_use SET used = CASE WHEN $1::bigint > 0 THEN `+addedSQL("used", "$1::bigint")+` ELSE used + $1::bigint END WHERE item = $2`, a.Units, a.Item)
}

func (t *transaction) AddStatement(n store.Statement) error {
	organization, err := t.Organization(n.Organization)
	if err != nil {
		return err
	}
	_, err = t.insertReturning(`organization`, `INSERT INTO statement (organization, month, made_at, document) VALUES ($1, $2, $3, $4)`, organization.Key, n.Month, n.MadeAt, n.Document)
	return err
}
