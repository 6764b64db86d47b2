package sqlite

import (
	"context"
	"database/sql"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// query reads rows outside of a transaction.
func (s *Store) query(ctx context.Context, query string, arguments []any, scan func(*sql.Rows) error) error {
	rows, err := s.read.QueryContext(ctx, query, arguments...)
	if err != nil {
		return err
	}
	return eachRow(rows, scan)
}

// Query reads what is committed; see store.Reader.
func (s *Store) Query(ctx context.Context, query string, arguments []any, row func(scan func(...any) error) error) error {
	return s.query(ctx, query, arguments, func(rows *sql.Rows) error { return row(rows.Scan) })
}

// among is the condition that a column is one of the keys; true if none is named.
func among(column string, keys []store.ID) string {
	if len(keys) == 0 {
		return "1"
	}
	return column + " IN (SELECT value FROM json_each('" + jsonNumbers(keys) + "'))"
}

// Organizations lists all organizations.
func (s *Store) Organizations(ctx context.Context, keys ...store.ID) ([]store.Organization, error) {
	list := []store.Organization{}
	err := s.query(ctx, selectOrganization+` WHERE `+among("o.id", keys)+` ORDER BY o.id`, nil, func(rows *sql.Rows) error {
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
	err := s.query(ctx, selectHandshakeCode+` WHERE `+among("c.id", keys)+` ORDER BY c.id`, nil, func(rows *sql.Rows) error {
		var c store.HandshakeCodeUse
		err := rows.Scan(handshakeCodeFields(&c.HandshakeCode)...)
		g.Add(c.Key, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	strings := func(query string, add func(*store.HandshakeCodeUse, string)) error {
		return s.query(ctx, query, nil, func(rows *sql.Rows) error {
			var code store.ID
			var value string
			err := rows.Scan(&code, &value)
			g.With(code, func(c *store.HandshakeCodeUse) { add(c, value) })
			return err
		})
	}
	err = strings(`SELECT handshake_code, value FROM validation_field WHERE `+among("handshake_code", keys)+` ORDER BY value`, func(c *store.HandshakeCodeUse, value string) {
		c.ValidationFields = append(c.ValidationFields, value)
	})
	if err != nil {
		return nil, err
	}
	return g.List, strings(`SELECT h.handshake_code, i.public_id FROM handshake_item h JOIN item i ON i.id = h.item WHERE `+among("h.handshake_code", keys)+`
		ORDER BY h.position = 0, h.position, i.expires_at, i.id`, func(c *store.HandshakeCodeUse, value string) {
		c.Items = append(c.Items, value)
	})
}

// Items lists all items with their use at a moment.
func (s *Store) Items(ctx context.Context, now int64, keys ...store.ID) ([]store.ItemUse, error) {
	g := store.NewGathered[store.ItemUse]()
	tx, err := s.read.BeginTx(ctx, nil) // sums and steps of one moment
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // it only reads
	for _, read := range []struct {
		query     string
		arguments []any
		scan      func(*sql.Rows) error
	}{
		{`SELECT ` + itemColumns + `, i.used, i.requests, i.seats_at, i.seats, i.exceptions
			FROM item i JOIN organization o ON o.id = i.organization WHERE ` + among("i.id", keys) + ` ORDER BY i.id`, nil, func(rows *sql.Rows) error {
			var i store.ItemUse
			var lists itemLists
			err := rows.Scan(append(itemFields(&i.Item, &lists), &i.Use.Units, &i.Use.Requests, &i.Use.At, &i.Use.Active, &i.Use.Exceptions)...)
			lists.parse(&i.Item)
			g.Add(i.Key, i)
			return err
		}},
		{`SELECT i.id, s.at, s.change FROM item i JOIN seat_step s ON s.item = i.id AND s.at > i.seats_at AND s.at <= ?
			WHERE i.seats_at > 0 AND ` + among("i.id", keys) + ` ORDER BY i.id, s.at`, []any{now}, func(rows *sql.Rows) error {
			var item store.ID
			var step store.Step
			err := rows.Scan(&item, &step.At, &step.Change)
			g.With(item, func(i *store.ItemUse) { i.Use.Steps = append(i.Use.Steps, step) })
			return err
		}},
		{`SELECT i.id, (SELECT count(*) FROM seat s WHERE s.item = i.id AND s.until > ?1 AND s.since <= ?1) FROM item i WHERE ` + among("i.id", keys) + `
			UNION ALL SELECT item, count(*) FROM app_domain WHERE ` + among("item", keys) + ` GROUP BY item`, []any{now}, func(rows *sql.Rows) error {
			var item store.ID
			var live int64
			err := rows.Scan(&item, &live)
			g.With(item, func(i *store.ItemUse) { i.Live += live })
			return err
		}},
		{`SELECT h.item, c.code FROM handshake_item h JOIN handshake_code c ON c.id = h.handshake_code WHERE ` + among("h.item", keys) + ` ORDER BY c.id`, nil,
			func(rows *sql.Rows) error {
				var item store.ID
				var code string
				err := rows.Scan(&item, &code)
				g.With(item, func(i *store.ItemUse) { i.Codes = append(i.Codes, code) })
				return err
			}},
	} {
		rows, err := tx.QueryContext(ctx, read.query, read.arguments...)
		if err != nil {
			return nil, err
		}
		if err := eachRow(rows, read.scan); err != nil {
			return nil, err
		}
	}
	return g.List, nil
}

// Devices lists all devices with their seats.
func (s *Store) Devices(ctx context.Context, keys ...store.ID) ([]store.DeviceUse, error) {
	g := store.NewGathered[store.DeviceUse]()
	err := s.query(ctx, `SELECT id, uuid, uuid_source, friendly_name, platform, library, first_seen_at, last_seen_at, cloned_at,
		(SELECT count(*) FROM device_key WHERE device_key.device = device.id) FROM device WHERE `+among("id", keys)+` ORDER BY id`, nil, func(rows *sql.Rows) error {
		var d store.DeviceUse
		err := rows.Scan(&d.Key, &d.UUID, &d.UUIDSource, &d.FriendlyName, &d.Platform, &d.Library, &d.FirstSeenAt, &d.LastSeenAt, &d.ClonedAt, &d.Keys)
		g.Add(d.Key, d)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = s.query(ctx, `SELECT device, `+saturatingSumSQL("recorded")+`, `+saturatingSumSQL("expired")+`, `+
		saturatingSumSQL("refused")+`, `+saturatingSumSQL("storage")+` FROM device_account WHERE `+among("device", keys)+` GROUP BY device`, nil, func(rows *sql.Rows) error {
		var device store.ID
		var account protocol.DeviceAccount
		err := rows.Scan(&device, &account.Recorded, &account.Expired, &account.Refused, &account.Storage)
		g.With(device, func(d *store.DeviceUse) { d.Account = &account })
		return err
	})
	if err != nil {
		return nil, err
	}
	return g.List, s.query(ctx, `SELECT seat.device, item.public_id, seat.since, seat.until, seat.weight FROM seat JOIN item ON item.id = seat.item
		WHERE seat.since = (SELECT max(since) FROM seat s WHERE s.device = seat.device AND s.item = seat.item) AND `+among("seat.device", keys)+` ORDER BY item.id`, nil,
		func(rows *sql.Rows) error {
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
		ORDER BY d.last_at DESC, d.id DESC LIMIT ?`, []any{limit},
		func(rows *sql.Rows) error {
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
		ORDER BY a.last_at DESC, d.id, a.kind LIMIT ?`, []any{limit},
		func(rows *sql.Rows) error {
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
	err := s.query(ctx, `SELECT at, actor, action, object, detail FROM audit ORDER BY id DESC LIMIT ?`, []any{limit},
		func(rows *sql.Rows) error {
			var a store.Audit
			err := rows.Scan(&a.At, &a.Actor, &a.Action, &a.Object, &a.Detail)
			list = append(list, a)
			return err
		})
	return list, err
}
