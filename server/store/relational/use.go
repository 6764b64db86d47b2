package relational

import (
	"context"
	"slices"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// Organizations lists organizations; see store.Store.
func (s *Store) Organizations(ctx context.Context, keys ...store.ID) ([]store.Organization, error) {
	these := s.dialect.choose(keys)
	return list(ctx, s.database, SelectOrganization+` WHERE `+these.among("o.id")+` ORDER BY o.id`, these.arguments,
		OrganizationFields)
}

// HandshakeCodes lists handshake codes with their items.
func (s *Store) HandshakeCodes(ctx context.Context, keys ...store.ID) ([]store.HandshakeCodeUse, error) {
	g, these := store.NewGathered[store.HandshakeCodeUse](), s.dialect.choose(keys)
	err := s.database.Query(ctx, SelectHandshakeCode+` WHERE `+these.among("c.id")+` ORDER BY c.id`, these.arguments,
		func(scan func(...any) error) error {
			var c store.HandshakeCodeUse
			err := scan(HandshakeCodeFields(&c.HandshakeCode)...)
			g.Add(c.Key, c)
			return err
		})
	if err != nil {
		return nil, err
	}
	err = validationFields(ctx, s.database, these, func(code store.ID, value string) {
		g.With(code, func(c *store.HandshakeCodeUse) { c.ValidationFields = append(c.ValidationFields, value) })
	})
	if err != nil {
		return nil, err
	}
	return g.List,
		s.database.Query(ctx, `SELECT h.handshake_code, i.public_id FROM handshake_item h JOIN item i ON i.id = h.item
		WHERE `+these.among("h.handshake_code")+` ORDER BY h.position = 0, h.position, i.expires_at, i.id`,
			these.arguments, func(scan func(...any) error) error {
				var code store.ID
				var item string
				err := scan(&code, &item)
				g.With(code, func(c *store.HandshakeCodeUse) { c.Items = append(c.Items, item) })
				return err
			})
}

// Items lists items with their use at a moment. Sums and steps are read at the same moment.
func (s *Store) Items(ctx context.Context, now int64, keys ...store.ID) (items []store.ItemUse, err error) {
	err = s.database.Moment(ctx, func(r store.Reader) (err error) {
		items, err = itemUses(ctx, r, s.dialect, now, keys)
		return err
	})
	return items, err
}

func itemUses(ctx context.Context, r store.Reader, dialect *Dialect, now int64,
	keys []store.ID) ([]store.ItemUse, error) {
	g, these := store.NewGathered[store.ItemUse](), dialect.choose(keys)
	for _, read := range []struct {
		query     string
		arguments []any
		row       func(scan func(...any) error) error
	}{
		{`SELECT ` + ItemColumns + `, u.used, u.requests, u.at, u.active, u.exceptions
			FROM item i JOIN organization o ON o.id = i.organization JOIN ` + dialect.Uses + ` u ON u.item = i.id
			WHERE ` + these.among("i.id") + ` ORDER BY i.id`, these.arguments, func(scan func(...any) error) error {
			var i store.ItemUse
			err := scan(append(ItemFields(&i.Item), &i.Use.Units, &i.Use.Requests, &i.Use.At, &i.Use.Active,
				&i.Use.Exceptions)...)
			g.Add(i.Key, i)
			return err
		}},
		{`SELECT s.item, s.at, s.change FROM ` + dialect.Uses +
			` u JOIN seat_step s ON s.item = u.item AND s.at > u.at AND s.at <= ?
			WHERE u.at > 0 AND ` + these.among("u.item") + ` ORDER BY s.item, s.at`,
			slices.Concat([]any{now}, these.arguments), func(scan func(...any) error) error {
				var item store.ID
				var step store.Step
				err := scan(&item, &step.At, &step.Change)
				g.With(item, func(i *store.ItemUse) { i.Use.Steps = append(i.Use.Steps, step) })
				return err
			}},
		{`SELECT i.id, (SELECT count(*) FROM seat s WHERE s.item = i.id AND s.until > ? AND s.since <= ?) FROM item i WHERE ` +
			these.among("i.id") + `
			UNION ALL SELECT item, count(*) FROM app_domain WHERE ` + these.among("item") + ` GROUP BY item`,
			slices.Concat([]any{now, now}, these.arguments, these.arguments), func(scan func(...any) error) error {
				var item store.ID
				var live int64
				err := scan(&item, &live)
				g.With(item, func(i *store.ItemUse) { i.Live += live })
				return err
			}},
		{`SELECT h.item, c.code FROM handshake_item h JOIN handshake_code c ON c.id = h.handshake_code
			WHERE ` + these.among("h.item") + ` ORDER BY c.id`, these.arguments, func(scan func(...any) error) error {
			var item store.ID
			var code string
			err := scan(&item, &code)
			g.With(item, func(i *store.ItemUse) { i.Codes = append(i.Codes, code) })
			return err
		}},
	} {
		if err := r.Query(ctx, read.query, read.arguments, read.row); err != nil {
			return nil, err
		}
	}
	return g.List, nil
}

// Devices lists devices with their newest seat of each item.
func (s *Store) Devices(ctx context.Context, keys ...store.ID) ([]store.DeviceUse, error) {
	g, these := store.NewGathered[store.DeviceUse](), s.dialect.choose(keys)
	for _, read := range []struct {
		query string
		row   func(scan func(...any) error) error
	}{
		{`SELECT id, uuid, uuid_source, friendly_name, platform, library, first_seen_at, last_seen_at, cloned_at,
			(SELECT count(*) FROM device_key WHERE device_key.device = device.id) FROM device WHERE ` +
			these.among("id") + ` ORDER BY id`,
			func(scan func(...any) error) error {
				var d store.DeviceUse
				err := scan(&d.Key, &d.UUID, &d.UUIDSource, &d.FriendlyName, &d.Platform, &d.Library, &d.FirstSeenAt,
					&d.LastSeenAt, &d.ClonedAt, &d.Keys)
				g.Add(d.Key, d)
				return err
			}},
		{`SELECT device, ` + s.dialect.Sum("recorded") + `, ` + s.dialect.Sum("expired") + `, ` +
			s.dialect.Sum("refused") + `, ` + s.dialect.Sum("storage") + `
			FROM device_account WHERE ` + these.among("device") + ` GROUP BY device`,
			func(scan func(...any) error) error {
				var device store.ID
				var account protocol.DeviceAccount
				err := scan(&device, &account.Recorded, &account.Expired, &account.Refused, &account.Storage)
				g.With(device, func(d *store.DeviceUse) { d.Account = &account })
				return err
			}},
		// This reads the seats of these devices once: without statistics, a planner that may look
		// one up by another one reads all seats of an item.
		{`SELECT seat.device, item.public_id, seat.since, seat.until, seat.weight
			FROM (SELECT device, item, since, until, weight, row_number() OVER (PARTITION BY device, item ORDER BY since DESC) AS place
				FROM seat WHERE ` + these.among("device") + `) seat
			JOIN item ON item.id = seat.item WHERE seat.place = 1 ORDER BY item.id`,
			func(scan func(...any) error) error {
				var device store.ID
				var seat store.DeviceSeat
				err := scan(&device, &seat.Item, &seat.From, &seat.ExpiresAt, &seat.Weight)
				g.With(device, func(d *store.DeviceUse) { d.Seats = append(d.Seats, seat) })
				return err
			}},
	} {
		if err := s.database.Query(ctx, read.query, these.arguments, read.row); err != nil {
			return nil, err
		}
	}
	return g.List, nil
}

// Denials gives the newest refused authorizations.
func (s *Store) Denials(ctx context.Context, limit int) ([]store.Denial, error) {
	return list(ctx, s.database,
		`SELECT d.last_at, d.status, d.device, d.device_name, d.handshake_code, d.organization, coalesce(o.name, ''),
			d.item, coalesce(i.name, ''), d.cause, d.quota, d.used, d.reason, d.count, d.first_at
		FROM denial d LEFT JOIN organization o ON o.public_id = d.organization LEFT JOIN item i ON i.public_id = d.item
		ORDER BY d.last_at DESC, d.id DESC LIMIT ?`, []any{limit}, func(d *store.Denial) []any {
			return []any{&d.At, &d.Status, &d.Device, &d.DeviceName, &d.HandshakeCode, &d.Organization,
				&d.OrganizationName,
				&d.Item, &d.ItemName, &d.Cause, &d.Limit, &d.Used, &d.Reason, &d.Count, &d.FirstAt}
		})
}

// Anomalies returns the most recent anomalies.
func (s *Store) Anomalies(ctx context.Context, limit int) ([]store.Anomaly, error) {
	return list(ctx, s.database,
		`SELECT d.uuid, a.kind, a.detail, a.count, a.first_at, a.last_at FROM anomaly a JOIN device d ON d.id = a.device
		ORDER BY a.last_at DESC, d.id, a.kind LIMIT ?`, []any{limit}, func(a *store.Anomaly) []any {
			return []any{&a.Device, &a.Kind, &a.Detail, &a.Count, &a.FirstAt, &a.LastAt}
		})
}

// Audits gives the newest administrative changes.
func (s *Store) Audits(ctx context.Context, limit int) ([]store.Audit, error) {
	return list(ctx, s.database, `SELECT at, actor, action, object, detail FROM audit ORDER BY id DESC LIMIT ?`, []any{
		limit,
	}, func(a *store.Audit) []any {
		return []any{&a.At, &a.Actor, &a.Action, &a.Object, &a.Detail}
	})
}
