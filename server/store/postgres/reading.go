package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/openlts/openlts/core/protocol"
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

// reading runs f in one read-only transaction: all it reads is of one moment.
func (s *Store) reading(ctx context.Context, f func(pgx.Tx) error) error {
	return unavailable(pgx.BeginTxFunc(ctx, s.read, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, f))
}

// Organizations lists all organizations.
func (s *Store) Organizations(ctx context.Context, keys ...store.ID) ([]store.Organization, error) {
	list := []store.Organization{}
	err := s.query(ctx, selectOrganization+` WHERE `+among("o.id", keys)+` ORDER BY o.id`, nil, func(rows pgx.Rows) error {
		var o store.Organization
		err := rows.Scan(organizationFields(&o)...)
		list = append(list, o)
		return err
	})
	return list, err
}

// HandshakeCodes lists all handshake codes with their items.
func (s *Store) HandshakeCodes(ctx context.Context, keys ...store.ID) ([]store.HandshakeCodeUse, error) {
	g := store.NewGathered[store.HandshakeCodeUse]()
	err := s.query(ctx, selectHandshakeCode+` WHERE `+among("c.id", keys)+` ORDER BY c.id`, nil, func(rows pgx.Rows) error {
		var c store.HandshakeCodeUse
		err := rows.Scan(handshakeCodeFields(&c.HandshakeCode)...)
		g.Add(c.Key, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return g.List, s.query(ctx, `SELECT h.handshake_code, i.public_id FROM handshake_item h JOIN item i ON i.id = h.item WHERE `+among("h.handshake_code", keys)+`
		ORDER BY h.position = 0, h.position, i.expires_at, i.id`, nil, func(rows pgx.Rows) error {
		var code store.ID
		var item string
		err := rows.Scan(&code, &item)
		g.With(code, func(c *store.HandshakeCodeUse) { c.Items = append(c.Items, item) })
		return err
	})
}

// Items lists all items with their use at a moment.
func (s *Store) Items(ctx context.Context, now int64, keys ...store.ID) ([]store.ItemUse, error) {
	g := store.NewGathered[store.ItemUse]()
	err := s.reading(ctx, func(tx pgx.Tx) error { // sums and steps of one moment
		for _, read := range []struct {
			query     string
			arguments []any
			scan      func(pgx.Rows) error
		}{
			{`SELECT ` + itemColumns + `, coalesce(u.used, 0), coalesce(u.requests, 0), coalesce(s.at, 0), coalesce(s.active, 0), coalesce(s.exceptions, 0)
				FROM item i JOIN organization o ON o.id = i.organization LEFT JOIN item_use u ON u.item = i.id LEFT JOIN seat_sum s ON s.item = i.id
				WHERE ` + among("i.id", keys) + ` ORDER BY i.id`, nil, func(rows pgx.Rows) error {
				var i store.ItemUse
				err := scanItem(rows, &i.Item, nil, &i.Use.Units, &i.Use.Requests, &i.Use.At, &i.Use.Active, &i.Use.Exceptions)
				g.Add(i.Key, i)
				return err
			}},
			{`SELECT s.item, s.at, s.change FROM seat_sum u JOIN seat_step s ON s.item = u.item AND s.at > u.at AND s.at <= $1 AND ` + among("s.item", keys) + `
				ORDER BY s.item, s.at`, []any{now}, func(rows pgx.Rows) error {
				var item store.ID
				var step store.Step
				err := rows.Scan(&item, &step.At, &step.Change)
				g.With(item, func(i *store.ItemUse) { i.Use.Steps = append(i.Use.Steps, step) })
				return err
			}},
			{`SELECT i.id, (SELECT count(*) FROM seat s WHERE s.item = i.id AND s.until > $1 AND s.since <= $1) FROM item i WHERE ` + among("i.id", keys) + `
				UNION ALL SELECT item, count(*) FROM app_domain WHERE ` + among("item", keys) + ` GROUP BY item`, []any{now}, func(rows pgx.Rows) error {
				var item store.ID
				var live int64
				err := rows.Scan(&item, &live)
				g.With(item, func(i *store.ItemUse) { i.Live += live })
				return err
			}},
			{`SELECT h.item, c.code FROM handshake_item h JOIN handshake_code c ON c.id = h.handshake_code WHERE ` + among("h.item", keys) + ` ORDER BY c.id`, nil,
				func(rows pgx.Rows) error {
					var item store.ID
					var code string
					err := rows.Scan(&item, &code)
					g.With(item, func(i *store.ItemUse) { i.Codes = append(i.Codes, code) })
					return err
				}},
		} {
			rows, err := tx.Query(ctx, read.query, read.arguments...)
			if err != nil {
				return err
			}
			if err := eachRow(rows, read.scan); err != nil {
				return err
			}
		}
		return nil
	})
	return g.List, err
}

// Devices lists all devices with their seats.
func (s *Store) Devices(ctx context.Context, keys ...store.ID) ([]store.DeviceUse, error) {
	g := store.NewGathered[store.DeviceUse]()
	err := s.query(ctx, `SELECT id, uuid, uuid_source, friendly_name, platform, library, first_seen_at, last_seen_at, cloned_at,
		(SELECT count(*) FROM device_key WHERE device_key.device = device.id) FROM device WHERE `+among("id", keys)+` ORDER BY id`, nil, func(rows pgx.Rows) error {
		var d store.DeviceUse
		err := rows.Scan(&d.Key, &d.UUID, &d.UUIDSource, &d.FriendlyName, &d.Platform, &d.Library, &d.FirstSeenAt, &d.LastSeenAt, &d.ClonedAt, &d.Keys)
		g.Add(d.Key, d)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = s.query(ctx, `SELECT device, `+saturatingSumSQL("recorded")+`, `+saturatingSumSQL("expired")+`, `+
		saturatingSumSQL("refused")+`, `+saturatingSumSQL("storage")+` FROM device_account WHERE `+among("device", keys)+` GROUP BY device`, nil, func(rows pgx.Rows) error {
		var device store.ID
		var account protocol.DeviceAccount
		err := rows.Scan(&device, &account.Recorded, &account.Expired, &account.Refused, &account.Storage)
		g.With(device, func(d *store.DeviceUse) { d.Account = &account })
		return err
	})
	if err != nil {
		return nil, err
	}
	return g.List, s.query(ctx, `SELECT s.device, item.public_id, s.since, s.until, s.weight
		FROM (SELECT DISTINCT ON (device, item) * FROM seat WHERE `+among("device", keys)+` ORDER BY device, item, since DESC) s JOIN item ON item.id = s.item ORDER BY item.id`, nil,
		func(rows pgx.Rows) error {
			var device store.ID
			var seat store.DeviceSeat
			err := rows.Scan(&device, &seat.Item, &seat.From, &seat.ExpiresAt, &seat.Weight)
			g.With(device, func(d *store.DeviceUse) { d.Seats = append(d.Seats, seat) })
			return err
		})
}

// Denials gives the newest refused authorizations.
func (s *Store) Denials(ctx context.Context, limit int) ([]store.Denial, error) {
	list := []store.Denial{}
	err := s.query(ctx, `SELECT d.last_at, d.status, d.device, d.device_name, d.handshake_code, d.organization, coalesce(o.name, ''),
			d.item, coalesce(i.name, ''), d.cause, d.quota, d.used, d.reason, d.count, d.first_at
		FROM denial d LEFT JOIN organization o ON o.public_id = d.organization LEFT JOIN item i ON i.public_id = d.item
		ORDER BY d.last_at DESC, d.id DESC LIMIT $1`, []any{limit}, func(rows pgx.Rows) error {
		var d store.Denial
		err := rows.Scan(&d.At, &d.Status, &d.Device, &d.DeviceName, &d.HandshakeCode, &d.Organization, &d.OrganizationName,
			&d.Item, &d.ItemName, &d.Cause, &d.Limit, &d.Used, &d.Reason, &d.Count, &d.FirstAt)
		list = append(list, d)
		return err
	})
	return list, err
}

// Anomalies gives the anomalies noted last.
func (s *Store) Anomalies(ctx context.Context, limit int) ([]store.Anomaly, error) {
	list := []store.Anomaly{}
	err := s.query(ctx, `SELECT d.uuid, a.kind, a.detail, a.count, a.first_at, a.last_at FROM anomaly a JOIN device d ON d.id = a.device
		ORDER BY a.last_at DESC, d.id, a.kind LIMIT $1`, []any{limit}, func(rows pgx.Rows) error {
		var a store.Anomaly
		err := rows.Scan(&a.Device, &a.Kind, &a.Detail, &a.Count, &a.FirstAt, &a.LastAt)
		list = append(list, a)
		return err
	})
	return list, err
}

// Audits gives the newest administrative changes.
func (s *Store) Audits(ctx context.Context, limit int) ([]store.Audit, error) {
	list := []store.Audit{}
	err := s.query(ctx, `SELECT at, actor, action, object, detail FROM audit ORDER BY id DESC LIMIT $1`, []any{limit}, func(rows pgx.Rows) error {
		var a store.Audit
		err := rows.Scan(&a.At, &a.Actor, &a.Action, &a.Object, &a.Detail)
		list = append(list, a)
		return err
	})
	return list, err
}

// ReportKey finds a report key. What was found once stays true, and is remembered,
// until the catalog changes: with it, keys may be forgotten.
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
