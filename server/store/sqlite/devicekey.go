package sqlite

import (
	"context"
	"database/sql"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// ConfirmKey lets a further key of a device report as its first does; see store.Tx.
func (t *transaction) ConfirmKey(uuid, keyID string, at int64) (left int64, err error) {
	t.forget()
	var device store.ID
	var reporter int64
	err = t.get(`SELECT d.id, k.reporter FROM device_key k JOIN device d ON d.id = k.device WHERE d.uuid = ? AND k.key_id = ?`,
		[]any{uuid, keyID}, &device, &reporter)
	if err != nil || reporter == 0 {
		return 0, err
	}
	for _, statement := range []string{
		`UPDATE device_key SET confirmed_at = ?3 WHERE device = ?1 AND reporter = ?2 AND confirmed_at = 0`,
		`UPDATE OR IGNORE run SET reporter = 0 WHERE device = ?1 AND reporter = ?2 AND ?3 > 0`,
		`INSERT OR IGNORE INTO report_grant (device, reporter, handshake_code, item, granted_at)
			SELECT device, 0, handshake_code, item, granted_at FROM report_grant WHERE device = ?1 AND reporter = ?2 AND ?3 > 0`,
	} {
		if err := t.exec(statement, device, reporter, at); err != nil {
			return 0, err
		}
	}
	err = t.get(`SELECT count(*) FROM run WHERE device = ? AND reporter = ?`, []any{device, reporter}, &left)
	return left, err
}

// ClearClone forgets that a device was found to be cloned.
func (t *transaction) ClearClone(uuid string) error {
	var device store.ID
	return t.get(`UPDATE device SET cloned_at = 0 WHERE uuid = ? RETURNING id`, []any{uuid}, &device)
}

// DeviceKeys lists the keys of a device, the first one first.
func (s *Store) DeviceKeys(ctx context.Context, uuid string) ([]store.DeviceKeyUse, error) {
	list := []store.DeviceKeyUse{}
	err := s.query(ctx, `SELECT k.key_id, k.public_key, k.reporter, k.created_at, k.confirmed_at,
			a.recorded, coalesce(a.expired, 0), coalesce(a.refused, 0), coalesce(a.storage, 0), coalesce(a.accepted, 0)
		FROM device d JOIN device_key k ON k.device = d.id LEFT JOIN device_account a ON a.device = k.device AND a.reporter = k.reporter
		WHERE d.uuid = ? ORDER BY k.reporter, k.key_id`, []any{uuid}, func(rows *sql.Rows) error {
		var k store.DeviceKeyUse
		var recorded sql.NullInt64
		var a protocol.DeviceAccount
		err := rows.Scan(&k.KeyID, &k.PublicKey, &k.Reporter, &k.CreatedAt, &k.ConfirmedAt, &recorded, &a.Expired, &a.Refused, &a.Storage, &k.Accepted)
		if recorded.Valid {
			a.Recorded = recorded.Int64
			k.Account = &a
		}
		list = append(list, k)
		return err
	})
	return list, err
}
