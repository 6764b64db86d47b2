package relational

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/openlts/openlts/server/store"
)

// Retention returns for how many days records are kept.
func (s *Store) Retention(ctx context.Context) (map[store.Record]int64, error) {
	days := map[store.Record]int64{}
	return days, s.database.Query(ctx, `SELECT record, days FROM retention`, nil, func(scan func(...any) error) error {
		var record store.Record
		var n int64
		err := scan(&record, &n)
		days[record] = n
		return err
	})
}

// SetRetention sets for how many days a record is kept; 0: for ever.
func (t *Tx) SetRetention(record store.Record, days int64) error {
	if days == 0 {
		return t.exec(`DELETE FROM retention WHERE record = ?`, string(record))
	}
	return t.exec(
		`INSERT INTO retention (record, days) VALUES (?, ?) ON CONFLICT (record) DO UPDATE SET days = excluded.days`,
		string(record), days)
}

// pruning is one transaction of Prune.
type pruning struct {
	context.Context
	Session
	dialect          *Dialect
	before, position int64
}

// How much one transaction of Prune looks at. Reports that come meanwhile must wait for it.
const (
	prunedRows = 2000
	prunedRuns = 200
)

// prunings tell how records are pruned: each returns how many it deleted, and the position at which
// to continue.
var prunings = map[store.Record]func(pruning) (removed, next int64, err error){
	store.RecordReceived: pruning.received,
	store.RecordSlots:    pruning.slots,
	store.RecordDenials:  func(p pruning) (int64, int64, error) { return p.rows("denial", "last_at") },
	store.RecordAnomalies: func(p pruning) (int64, int64, error) {
		return p.spanned("device", prunedRows, `DELETE FROM anomaly WHERE device > ? AND device <= ? AND last_at < ?`)
	},
	store.RecordSeats:  pruning.seats,
	store.RecordTokens: pruning.tokens,
	store.RecordAudit:  func(p pruning) (int64, int64, error) { return p.rows("audit", "at") },
}

// Prune deletes records from before a moment; see store.Store.
func (s *Store) Prune(ctx context.Context, record store.Record, before,
	position int64) (removed, next int64, err error) {
	prune, known := prunings[record]
	if !known {
		return 0, 0, fmt.Errorf("there are no records %q", record)
	}
	if record == store.RecordReceived && position == 0 {
		// Activity outlives the reports that it is derived from.
		for left := int64(1); left > 0; {
			if left, err = s.FoldActivity(ctx, store.FoldedAtOnce); err != nil {
				return 0, 0, err
			}
		}
	}
	err = s.database.Transact(ctx, func(session Session) error {
		p := pruning{ctx, session, s.dialect, before, position}
		counted := record == store.RecordReceived || record == store.RecordSlots
		if counted {
			if err := p.begin(); err != nil {
				return err
			}
		}
		if removed, next, err = prune(p); err == nil && record == store.RecordReceived {
			// SQLite reuses the keys of the highest rows if these were deleted.
			_, err = session.Sweep(ctx, `UPDATE activity_fold SET upto = (SELECT coalesce(max(id), 0) FROM raw_report)
				WHERE upto > (SELECT coalesce(max(id), 0) FROM raw_report)`)
		}
		if err != nil || next != 0 || record != store.RecordSlots {
			return err
		}
		_, err := session.Sweep(ctx, `UPDATE slot_closing SET swept = ? WHERE swept < ?`, before, before)
		return err
	})
	return removed, next, err
}

// begin records that, from here on, some reports have been deleted. A checkpoint must have replaced
// them.
func (p pruning) begin() error {
	var closed int64
	if err := get(p, p, `SELECT coalesce(max(closed_before), 0) FROM checkpoint`, nil, &closed); err != nil {
		return err
	}
	if p.before > closed {
		return fmt.Errorf("no checkpoint stands for the reports up to slot %d yet, but up to %d", p.before, closed)
	}
	if p.position != 0 {
		return nil
	}
	_, err := p.Sweep(p, `UPDATE slot_closing SET pruned = ? WHERE pruned < ?`, p.before, p.before)
	return err
}

// spanned deletes, by a statement, the rows that depend on the next rows of a table. The arguments
// of the statement are the limits of their keys, and the moment.
func (p pruning) spanned(table string, size int64, statement string) (removed, next int64, err error) {
	err = get(p, p, `SELECT coalesce(max(id), 0) FROM (SELECT id FROM `+table+` WHERE id > ? ORDER BY id LIMIT ?) span`,
		[]any{p.position, size}, &next)
	if err != nil || next == 0 {
		return 0, 0, err
	}
	removed, err = p.Sweep(p, statement, p.position, next, p.before)
	return removed, next, err
}

