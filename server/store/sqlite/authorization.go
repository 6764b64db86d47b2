package sqlite

import (
	"context"
	"database/sql"

	"github.com/openlts/openlts/server/store"
)

func (t *transaction) PutDevice(d store.Device) (store.ID, error) {
	var id store.ID
	err := t.get(`INSERT INTO device (uuid, uuid_source, friendly_name, platform, library, first_seen_at, last_seen_at)
		VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET uuid_source = excluded.uuid_source, friendly_name = excluded.friendly_name,
			platform = excluded.platform, library = excluded.library, last_seen_at = excluded.last_seen_at
		RETURNING id`,
		[]any{d.UUID, d.UUIDSource, d.FriendlyName, d.Platform, d.Library, d.FirstSeenAt, d.LastSeenAt}, &id)
	return id, err
}

func (t *transaction) FindDevice(uuid string) (store.ID, error) {
	var id store.ID
	err := t.get(`SELECT id FROM device WHERE uuid = ?`, []any{uuid}, &id)
	return id, err
}

func (t *transaction) PutDeviceKey(device store.ID, key store.DeviceKey, at int64) (other bool, err error) {
	err = t.exec(`INSERT INTO device_key (key_id, device, public_key, report_key, created_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, key.KeyID, device, key.PublicKey, key.ReportKey, at)
	if err != nil {
		return false, err
	}
	err = t.get(`SELECT count(*) > 1 FROM device_key WHERE device = ?`, []any{device}, &other)
	return other, err
}

func (t *transaction) Used(item store.ID) (int64, error) {
	used, err := remember(t.s.known.used, item, func() (used int64, err error) {
		err = t.get(`SELECT used FROM item WHERE id = ?`, []any{item}, &used)
		return used, err
	})
	return saturatingSum(used, t.used[item]), err
}

func (t *transaction) Seat(item, device store.ID) (store.Seat, error) {
	var seat store.Seat
	err := t.get(`SELECT expires_at FROM seat WHERE item = ? AND device = ?`, []any{item, device}, &seat.ExpiresAt)
	return seat, err
}

func (t *transaction) Seats(item store.ID, now int64) (int64, error) {
	return remember(t.seats, seatsKey{item, now}, func() (n int64, err error) {
		err = t.get(`SELECT count(*) FROM seat WHERE item = ? AND expires_at > ?`, []any{item, now}, &n)
		return n, err
	})
}

func (t *transaction) PutSeat(item, device store.ID, seat store.Seat, fresh bool) error {
	if fresh {
		clear(t.seats)
	}
	return t.exec(`INSERT INTO seat (item, device, expires_at) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET expires_at = excluded.expires_at`, item, device, seat.ExpiresAt)
}

func (t *transaction) AddDenial(d store.Denial) error {
	return t.exec(`INSERT INTO denial (at, status, device, handshake_code, organization, reason) VALUES (?, ?, ?, ?, ?, ?)`,
		d.At, d.Status, d.Device, d.HandshakeCode, d.Organization, d.Reason)
}

func (t *transaction) NoteAnomaly(device store.ID, kind, detail string, at int64) error {
	return t.exec(`INSERT INTO anomaly (device, kind, detail, count, first_at, last_at) VALUES (?1, ?2, ?3, 1, ?4, ?4)
		ON CONFLICT DO UPDATE SET detail = excluded.detail, count = count + 1, last_at = excluded.last_at`, device, kind, detail, at)
}

// ReportKey finds a report key. Keys and their devices are only ever added, so
// what was found once stays true and is remembered.
func (s *Store) ReportKey(ctx context.Context, keyID, device string) (store.ReportKey, error) {
	if key, ok := s.keys.get(keyID); ok {
		if _, ok := key.Devices[device]; ok {
			return key, nil
		}
	}
	key := store.ReportKey{Devices: map[string]store.ID{}}
	rows, err := s.read.QueryContext(ctx, `SELECT k.report_key, d.uuid, d.id FROM device_key k JOIN device d ON d.id = k.device WHERE k.key_id = ?`, keyID)
	if err != nil {
		return key, err
	}
	err = eachRow(rows, func(rows *sql.Rows) error {
		var uuid string
		var id store.ID
		err := rows.Scan(&key.Secret, &uuid, &id)
		key.Devices[uuid] = id
		return err
	})
	if err != nil {
		return key, err
	}
	if len(key.Devices) == 0 {
		return key, store.ErrNotFound
	}
	s.keys.put(keyID, key)
	return key, nil
}
