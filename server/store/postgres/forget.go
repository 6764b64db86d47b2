package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/openlts/openlts/server/store"
)

var _ store.Forgetter = (*Store)(nil)

// strangers are devices that nothing hangs on, nor an administrator said anything about; $1 is since when they were not heard of.
const strangers = `last_seen_at < $1 AND first_seen_at < $1 AND blocked_at = 0 AND erased_at = 0 AND merged_into IS NULL
	AND NOT EXISTS (SELECT FROM device merged WHERE merged.merged_into = device.id)
	AND NOT EXISTS (SELECT FROM run WHERE run.device = device.id)
	AND NOT EXISTS (SELECT FROM seat WHERE seat.device = device.id)`

// strangeKeys are further keys of devices that nothing hangs on.
const strangeKeys = `reporter > 0 AND confirmed_at = 0 AND created_at < $1
	AND NOT EXISTS (SELECT FROM run WHERE run.device = device_key.device AND run.reporter = device_key.reporter)`

// ForgetStrangers forgets who never reported anything; see store.Forgetter. It looks
// for them without holding up who writes.
func (s *Store) ForgetStrangers(ctx context.Context, before int64, limit int) (forgotten int64, err error) {
	devices, err := s.ids(ctx, `SELECT id FROM device WHERE `+strangers+` LIMIT $2`, before, limit)
	if err != nil {
		return 0, err
	}
	keyed, err := s.ids(ctx, `SELECT DISTINCT device FROM device_key WHERE `+strangeKeys+` LIMIT $2`, before, limit)
	if err != nil || len(devices)+len(keyed) == 0 {
		return 0, err
	}
	err = s.Update(ctx, func(tx store.Tx) error {
		t := tx.(*transaction)
		// What a group begins for one of them meanwhile, it must not begin for nobody.
		if err := t.alone(); err != nil {
			return err
		}
		forgotten = 0
		const these = ` IN (SELECT id FROM device WHERE id = ANY($2) AND ` + strangers + `)`
		for _, step := range []struct {
			statement string
			devices   []int64
			counts    bool
		}{
			{`DELETE FROM report_grant WHERE device` + these, devices, false},
			{`DELETE FROM device_account WHERE device` + these, devices, false},
			{`DELETE FROM anomaly WHERE device` + these, devices, false},
			{`DELETE FROM device_key WHERE device` + these, devices, false},
			{`DELETE FROM device WHERE id` + these, devices, true},
			{`DELETE FROM report_grant WHERE device = ANY($2) AND EXISTS (SELECT FROM device_key
				WHERE device_key.device = report_grant.device AND device_key.reporter = report_grant.reporter AND ` + strangeKeys + `)`, keyed, false},
			{`DELETE FROM device_key WHERE device = ANY($2) AND ` + strangeKeys, keyed, true},
		} {
			gone, err := t.remove(step.statement, before, step.devices)
			if err != nil {
				return err
			}
			if step.counts {
				forgotten += gone
			}
		}
		return nil
	})
	return forgotten, err
}

func (s *Store) ids(ctx context.Context, query string, arguments ...any) (ids []int64, err error) {
	err = s.query(ctx, query, arguments, func(rows pgx.Rows) error {
		var id int64
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}
