package sqlite

import (
	"context"
	"database/sql"

	"github.com/openlts/openlts/server/recent"
	"github.com/openlts/openlts/server/store"
)

var _ store.Forgetter = (*Store)(nil)

// strangers are devices that nothing hangs on, nor an administrator said anything about.
const strangers = `last_seen_at < ?1 AND first_seen_at < ?1 AND blocked_at = 0 AND erased_at = 0 AND merged_into IS NULL
	AND NOT EXISTS (SELECT 1 FROM device merged WHERE merged.merged_into = device.id)
	AND NOT EXISTS (SELECT 1 FROM run WHERE run.device = device.id)
	AND NOT EXISTS (SELECT 1 FROM seat WHERE seat.device = device.id)`

// strangeKeys are further keys of devices that nothing hangs on.
const strangeKeys = `reporter > 0 AND confirmed_at = 0 AND created_at < ?1
	AND NOT EXISTS (SELECT 1 FROM run WHERE run.device = device_key.device AND run.reporter = device_key.reporter)`

// ForgetStrangers forgets who never reported anything; see store.Forgetter. It looks
// for them without holding up who writes.
func (s *Store) ForgetStrangers(ctx context.Context, before int64, limit int) (forgotten int64, err error) {
	devices, err := s.ids(ctx, `SELECT id FROM device WHERE `+strangers+` LIMIT ?2`, before, limit)
	if err != nil {
		return 0, err
	}
	keyed, err := s.ids(ctx, `SELECT DISTINCT device FROM device_key WHERE `+strangeKeys+` LIMIT ?2`, before, limit)
	if err != nil || len(devices)+len(keyed) == 0 {
		return 0, err
	}
	err = s.transact(ctx, func(t *transaction) error {
		forgotten = 0
		const these = ` IN (SELECT id FROM device WHERE id IN (SELECT value FROM json_each(?2)) AND ` + strangers + `)`
		for _, step := range []struct {
			statement string
			devices   []store.ID
			counts    bool
		}{
			{`DELETE FROM report_grant WHERE device` + these, devices, false},
			{`DELETE FROM device_account WHERE device` + these, devices, false},
			{`DELETE FROM anomaly WHERE device` + these, devices, false},
			{`DELETE FROM device_key WHERE device` + these, devices, false},
			{`DELETE FROM device WHERE id` + these, devices, true},
			{`DELETE FROM report_grant WHERE device IN (SELECT value FROM json_each(?2)) AND EXISTS (SELECT 1 FROM device_key
				WHERE device_key.device = report_grant.device AND device_key.reporter = report_grant.reporter AND ` + strangeKeys + `)`, keyed, false},
			{`DELETE FROM device_key WHERE device IN (SELECT value FROM json_each(?2)) AND ` + strangeKeys, keyed, true},
		} {
			result, err := t.execResult(step.statement, before, jsonNumbers(step.devices))
			if err != nil {
				return err
			}
			gone, err := result.RowsAffected()
			if err != nil {
				return err
			}
			if step.counts {
				forgotten += gone
			}
		}
		if forgotten == 0 {
			return nil
		}
		// Every process forgets its report keys then; see checkForgotten.
		if err := t.exec(`UPDATE forgotten SET times = times + 1`); err != nil {
			return err
		}
		return t.checkForgotten()
	})
	return forgotten, err
}

func (s *Store) ids(ctx context.Context, query string, arguments ...any) (ids []store.ID, err error) {
	err = s.query(ctx, query, arguments, func(rows *sql.Rows) error {
		var id store.ID
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// checkForgotten forgets all report keys if some of them were forgotten in the
// database, by this or another process.
func (t *transaction) checkForgotten() error {
	var times int64
	if err := t.get(`SELECT times FROM forgotten`, nil, &times); err != nil {
		return err
	}
	if times != t.s.forgotten {
		t.s.forgotten = times
		t.s.keys.Store(recent.New[store.ReportKey](maxReportKeys))
	}
	return nil
}
