package postgres

import (
	"cmp"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/openlts/openlts/server/store"
)

// queueDevices writes devices. If a device sent several requests, the last one counts.
func (s *saving) queueDevices(b *batch) error {
	devices := map[string]store.Device{}
	for _, d := range s.change.Devices {
		if before, ok := devices[d.UUID]; ok {
			d.FirstSeenAt = before.FirstSeenAt
		}
		devices[d.UUID] = d
	}
	if len(devices) == 0 {
		return nil
	}
	n := len(devices)
	uuids := slices.Sorted(maps.Keys(devices))
	sources, names, platforms, libraries := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	first, last := make([]int64, n), make([]int64, n)
	for i, uuid := range uuids {
		d := devices[uuid]
		sources[i], names[i], platforms[i], libraries[i] = clean(d.UUIDSource), clean(d.FriendlyName),
			clean(d.Platform), clean(d.Library)
		first[i], last[i] = d.FirstSeenAt, d.LastSeenAt
	}
	b.each(`INSERT INTO device (uuid, uuid_source, friendly_name, platform, library, first_seen_at, last_seen_at)
		SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])
		ON CONFLICT (uuid) DO UPDATE SET uuid_source = excluded.uuid_source, friendly_name = excluded.friendly_name,
			platform = excluded.platform, library = excluded.library, last_seen_at = excluded.last_seen_at
		RETURNING uuid, id`, []any{
		cleanAll(uuids), sources, names, platforms, libraries, first, last,
	}, func(rows pgx.Rows) error {
		var uuid string
		var id store.ID
		err := rows.Scan(&uuid, &id)
		if device := s.change.Known[uuid]; device != nil {
			device.Key = id
		}
		return err
	})
	return nil
}

// queueKeys writes public keys. If a key exists already, another server received a request of the
// same device at the same time.
func (s *saving) queueKeys(b *batch) error {
	if len(s.change.Keys) == 0 {
		return nil
	}
	keys := slices.SortedFunc(slices.Values(s.change.Keys), func(a, b store.DeviceKeyOf) int {
		return cmp.Or(cmp.Compare(a.KeyID, b.KeyID), cmp.Compare(a.Device, b.Device))
	})
	n := len(keys)
	ids, devices, reporters, created := make([]string, n), make([]int64, n), make([]int64, n), make([]int64, n)
	public, secret := make([][]byte, n), make([][]byte, n)
	for i, k := range keys {
		device, err := s.deviceKey(k.Device)
		if err != nil {
			return err
		}
		ids[i], devices[i], reporters[i], created[i], public[i], secret[i] = clean(k.KeyID), device, k.Reporter,
			k.CreatedAt, k.PublicKey, k.ReportKey
	}
	b.all(n, `INSERT INTO device_key (key_id, device, public_key, report_key, reporter, created_at)
		SELECT * FROM unnest($1::text[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bigint[], $6::bigint[]) ON CONFLICT (key_id, device) DO NOTHING`,
		ids, devices, public, secret, reporters, created)
	return nil
}

func (s *saving) queueNewGrants(b *batch) error {
	if len(s.change.Grants) == 0 {
		return nil
	}
	rows := make([][]int64, 0, len(s.change.Grants))
	for grant, at := range s.change.Grants {
		device, err := s.deviceKey(grant.Device)
		if err != nil {
			return err
		}
		rows = append(rows, []int64{device, grant.Reporter, int64(grant.Code), int64(grant.Item), at})
	}
	b.exec(`INSERT INTO report_grant (device, reporter, handshake_code, item, granted_at)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) ON CONFLICT DO NOTHING`,
		sortedColumns(rows, 5).arguments()...)
	return nil
}

func (s *saving) queueNewAccounts(b *batch) error {
	if len(s.change.Accounts) == 0 {
		return nil
	}
	rows := make([][]int64, 0, len(s.change.Accounts))
	for key, a := range s.change.Accounts {
		device, err := s.deviceKey(key.Device)
		if err != nil {
			return err
		}
		rows = append(rows, []int64{
			device, key.Reporter, a.SentAt, a.Recorded, a.Expired, a.Refused, a.Storage, s.change.Accepted[key],
		})
	}
	b.exec(`INSERT INTO device_account AS a (device, reporter, sent_at, recorded, expired, refused, storage, accepted)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
		ON CONFLICT (device, reporter) DO UPDATE SET sent_at = excluded.sent_at, recorded = excluded.recorded,
			expired = excluded.expired, refused = excluded.refused, storage = excluded.storage, accepted = `+
		addedSQL("a.accepted", "excluded.accepted"),
		sortedColumns(rows, 8).arguments()...)
	return nil
}

func (s *saving) queueNewTrials(b *batch) error {
	if len(s.change.Trials) == 0 {
		return nil
	}
	trials := slices.SortedFunc(maps.Keys(s.change.Trials), func(a, b store.Trial) int {
		return cmp.Or(cmp.Compare(a.Item, b.Item), cmp.Compare(a.Subject, b.Subject))
	})
	n := len(trials)
	items, begun, subjects := make([]int64, n), make([]int64, n), make([]string, n)
	for i, trial := range trials {
		items[i], begun[i], subjects[i] = int64(trial.Item), s.change.Trials[trial], clean(trial.Subject)
	}
	b.exec(`INSERT INTO trial (item, subject, started_at) SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[]) ON CONFLICT DO NOTHING`,
		items, subjects, begun)
	return nil
}

