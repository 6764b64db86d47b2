package relational

import (
	"context"

	"github.com/openlts/openlts/server/store"
)

var _ store.Forgetter = (*Store)(nil)

// strangers is the condition for devices on which nothing depends and about which no administrator
// decided anything. Its two arguments are both the moment since which they have not called.
const strangers = `last_seen_at < ? AND first_seen_at < ? AND blocked_at = 0 AND erased_at = 0 AND merged_into IS NULL
	AND NOT EXISTS (SELECT 1 FROM device merged WHERE merged.merged_into = device.id)
	AND NOT EXISTS (SELECT 1 FROM run WHERE run.device = device.id)
	AND NOT EXISTS (SELECT 1 FROM seat WHERE seat.device = device.id)`

// strangeKeys is the condition for further keys of devices on which nothing depends; its argument
// is the same moment.
const strangeKeys = `device_key.reporter > 0 AND device_key.confirmed_at = 0 AND device_key.created_at < ?
	AND NOT EXISTS (SELECT 1 FROM run WHERE run.device = device_key.device AND run.reporter = device_key.reporter)`

// ForgetStrangers forgets devices that never reported anything; see store.Forgetter. While it
// searches for them, writers need not wait.
func (s *Store) ForgetStrangers(ctx context.Context, before int64, limit int) (forgotten int64, err error) {
	key := func(id *store.ID) []any { return []any{id} }
	devices, err := list(ctx, s.database, `SELECT id FROM device WHERE `+strangers+` LIMIT ?`,
		[]any{before, before, limit}, key)
	if err != nil {
		return 0, err
	}
	keyed, err := list(ctx, s.database, `SELECT DISTINCT device FROM device_key WHERE `+strangeKeys+` LIMIT ?`,
		[]any{before, limit}, key)
	if err != nil || len(devices)+len(keyed) == 0 {
		return 0, err
	}
	err = s.database.Administer(ctx, func(session Session) error {
		// A group must not begin anything for a device that is being deleted.
		if err := session.Alone(ctx); err != nil {
			return err
		}
		ofDevices, err := forgetDevices(ctx, session, devices, before)
		if err != nil {
			return err
		}
		ofKeys, err := forgetKeys(ctx, session, keyed, before)
		forgotten = ofDevices + ofKeys
		if err != nil || forgotten == 0 {
			return err
		}
		return session.ForgetKeys(ctx)
	})
	return forgotten, err
}

// forgetDevices deletes those of the devices that are still strangers.
func forgetDevices(ctx context.Context, session Session, devices []store.ID,
	before int64) (forgotten int64, err error) {
	if len(devices) == 0 {
		return 0, nil
	}
	these := ` IN (SELECT id FROM device WHERE id IN ` + numbers(devices) + ` AND ` + strangers + `)`
	for _, from := range []string{`report_grant WHERE device`, `device_account WHERE device`, `anomaly WHERE device`,
		`device_key WHERE device`, `device WHERE id`} {
		if forgotten, err = session.Sweep(ctx, `DELETE FROM `+from+these, before, before); err != nil {
			return 0, err
		}
	}
	return forgotten, nil
}

// forgetKeys deletes those further keys of the devices on which still nothing depends.
func forgetKeys(ctx context.Context, session Session, devices []store.ID, before int64) (forgotten int64, err error) {
	if len(devices) == 0 {
		return 0, nil
	}
	these := ` WHERE device IN ` + numbers(devices) + ` AND `
	_, err = session.Sweep(ctx, `DELETE FROM report_grant`+these+`EXISTS (SELECT 1 FROM device_key
		WHERE device_key.device = report_grant.device AND device_key.reporter = report_grant.reporter AND `+
		strangeKeys+`)`, before)
	if err != nil {
		return 0, err
	}
	return session.Sweep(ctx, `DELETE FROM device_key`+these+strangeKeys, before)
}
