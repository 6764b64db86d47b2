package relational

import (
	"context"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// ConfirmKey lets a further key of a device report like its first key; see store.Tx.
func (t *Tx) ConfirmKey(uuid, keyID string, at int64) (left int64, err error) {
	var device store.ID
	var reporter int64
	err = get(t.ctx, t.session,
		`SELECT d.id, k.reporter FROM device_key k JOIN device d ON d.id = k.device WHERE d.uuid = ? AND k.key_id = ?`,
		[]any{uuid, keyID}, &device, &reporter)
	if err != nil || reporter == 0 {
		return 0, err
	}
	// If a group began a run meanwhile, it would count again what continues under the first key.
	if err := t.session.Alone(t.ctx); err != nil {
		return 0, err
	}
	if err := t.exec(`UPDATE device_key SET confirmed_at = ? WHERE device = ? AND reporter = ? AND confirmed_at = 0`,
		at, device, reporter); err != nil {
		return 0, err
	}
	if at > 0 {
		for _, statement := range []string{
			`UPDATE run SET reporter = 0 WHERE device = ? AND reporter = ? AND NOT EXISTS (SELECT 1 FROM run known WHERE known.reporter = 0
				AND known.device = run.device AND known.uuid = run.uuid AND known.handshake_code = run.handshake_code AND known.item = run.item)`,
			`INSERT INTO report_grant (device, reporter, handshake_code, item, granted_at)
				SELECT device, 0, handshake_code, item, granted_at FROM report_grant WHERE device = ? AND reporter = ? ON CONFLICT DO NOTHING`,
		} {
			if err := t.exec(statement, device, reporter); err != nil {
				return 0, err
			}
		}
	}
	err = get(t.ctx, t.session, `SELECT count(*) FROM run WHERE device = ? AND reporter = ?`,
		[]any{device, reporter}, &left)
	return left, err
}

// ClearClone forgets that a device was found to be cloned; store.ErrNotFound.
func (t *Tx) ClearClone(uuid string) error {
	n, err := t.session.Sweep(t.ctx, `UPDATE device SET cloned_at = 0 WHERE uuid = ?`, uuid)
	if err == nil && n == 0 {
		err = store.ErrNotFound
	}
	return err
}

// DeviceKeys lists the keys of a device, the first one first.
func (s *Store) DeviceKeys(ctx context.Context, uuid string) ([]store.DeviceKeyUse, error) {
	keys := []store.DeviceKeyUse{}
	err := s.database.Query(ctx, `SELECT k.key_id, k.public_key, k.reporter, k.created_at, k.confirmed_at,
			a.recorded, coalesce(a.expired, 0), coalesce(a.refused, 0), coalesce(a.storage, 0), coalesce(a.accepted, 0)
		FROM device d JOIN device_key k ON k.device = d.id LEFT JOIN device_account a ON a.device = k.device AND a.reporter = k.reporter
		WHERE d.uuid = ? ORDER BY k.reporter, k.key_id`, []any{uuid}, func(scan func(...any) error) error {
		var k store.DeviceKeyUse
		var recorded *int64 // nil: the key told no account yet
		var a protocol.DeviceAccount
		err := scan(&k.KeyID, &k.PublicKey, &k.Reporter, &k.CreatedAt, &k.ConfirmedAt, &recorded, &a.Expired,
			&a.Refused, &a.Storage, &k.Accepted)
		if recorded != nil {
			a.Recorded = *recorded
			k.Account = &a
		}
		keys = append(keys, k)
		return err
	})
	return keys, err
}
