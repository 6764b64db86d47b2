package sqlite

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/openlts/openlts/server/store"
)

// flush writes what this transaction gathered.
func (t *transaction) flush() error {
	if err := t.insertRows(`INSERT INTO raw_report (received_at, run, slot, slot_seconds, revision, counts, lost) VALUES`, 7, ``, t.raw); err != nil {
		return err
	}
	if err := t.flushReports(); err != nil {
		return err
	}
	return t.flushSums()
}

func (t *transaction) flushReports() error {
	rows := make([]any, 0, 5*len(t.reports))
	// In the order of the table, so that neighbours are written together.
	keys := slices.SortedFunc(maps.Keys(t.reports), func(a, b reportKey) int {
		return cmp.Or(cmp.Compare(a.run, b.run), cmp.Compare(a.slot, b.slot))
	})
	for _, key := range keys {
		report := t.reports[key]
		counts, err := formatCounts(report.Counts)
		if err != nil {
			return err
		}
		rows = append(rows, key.run, key.slot, report.Revision, counts, len(report.Losses))
	}
	err := t.insertRows(`INSERT INTO report (run, slot, revision, counts, losses) VALUES`, 5,
		` ON CONFLICT DO UPDATE SET revision = excluded.revision, counts = excluded.counts, losses = excluded.losses`, rows)
	if err != nil {
		return err
	}
	for key, report := range t.reports {
		for cause, loss := range report.Losses {
			counts, err := formatCounts(loss.Counts)
			if err != nil {
				return err
			}
			err = t.exec(`INSERT INTO report_loss (run, slot, cause, revision, counts, units) VALUES (?, ?, ?, ?, ?, ?)
				ON CONFLICT DO UPDATE SET revision = excluded.revision, counts = excluded.counts, units = excluded.units`,
				key.run, key.slot, cause, loss.Revision, counts, loss.Units)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// flushSums writes the sums. They stop at the largest number: a device that
// reports absurd counts must not make the reports of others fail.
func (t *transaction) flushSums() error {
	rows := make([]any, 0, 5*len(t.totals))
	keys := slices.SortedFunc(maps.Keys(t.totals), func(a, b totalKey) int {
		return cmp.Or(cmp.Compare(a.code, b.code), cmp.Compare(a.item, b.item), cmp.Compare(a.slot, b.slot), cmp.Compare(a.kind, b.kind))
	})
	for _, key := range keys {
		rows = append(rows, key.code, key.item, key.slot, key.kind, t.totals[key])
	}
	err := t.insertRows(`INSERT INTO total (handshake_code, item, slot, type, count) VALUES`, 5,
		` ON CONFLICT DO UPDATE SET count = iif(count > 9223372036854775807 - excluded.count, 9223372036854775807, count + excluded.count)`, rows)
	if err != nil {
		return err
	}
	for item, added := range t.used {
		err := t.exec(`UPDATE item SET used = iif(used > 9223372036854775807 - ?1, 9223372036854775807, used + ?1) WHERE id = ?2`, added, item)
		if err != nil {
			return err
		}
		if used, ok := t.s.known.used[item]; ok {
			t.s.known.used[item] = saturatingSum(used, added)
		}
	}
	return nil
}

// rowsAtOnce are the numbers of rows that one statement inserts. Each call into
// SQLite costs more than a small row does.
var rowsAtOnce = []int{64, 8, 1}

// insertRows inserts rows of so many columns each, which follow one another in
// values.
func (t *transaction) insertRows(into string, columns int, suffix string, values []any) error {
	row := "(" + strings.Repeat("?, ", columns-1) + "?)"
	for _, n := range rowsAtOnce {
		if len(values) < n*columns {
			continue
		}
		query := into + strings.Repeat(row+", ", n-1) + row + suffix
		for len(values) >= n*columns {
			if err := t.exec(query, values[:n*columns]...); err != nil {
				return err
			}
			values = values[n*columns:]
		}
	}
	return nil
}

// saturatingSum adds two numbers that are not negative and stops at the largest.
func saturatingSum(a, b int64) int64 {
	if a > 1<<63-1-b {
		return 1<<63 - 1
	}
	return a + b
}

var _ store.Tx = (*transaction)(nil)