// rows deletes those of the next rows of a table that are from before the moment.
func (p pruning) rows(table, moment string) (removed, next int64, err error) {
	return p.spanned(table, prunedRows, `DELETE FROM `+table+` WHERE id > ? AND id <= ? AND `+moment+` < ?`)
}

// lateSeconds is longer than a client keeps its reports.
const lateSeconds = 40 * 24 * 60 * 60

// received ends at reports that came so late that they can't be of these slots. If there are some
// among the later rows nevertheless, they are deleted another time.
func (p pruning) received() (removed, next int64, err error) {
	if removed, next, err = p.rows("raw_report", "newest"); err != nil || next == 0 {
		return removed, next, err
	}
	var received int64
	err = get(p, p, `SELECT received_at FROM raw_report WHERE id >= ? ORDER BY id LIMIT 1`, []any{next}, &received)
	if errors.Is(err, store.ErrNotFound) || err == nil && received > p.before+lateSeconds {
		return removed, 0, nil
	}
	return removed, next, err
}

// slots continues from run to run. Losses stay, because they are few and statistics show them.
func (p pruning) slots() (removed, next int64, err error) {
	return p.spanned("run", prunedRuns, `DELETE FROM report WHERE (run, slot) IN (SELECT r.run, r.slot
		FROM run CROSS JOIN report r WHERE run.id > ? AND run.id <= ? AND r.run = run.id AND r.slot < ?)`)
}

// Statements lists the statements of an organization.
func (s *Store) Statements(ctx context.Context, organization string) ([]store.Statement, error) {
	return list(ctx, s.database, `SELECT o.public_id, s.month, s.made_at, s.document FROM statement s JOIN organization o ON o.id = s.organization
		WHERE o.public_id = ? ORDER BY s.month`, []any{organization}, func(n *store.Statement) []any {
		return []any{&n.Organization, &n.Month, &n.MadeAt, &n.Document}
	})
}

// AddStatement closes a month of an organization; store.ErrExists.
func (t *Tx) AddStatement(n store.Statement) error {
	organization, err := t.organization(n.Organization)
	if err != nil {
		return err
	}
	return t.add(`INSERT INTO statement (organization, month, made_at, document) VALUES (?, ?, ?, ?)`, organization,
		n.Month, n.MadeAt, n.Document)
}

// Closing tells how far slots are closed.
func (t *Tx) Closing() (c store.Closing, err error) {
	err = get(t.ctx, t.session,
		`SELECT coalesce(max(before), 0), coalesce(max(pruned), 0), coalesce(max(swept), 0) FROM slot_closing`, nil,
		&c.Before, &c.Pruned, &c.Swept)
	return c, err
}

// CloseSlots closes the slots before a moment: nothing is counted in them any more.
func (t *Tx) CloseSlots(before int64) error {
	// Operations that a group counts in these slots meanwhile would be in no checkpoint.
	if err := t.session.Alone(t.ctx); err != nil {
		return err
	}
	return t.exec(`INSERT INTO slot_closing AS s (id, before, pruned, swept) VALUES (1, ?, 0, 0)
		ON CONFLICT (id) DO UPDATE SET before = excluded.before WHERE s.before < excluded.before`, before)
}

// AddCheckpoint adds a checkpoint; store.ErrExists.
func (t *Tx) AddCheckpoint(c store.Checkpoint) error {
	return t.add(`INSERT INTO checkpoint (closed_before, made_at, document) VALUES (?, ?, ?)`, c.ClosedBefore,
		c.MadeAt, c.Document)
}

// Used returns how many units of an item are used; store.ErrNotFound.
func (t *Tx) Used(item store.ID) (used int64, err error) {
	err = get(t.ctx, t.session, `SELECT used FROM `+t.dialect.UseTable+` WHERE `+t.dialect.UseKey+` = ?`,
		[]any{item}, &used)
	return used, err
}

// Adjust adds an adjustment, and adds its units to the use of the item.
func (t *Tx) Adjust(a store.Adjustment) error {
	if err := t.exec(`INSERT INTO adjustment (item, at, units, reason, actor, signature) VALUES (?, ?, ?, ?, ?, ?)`,
		a.Item, a.At, a.Units, a.Reason, a.Actor, a.Signature); err != nil {
		return err
	}
	sum := `used + CAST(? AS bigint)`
	if a.Units > 0 {
		sum = t.dialect.Added(`used`, `CAST(? AS bigint)`)
	}
	arguments := slices.Repeat([]any{a.Units}, strings.Count(sum, "?"))
	arguments = append(arguments, a.Item)
	return t.exec(`UPDATE `+t.dialect.UseTable+` SET used = `+sum+` WHERE `+t.dialect.UseKey+` = ?`, arguments...)
}