func (s *saving) queueCloned(b *batch) error {
	if len(s.change.Cloned) == 0 {
		return nil
	}
	uuids := slices.Sorted(maps.Keys(s.change.Cloned))
	found := make([]int64, len(uuids))
	for i, uuid := range uuids {
		found[i] = s.change.Cloned[uuid]
	}
	b.exec(`UPDATE device SET cloned_at = k.at FROM unnest($1::text[], $2::bigint[]) AS k(uuid, at) WHERE device.uuid = k.uuid`,
		cleanAll(uuids), found)
	return nil
}

// queueAnomalies adds to the anomalies of devices. It combines those of the same kind, because a
// statement can't change a row twice.
func (s *saving) queueAnomalies(b *batch) error {
	if len(s.change.Anomalies) == 0 {
		return nil
	}
	type kind struct {
		device int64
		kind   string
	}
	sums := map[kind]store.Anomaly{}
	for _, a := range s.change.Anomalies {
		device, err := s.deviceKey(a.Device)
		if err != nil {
			return err
		}
		key := kind{device, clean(a.Kind)}
		if before, ok := sums[key]; ok {
			a.Count, a.FirstAt = a.Count+before.Count, before.FirstAt
		}
		sums[key] = a
	}
	keys := slices.SortedFunc(maps.Keys(sums), func(a, b kind) int {
		return cmp.Or(cmp.Compare(a.device, b.device), cmp.Compare(a.kind, b.kind))
	})
	n := len(keys)
	devices, counts, first, last := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	kinds, details := make([]string, n), make([]string, n)
	for i, key := range keys {
		a := sums[key]
		devices[i], kinds[i], details[i], counts[i], first[i], last[i] = key.device, key.kind, clean(a.Detail), a.Count,
			a.FirstAt, a.LastAt
	}
	b.exec(`INSERT INTO anomaly AS a (device, kind, detail, count, first_at, last_at)
		SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[])
		ON CONFLICT (device, kind) DO UPDATE SET detail = excluded.detail, count = a.count + excluded.count, last_at = excluded.last_at`,
		devices, kinds, details, counts, first, last)
	return nil
}

// maxDenials is the number of denials that are kept: an attacker with ever new devices and codes
// only replaces the oldest.
const maxDenials = 100_000

func (s *saving) queueDenials(b *batch) error {
	if len(s.change.Denials) == 0 {
		return nil
	}
	type kind struct {
		device, code string
		status       int64
	}
	sums := map[kind]store.Denial{}
	for _, d := range s.change.Denials {
		key := kind{clean(d.Device), clean(d.HandshakeCode), int64(d.Status)}
		if before, ok := sums[key]; ok {
			d.Count, d.FirstAt = d.Count+before.Count, before.FirstAt
		}
		sums[key] = d
	}
	keys := slices.SortedFunc(maps.Keys(sums), func(a, b kind) int {
		return cmp.Or(cmp.Compare(a.device, b.device), cmp.Compare(a.code, b.code), cmp.Compare(a.status, b.status))
	})
	n := len(keys)
	text, number := func() []string { return make([]string, n) }, func() []int64 { return make([]int64, n) }
	devices, codes, organizations, reasons, names, items, causes := text(), text(), text(), text(), text(),
		text(), text()
	statuses, counts, first, last, quotas, used := number(), number(), number(), number(), number(), number()
	for i, key := range keys {
		d := sums[key]
		devices[i], codes[i], statuses[i], organizations[i], reasons[i] = key.device, key.code, key.status,
			clean(d.Organization), clean(d.Reason)
		names[i], items[i], causes[i], quotas[i], used[i] = clean(d.DeviceName), clean(d.Item), clean(d.Cause),
			d.Limit, d.Used
		counts[i], first[i], last[i] = d.Count, d.FirstAt, d.At
	}
	b.exec(`INSERT INTO denial AS d (device, device_name, handshake_code, status, organization, item, cause, quota, used, reason, count, first_at, last_at)
		SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[],
			$10::text[], $11::bigint[], $12::bigint[], $13::bigint[])
		ON CONFLICT (device, handshake_code, status) DO UPDATE SET device_name = excluded.device_name, organization = excluded.organization,
			item = excluded.item, cause = excluded.cause, quota = excluded.quota, used = excluded.used, reason = excluded.reason,
			count = d.count + excluded.count, last_at = excluded.last_at`,
		devices, names, codes, statuses, organizations, items, causes, quotas, used, reasons, counts, first, last)
	// Those that another server is just writing are left to it.
	b.exec(`DELETE FROM denial WHERE id IN (SELECT id FROM denial WHERE id <= (SELECT max(id) FROM denial) - $1 ORDER BY id FOR UPDATE SKIP LOCKED)`,
		maxDenials)
	return nil
}
