package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

// maxDifferences is how many differences are named; more would be of no use.
const maxDifferences = 1000

// Verify recomputes what is stored from the reports as they came. It does so in
// SQL, by the rule alone (cumulative counts: the largest of a key counts), and
// not with the code that wrote the totals.
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
	for _, step := range []func() error{v.totals, v.usage, v.losses} {
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

// recomputed are the totals by code, item, slot and type out of raw reports.
var recomputed = `recomputed AS (
	SELECT run.handshake_code, run.item, counted.slot, counted.type, ` + saturatingSumSQL("counted.count") + ` AS count
	FROM (SELECT raw.run, raw.slot, j.key AS type, max(j.value) AS count
		FROM raw_report raw, json_each(raw.counts) j WHERE raw.lost = '' GROUP BY raw.run, raw.slot, j.key) counted
	JOIN run ON run.id = counted.run
	GROUP BY run.handshake_code, run.item, counted.slot, counted.type)`

func (v *verifier) totals() error {
	rows, err := v.tx.QueryContext(v.ctx, `WITH `+recomputed+`,
		stored AS (SELECT handshake_code, item, slot, name AS type, count FROM total JOIN operation_type ON operation_type.id = total.type)
		SELECT c.code, i.public_id, d.slot, d.type, d.stored, d.recomputed FROM (
			SELECT coalesce(s.handshake_code, r.handshake_code) AS code, coalesce(s.item, r.item) AS item, coalesce(s.slot, r.slot) AS slot,
				coalesce(s.type, r.type) AS type, coalesce(s.count, 0) AS stored, coalesce(r.count, 0) AS recomputed
			FROM stored s FULL JOIN recomputed r USING (handshake_code, item, slot, type)
			WHERE s.count IS NOT r.count) d
		LEFT JOIN handshake_code c ON c.id = d.code LEFT JOIN item i ON i.id = d.item
		ORDER BY d.code, d.item, d.slot, d.type LIMIT ?`, maxDifferences)
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
	rows, err := v.tx.QueryContext(v.ctx, `WITH `+recomputed+`
		SELECT r.item, i.charge_way, r.type, `+saturatingSumSQL("r.count")+` FROM recomputed r JOIN item i ON i.id = r.item GROUP BY r.item, r.type`)
	if err != nil {
		return err
	}
	err = eachRow(rows, func(rows *sql.Rows) error {
		var item store.ID
		var way protocol.ChargeWay
		var kind string
		var count int64
		err := rows.Scan(&item, &way, &kind, &count)
		charged[item] = saturatingSum(charged[item], policy.Charged(way, store.Counts{{Type: kind, Units: count}}))
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

// losses replays the reports of the slots for which a loss was declared.
func (v *verifier) losses() error {
	type key struct{ run, slot int64 }
	replayed := map[key]store.Report{}
	rows, err := v.tx.QueryContext(v.ctx, `SELECT run, slot, revision, counts, lost FROM raw_report
		WHERE (run, slot) IN (SELECT run, slot FROM raw_report WHERE lost <> '') ORDER BY id`)
	if err != nil {
		return err
	}
	err = eachRow(rows, func(rows *sql.Rows) error {
		var at key
		var report policy.Reported
		var counts []byte
		err := rows.Scan(&at.run, &at.slot, &report.Revision, &counts, &report.Lost)
		if err != nil {
			return err
		}
		if report.Counts, err = store.ParseCounts(counts); err != nil {
			return err
		}
		replayed[at] = policy.Merge(replayed[at], &report).Report
		return nil
	})
	if err != nil {
		return err
	}
	stored := map[key]map[string]int64{}
	if rows, err = v.tx.QueryContext(v.ctx, `SELECT run, slot, cause, units FROM report_loss`); err != nil {
		return err
	}
	err = eachRow(rows, func(rows *sql.Rows) error {
		var at key
		var cause string
		var units int64
		err := rows.Scan(&at.run, &at.slot, &cause, &units)
		if stored[at] == nil {
			stored[at] = map[string]int64{}
		}
		stored[at][cause] = units
		return err
	})
	if err != nil {
		return err
	}
	for _, cause := range []string{protocol.LostExpired, protocol.LostRefused, protocol.LostStorage} {
		for at, report := range replayed {
			v.compare("loss", stored[at][cause], report.Losses[cause].Units, "run %d, slot %d, cause %s", at.run, at.slot, cause)
		}
		for at, units := range stored {
			if _, ok := replayed[at]; !ok {
				v.compare("loss", units[cause], 0, "run %d, slot %d, cause %s", at.run, at.slot, cause)
			}
		}
	}
	return nil
}
