package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// maxDifferences is how many differences are named; more would be of no use.
const maxDifferences = 1000

// Verify recomputes what is stored from the reports as they came. It goes by the
// rules alone (counts are cumulative, so of a key the largest counts; what was
// declared and did not come, is lost) and shares no code with what wrote the
// totals: it would share its faults. Its time grows with the number of reports,
// its memory does not.
func (s *Store) Verify(ctx context.Context) (store.Verification, error) {
	v := verifier{}
	tx, err := s.read.BeginTx(ctx, nil) // everything of one moment
	if err != nil {
		return v.result, err
	}
	defer func() { _ = tx.Rollback() }() // it only reads
	v.ctx, v.tx = ctx, tx
	v.result.Differences = []store.Difference{}

	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM raw_report`).Scan(&v.result.Reports); err != nil {
		return v.result, err
	}
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM total`).Scan(&v.result.Totals); err != nil {
		return v.result, err
	}
	for _, step := range []func() error{v.totals, v.usage, v.losses, v.seats} {
		if err := step(); err != nil {
			return v.result, err
		}
	}
	return v.result, nil
}

type verifier struct {
	ctx    context.Context
	tx     *sql.Tx
	result store.Verification
}

func (v *verifier) compare(what string, stored, recomputed int64, where string, arguments ...any) {
	if stored != recomputed && len(v.result.Differences) < maxDifferences {
		v.result.Differences = append(v.result.Differences, store.Difference{
			What: what, Where: fmt.Sprintf(where, arguments...), Stored: stored, Recomputed: recomputed,
		})
	}
}

// recomputed are the counts of each run, slot and type out of raw reports.
const recomputed = `(SELECT raw.run, raw.slot, j.key AS type, max(j.value) AS count
	FROM raw_report raw, json_each(raw.counts) j WHERE raw.lost = '' GROUP BY raw.run, raw.slot, j.key)`

func (v *verifier) totals() error {
	rows, err := v.tx.QueryContext(v.ctx, `SELECT c.code, i.public_id, d.slot, d.type, d.stored, d.recomputed FROM (
			SELECT code, item, slot, type, max(stored) AS stored, `+saturatingSumSQL("recomputed")+` AS recomputed FROM (
				SELECT handshake_code AS code, item, slot, name AS type, count AS stored, 0 AS recomputed
				FROM total JOIN operation_type ON operation_type.id = total.type
				UNION ALL
				SELECT run.handshake_code, run.item, r.slot, r.type, 0, r.count FROM `+recomputed+` r JOIN run ON run.id = r.run)
			GROUP BY code, item, slot, type HAVING stored <> recomputed ORDER BY code, item, slot, type LIMIT ?) d
		LEFT JOIN handshake_code c ON c.id = d.code LEFT JOIN item i ON i.id = d.item`, maxDifferences)
	if err != nil {
		return err
	}
	return eachRow(rows, func(rows *sql.Rows) error {
		var code, item, kind string
		var slot, stored, recomputed int64
		err := rows.Scan(&code, &item, &slot, &kind, &stored, &recomputed)
		v.compare("total", stored, recomputed, "handshake %s, item %s, slot %d, type %s", code, item, slot, kind)
		return err
	})
}

func (v *verifier) usage() error {
	charged := map[store.ID]int64{}
	rows, err := v.tx.QueryContext(v.ctx, `SELECT run.item, i.charge_way, r.type, `+saturatingSumSQL("r.count")+`
		FROM `+recomputed+` r JOIN run ON run.id = r.run JOIN item i ON i.id = run.item GROUP BY run.item, r.type`)
	if err != nil {
		return err
	}
	err = eachRow(rows, func(rows *sql.Rows) error {
		var item store.ID
		var way protocol.ChargeWay
		var kind string
		var count int64
		err := rows.Scan(&item, &way, &kind, &count)
		unit, counts := way.Unit()
		if of := protocol.UnitOf(kind); counts && (of == unit || of == protocol.UnitAny) {
			charged[item] = saturatingSum(charged[item], count)
		}
		return err
	})
	if err != nil {
		return err
	}
	if rows, err = v.tx.QueryContext(v.ctx, `SELECT id, public_id, used FROM item`); err != nil {
		return err
	}
	return eachRow(rows, func(rows *sql.Rows) error {
		var item store.ID
		var name string
		var used int64
		err := rows.Scan(&item, &name, &used)
		v.compare("item usage", used, charged[item], "item %s", name)
		return err
	})
}

// losses looks at the slots for which a loss was declared, or is stored, one
// after the other.
func (v *verifier) losses() error {
	rows, err := v.tx.QueryContext(v.ctx, `
		SELECT run, slot, 1 AS kind, revision, counts, lost AS cause, 0 AS units FROM raw_report
			WHERE (run, slot) IN (SELECT run, slot FROM raw_report WHERE lost <> '')
		UNION ALL SELECT run, slot, 2, 0, '{}', cause, units FROM report_loss
		ORDER BY run, slot, kind`)
	if err != nil {
		return err
	}
	slot := newLossSlot(0, 0)
	err = eachRow(rows, func(rows *sql.Rows) error {
		var run, start, kind, revision, units int64
		var counts []byte
		var cause string
		if err := rows.Scan(&run, &start, &kind, &revision, &counts, &cause, &units); err != nil {
			return err
		}
		if run != slot.run || start != slot.start {
			slot.compare(v)
			slot = newLossSlot(run, start)
		}
		if kind == 2 {
			slot.stored[cause] = units
			return nil
		}
		var came map[string]int64
		if err := json.Unmarshal(counts, &came); err != nil {
			return fmt.Errorf("the counts of a raw report of run %d: %w", run, err)
		}
		slot.add(cause, revision, came)
		return nil
	})
	slot.compare(v)
	return err
}

// lossSlot is a slot of a run with what came of it.
type lossSlot struct {
	run, start int64
	accepted   map[string]int64
	declared   map[string]declaration // by cause
	stored     map[string]int64       // units lost, by cause
}

type declaration struct {
	revision int64
	counts   map[string]int64
}

func newLossSlot(run, start int64) *lossSlot {
	return &lossSlot{run: run, start: start, accepted: map[string]int64{}, declared: map[string]declaration{}, stored: map[string]int64{}}
}

func (l *lossSlot) add(cause string, revision int64, counts map[string]int64) {
	if cause != "" {
		if revision > l.declared[cause].revision {
			l.declared[cause] = declaration{revision, counts}
		}
		return
	}
	for kind, n := range counts {
		l.accepted[kind] = max(l.accepted[kind], n)
	}
}

// compare compares what is stored with what neither came nor was declared by an
// earlier revision.
func (l *lossSlot) compare(v *verifier) {
	lost := map[string]int64{}
	for cause := range l.stored {
		lost[cause] = 0
	}
	for cause, d := range l.declared {
		var units int64
		for kind, n := range d.counts {
			known := l.accepted[kind]
			for other, before := range l.declared {
				if before.revision < d.revision || before.revision == d.revision && other < cause {
					known = max(known, before.counts[kind])
				}
			}
			units = saturatingSum(units, max(0, n-known))
		}
		lost[cause] = units
	}
	for _, cause := range slices.Sorted(maps.Keys(lost)) {
		v.compare("loss", l.stored[cause], lost[cause], "run %d, slot %d, cause %s", l.run, l.start, cause)
	}
}
