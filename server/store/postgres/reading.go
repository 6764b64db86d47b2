package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/openlts/openlts/server/store"
)

// query reads rows outside of a transaction.
func (s *Store) query(ctx context.Context, query string, arguments []any, scan func(pgx.Rows) error) error {
	rows, err := s.read.Query(ctx, query, arguments...)
	if err != nil {
		return unavailable(err)
	}
	return unavailable(eachRow(rows, scan))
}

// reading runs f in one read-only transaction, so that everything it reads is of one moment.
func (s *Store) reading(ctx context.Context, f func(pgx.Tx) error) error {
	return unavailable(
		pgx.BeginTxFunc(ctx, s.read, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, f))
}

// ReportKey finds a report key. A key that was found stays valid, and is remembered, until the
// catalog changes, because keys may be forgotten then.
func (s *Store) ReportKey(ctx context.Context, keyID, device string) (store.ReportKey, error) {
	if key, ok := s.keys.Load().Get(keyID); ok {
		if _, ok := key.Devices[device]; ok || device == "" {
			return key, nil
		}
	}
	key := store.ReportKey{Devices: map[string]store.Reporter{}}
	err := s.query(ctx, `SELECT k.report_key, d.uuid, d.id, k.reporter FROM device_key k JOIN device d ON d.id = k.device WHERE k.key_id = $1`,
		[]any{clean(keyID)}, func(rows pgx.Rows) error {
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
