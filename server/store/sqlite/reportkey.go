package sqlite

import (
	"context"
	"database/sql"

	"github.com/openlts/openlts/server/store"
)

// ReportKey finds a report key. A key that was found stays valid, and is remembered, until keys are
// forgotten.
func (s *Store) ReportKey(ctx context.Context, keyID, device string) (store.ReportKey, error) {
	if key, ok := s.keys.Load().Get(keyID); ok {
		if _, ok := key.Devices[device]; ok || device == "" {
			return key, nil
		}
	}
	key := store.ReportKey{Devices: map[string]store.Reporter{}}
	rows, err := s.read.QueryContext(ctx, `SELECT k.report_key, d.uuid, d.id, k.reporter FROM device_key k JOIN device d ON d.id = k.device WHERE k.key_id = ?`,
		keyID)
	if err != nil {
		return key, err
	}
	err = eachRow(rows, func(rows *sql.Rows) error {
		var reporter store.Reporter
		err := rows.Scan(&key.Secret, &reporter.UUID, &reporter.Device, &reporter.Number)
		key.Devices[reporter.UUID] = reporter
		return err
	})
	if err != nil {
		return key, err
	}
	if len(key.Devices) == 0 {
		return key, store.ErrNotFound
	}
	s.keys.Load().Put(keyID, key)
	return key, nil
}
