package sqlite

import (
	"cmp"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openlts/openlts/server/store"
)

// save writes a change: one statement per table, with many rows if there are many, in the order of
// the table, so that neighbors are written together. It is not shared with PostgreSQL: here a
// statement costs microseconds, there a round trip.
func (t *transaction) save(c *store.Change) error {
	for _, step := range []func(*store.Change) error{
		t.saveDevices, t.saveKeys, t.saveGrants, t.saveTrials, t.saveSeats, t.saveSteps, t.saveSums, t.saveDomains,
		t.saveAccounts, t.saveCloned, t.saveAnomalies, t.saveDenials, t.saveRuns, t.saveReceived, t.saveReports,
		t.saveTotals, t.saveDeviceTotals, t.saveTypes, t.saveUsed, t.saveRequests,
	} {
		if err := step(c); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) saveDevices(c *store.Change) error {
	for _, d := range c.Devices {
		err := t.get(
			`INSERT INTO device (uuid, uuid_source, friendly_name, platform, library, first_seen_at, last_seen_at)
			VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET uuid_source = excluded.uuid_source, friendly_name = excluded.friendly_name,
				platform = excluded.platform, library = excluded.library, last_seen_at = excluded.last_seen_at
			RETURNING id`,
			[]any{d.UUID, d.UUIDSource, d.FriendlyName, d.Platform, d.Library, d.FirstSeenAt, d.LastSeenAt},
			&c.Known[d.UUID].Key)
		if err != nil {
			return err
		}
	}
	return nil
}

// deviceKey is the key of a device by its UUID.
func deviceKey(c *store.Change, uuid string) (store.ID, error) {
	if device := c.Known[uuid]; device != nil && device.Key != 0 {
		return device.Key, nil
	}
	return 0, fmt.Errorf("there is no device %s: %w", uuid, store.ErrNotFound)
}

func (t *transaction) saveKeys(c *store.Change) error {
	rows := make([]any, 0, 6*len(c.Keys))
	for _, k := range c.Keys {
		device, err := deviceKey(c, k.Device)
		if err != nil {
			return err
		}
		rows = append(rows, k.KeyID, device, k.PublicKey, k.ReportKey, k.Reporter, k.CreatedAt)
	}
	return t.insertRows(`INSERT INTO device_key (key_id, device, public_key, report_key, reporter, created_at) VALUES`,
		6, ` ON CONFLICT DO NOTHING`, rows)
}

func (t *transaction) saveGrants(c *store.Change) error {
	rows := make([]any, 0, 5*len(c.Grants))
	for grant, at := range c.Grants {
		device, err := deviceKey(c, grant.Device)
		if err != nil {
			return err
		}
		rows = append(rows, device, grant.Reporter, grant.Code, grant.Item, at)
	}
	return t.insertRows(`INSERT INTO report_grant (device, reporter, handshake_code, item, granted_at) VALUES`, 5,
		` ON CONFLICT DO NOTHING`, rows)
}

func (t *transaction) saveTrials(c *store.Change) error {
	rows := make([]any, 0, 3*len(c.Trials))
	for trial, at := range c.Trials {
		rows = append(rows, trial.Item, trial.Subject, at)
	}
	return t.insertRows(`INSERT INTO trial (item, subject, started_at) VALUES`, 3, ` ON CONFLICT DO NOTHING`, rows)
}

func (t *transaction) saveCloned(c *store.Change) error {
	for uuid, at := range c.Cloned {
		if err := t.exec(`UPDATE device SET cloned_at = ? WHERE uuid = ?`, at, uuid); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) saveRequests(c *store.Change) error {
	for item, added := range c.Requests {
		if err := t.exec(`UPDATE item SET requests = requests + ? WHERE id = ?`, added, item); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) saveSeats(c *store.Change) error {
	rows := make([]any, 0, 7*len(c.Seats))
	gone := pairs{}
	for key, seat := range c.Seats {
		device, err := deviceKey(c, key.Device)
		if err != nil {
			return err
		}
		if seat.Weight == 0 {
			gone.add(int64(device), int64(key.Item), key.From)
			continue
		}
		rows = append(rows, device, key.Item, key.From, seat.Until, seat.Weight, seat.Brief, seat.Freed)
	}
	err := t.insertRows(`INSERT INTO seat (device, item, since, until, weight, brief, freed) VALUES`, 7,
		` ON CONFLICT DO UPDATE SET until = excluded.until, weight = excluded.weight, brief = excluded.brief, freed = excluded.freed`,
		rows)
	if err != nil || len(gone) == 0 {
		return err
	}
	return t.exec(`DELETE FROM seat WHERE (device, item, since) IN (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?))`,
		gone.json())
}

// saveSteps adds steps, and deletes those that become 0.
func (t *transaction) saveSteps(c *store.Change) error {
	rows := make([]any, 0, 3*len(c.Steps))
	shrunk := pairs{}
	for _, key := range slices.SortedFunc(maps.Keys(c.Steps), func(a, b store.StepKey) int {
		return cmp.Or(cmp.Compare(a.Item, b.Item), cmp.Compare(a.At, b.At))
	}) {
		by := c.Steps[key]
		if by == 0 {
			continue
		}
		rows = append(rows, key.Item, key.At, by)
		shrunk.add(int64(key.Item), key.At)
	}
	if len(rows) == 0 {
		return nil
	}
	err := t.insertRows(`INSERT INTO seat_step (item, at, change) VALUES`, 3,
		` ON CONFLICT DO UPDATE SET change = change + excluded.change`, rows)
	if err != nil {
		return err
	}
	return t.exec(
		`DELETE FROM seat_step WHERE change = 0 AND (item, at) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))`,
		shrunk.json())
}

func (t *transaction) saveSums(c *store.Change) error {
	for item, sum := range c.Sums {
		if err := t.exec(`UPDATE item SET seats_at = ?, seats = ?, exceptions = ? WHERE id = ?`, sum.At, sum.Active,
			sum.Exceptions, item); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) saveDomains(c *store.Change) error {
	rows := make([]any, 0, 3*len(c.Domains))
	for key, since := range c.Domains {
		rows = append(rows, key.Item, key.Domain, since)
	}
	return t.insertRows(`INSERT INTO app_domain (item, domain, since) VALUES`, 3, ` ON CONFLICT DO NOTHING`, rows)
}

func (t *transaction) saveAccounts(c *store.Change) error {
	rows := make([]any, 0, 8*len(c.Accounts))
	for key, a := range c.Accounts {
		device, err := deviceKey(c, key.Device)
		if err != nil {
			return err
		}
		rows = append(rows, device, key.Reporter, a.SentAt, a.Recorded, a.Expired, a.Refused, a.Storage,
			c.Accepted[key])
	}
	return t.insertRows(
		`INSERT INTO device_account (device, reporter, sent_at, recorded, expired, refused, storage, accepted) VALUES`,
		8,
		` ON CONFLICT DO UPDATE SET sent_at = excluded.sent_at, recorded = excluded.recorded,
			expired = excluded.expired, refused = excluded.refused, storage = excluded.storage,
			accepted = iif(accepted > 9223372036854775807 - excluded.accepted, 9223372036854775807, accepted + excluded.accepted)`,
		rows)
}

func (t *transaction) saveAnomalies(c *store.Change) error {
	rows := make([]any, 0, 6*len(c.Anomalies))
	for _, a := range c.Anomalies {
		device, err := deviceKey(c, a.Device)
		if err != nil {
			return err
		}
		rows = append(rows, device, a.Kind, a.Detail, a.Count, a.FirstAt, a.LastAt)
	}
	return t.insertRows(`INSERT INTO anomaly (device, kind, detail, count, first_at, last_at) VALUES`, 6,
		` ON CONFLICT DO UPDATE SET detail = excluded.detail, count = count + excluded.count, last_at = excluded.last_at`,
		rows)
}

// maxDenials is the number of denials that are kept: an attacker with ever new devices and codes
// only replaces the oldest.
const maxDenials = 100_000

func (t *transaction) saveDenials(c *store.Change) error {
	if len(c.Denials) == 0 {
		return nil
	}
	rows := make([]any, 0, 13*len(c.Denials))
	for _, d := range c.Denials {
		rows = append(rows, d.Device, d.DeviceName, d.HandshakeCode, d.Status, d.Organization, d.Item, d.Cause,
			d.Limit, d.Used,
			d.Reason, d.Count, d.FirstAt, d.At)
	}
	err := t.insertRows(
		`INSERT INTO denial (device, device_name, handshake_code, status, organization, item, cause, quota, used,
			reason, count, first_at, last_at) VALUES`, 13,
		` ON CONFLICT DO UPDATE SET device_name = excluded.device_name, organization = excluded.organization, item = excluded.item,
			cause = excluded.cause, quota = excluded.quota, used = excluded.used, reason = excluded.reason,
			count = count + excluded.count, last_at = excluded.last_at`, rows)
	if err != nil {
		return err
	}
	if err := t.saveDenialTotals(c); err != nil {
		return err
	}
	return t.exec(`DELETE FROM denial WHERE id <= (SELECT max(id) FROM denial) - ?`, maxDenials)
}

func (t *transaction) saveRuns(c *store.Change) error {
	for key, run := range c.Runs {
		device, err := deviceKey(c, key.Device)
		if err != nil {
			return err
		}
		run.Key, err = t.insert(`INSERT INTO run (device, uuid, handshake_code, item, reporter) VALUES (?, ?, ?, ?, ?)`,
			device, key.Run, key.Code, key.Item, key.Reporter)
		if err != nil {
			return err
		}
		t.s.known.runs[runKey{device, key.Code, key.Item, key.Reporter, key.Run}], t.s.known.newest[run.Key] = run.Key,
			-1
	}
	return nil
}

func (t *transaction) saveReceived(c *store.Change) error {
	packed, err := store.PackReceived(c.Received)
	if err != nil {
		return err
	}
	rows := make([]any, 0, 4*len(packed))
	for i := range packed {
		rows = append(rows, packed[i].ReceivedAt, packed[i].Run.Key, packed[i].Newest, packed[i].Data)
	}
	return t.insertRows(`INSERT INTO raw_report (received_at, run, newest, reports) VALUES`, 4, ``, rows)
}

func (t *transaction) saveReports(c *store.Change) error {
	rows, losses := make([]any, 0, 5*len(c.Reports)), []any(nil)
	keys := slices.SortedFunc(maps.Keys(c.Reports), func(a, b store.SlotKey) int {
		return cmp.Or(cmp.Compare(a.Run.Key, b.Run.Key), cmp.Compare(a.Slot, b.Slot))
	})
	for _, key := range keys {
		report := c.Reports[key]
		rows = append(rows, key.Run.Key, key.Slot, report.Revision, notNil(report.Counts.AppendBinary(nil)),
			len(report.Losses))
		for _, cause := range slices.Sorted(maps.Keys(report.Losses)) {
			loss := report.Losses[cause]
			losses = append(losses, key.Run.Key, key.Slot, cause, loss.Revision,
				notNil(loss.Counts.AppendBinary(nil)), loss.Units)
		}
		t.s.known.newest[key.Run.Key] = max(t.s.known.newest[key.Run.Key], key.Slot)
	}
	err := t.insertRows(`INSERT INTO report (run, slot, revision, counts, losses) VALUES`, 5,
		` ON CONFLICT DO UPDATE SET revision = excluded.revision, counts = excluded.counts, losses = excluded.losses`,
		rows)
	if err != nil {
		return err
	}
	return t.insertRows(`INSERT INTO report_loss (run, slot, cause, revision, counts, units) VALUES`, 6,
		` ON CONFLICT DO UPDATE SET revision = excluded.revision, counts = excluded.counts, units = excluded.units`,
		losses)
}

// learnTypes makes sure that all operation types of totals are known, adding
// those that are new.
func (t *transaction) learnTypes(totals map[store.TotalKey]store.Units) error {
	var missing []string
	for key := range totals {
		if _, ok := t.s.known.types[key.Type]; !ok && !slices.Contains(missing, key.Type) {
			missing = append(missing, key.Type)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	names := jsonTexts(missing)
	if err := t.exec(
		`INSERT INTO operation_type (name) SELECT value FROM json_each(?) WHERE true ON CONFLICT DO NOTHING`,
		names); err != nil {
		return err
	}
	return t.each(`SELECT id, name FROM operation_type WHERE name IN (SELECT value FROM json_each(?))`, []any{
		names,
	}, func(rows *sql.Rows) error {
		var id int64
		var name string
		err := rows.Scan(&id, &name)
		t.s.known.types[name] = id
		return err
	})
}

func (t *transaction) saveTypes(c *store.Change) error {
	for name := range c.Types {
		err := t.exec(
			`INSERT INTO organization_type (organization, type) SELECT o.id, t.id FROM organization o, operation_type t
			WHERE o.public_id = ? AND t.name = ? ON CONFLICT DO NOTHING`, name.Organization, name.Type)
		if err != nil {
			return err
		}
		if known, ok := t.s.known.typesOf[name.Organization]; ok {
			known[name.Type] = true
		}
	}
	return nil
}

func (t *transaction) saveUsed(c *store.Change) error {
	for item, added := range c.Used {
		err := t.exec(
			`UPDATE item SET used = iif(used > 9223372036854775807 - ?1, 9223372036854775807, used + ?1) WHERE id = ?2`,
			added, item)
		if err != nil {
			return err
		}
	}
	return nil
}

// rowsAtOnce are the numbers of rows that one statement inserts. Each call into
// SQLite costs more than a small row does.
var rowsAtOnce = []int{64, 8, 1}

// insertRows inserts rows with this many columns each, which follow one another in values.
func (t *transaction) insertRows(into string, columns int, suffix string, values []any) error {
	row := "(" + strings.Repeat("?, ", columns-1) + "?)"
	for _, n := range rowsAtOnce {
		if len(values) < n*columns {
			continue
		}
		query := into + strings.Repeat(row+", ", n-1) + row + suffix
		for len(values) >= n*columns {
			if err := t.exec(query, values[:n*columns]...); err != nil {
				return err
			}
			values = values[n*columns:]
		}
	}
	return nil
}
