package history

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/store"
)

// Who uses what: organizations in time zones of their own, each with codes and items.
// The last item of each is charged by pages, the others by scans.
const (
	organizations = 5
	itemsOf       = 4 // an organization
	codesOf       = 6
)

// The types that are counted.
var (
	scans = []string{"CODE_128", "DATA_MATRIX", "EAN_13", "QR_CODE"}
	pages = []string{"PAGE_LOADED", "PAGE_SCANNED"}
)

type kind struct {
	name string
	key  int64
}

// kind is the place of a type.
func (f *filler) kind(name string) int {
	return slices.IndexFunc(f.kinds, func(k kind) bool { return k.name == name })
}

// pair is a code and an item on which its devices count.
type pair struct {
	code, item int64
	owner      int64           // its organization
	kinds      []int           // the places of the types that are counted on it
	slots      [][]store.Units // of the day, by slot and type
	used       int64
}

func (p *pair) add(slot int64, kind int, units int64, late bool) {
	more := store.Units{All: units}
	if late {
		more.Late = units
	}
	p.slots[slot][kind] = p.slots[slot][kind].Plus(more)
}

// newDay are the units of a day without any, by slot and type.
func (f *filler) newDay() [][]store.Units {
	slots := make([][]store.Units, slotsOfDay)
	for i := range slots {
		slots[i] = make([]store.Units, len(f.kinds))
	}
	return slots
}

// forget forgets the units of a day.
func forget(slots [][]store.Units) {
	for _, each := range slots {
		clear(each)
	}
}

// device is a device. What it counts on is its code's.
type device struct {
	key      int64
	begins   int // the slot of the day with which its work begins
	pairs    []int
	server   bool  // it is at work day and night
	longRun  int64 // then its run
	runUntil int64
	units    [quarters][]int64 // of the quarters of the day, by type
}

func organization(i int) string { return fmt.Sprint(200001 + i) }
func item(o, i int) string      { return fmt.Sprintf("history-%d-%d", o, i) }

// zones are how many hours the organizations' days begin before that of UTC.
var zones = [organizations]int{-8, -5, 1, 2, 5}

// catalog adds organizations, codes and items by the store.
func (f *filler) catalog(s store.Store) error {
	admin := administration.Administrator{
		Store: s, Now: func() time.Time { return time.Unix(f.from, 0) }, Actor: "history",
	}
	for o := range organizations {
		if _, err := admin.AddOrganization(f.ctx, fmt.Sprint("Customer ", o+1), organization(o)); err != nil {
			return err
		}
		codes := make([]string, codesOf)
		for c := range codes {
			name := fmt.Sprint("app", c)
			codes[c] = organization(o) + "-" + name
			code := administration.HandshakeCode{Organization: organization(o), Custom: name}
			if _, err := admin.AddHandshakeCode(f.ctx, code); err != nil {
				return err
			}
		}
		for i := range itemsOf {
			added := store.Item{
				ID: item(o, i), Name: fmt.Sprint("Item ", i+1), Organization: organization(o),
				ChargeWay: protocol.ChargeWayScanCount, Products: protocol.ProductAll, Quota: 1 << 50, StartsAt: f.from,
				ExpiresAt: f.until + 365*daySeconds, MaxBufferDays: 365,
			}
			if i == itemsOf-1 {
				added.ChargeWay = protocol.ChargeWayPageCount
			}
			// Each code has two items, each item three codes.
			var of []string
			for c, code := range codes {
				if c%itemsOf == i || (c+1)%itemsOf == i {
					of = append(of, code)
				}
			}
			if _, err := admin.AddItem(f.ctx, added, of); err != nil {
				return err
			}
		}
	}
	return nil
}

// readCatalog finds the keys of what was added, and adds types.
func (f *filler) readCatalog() error {
	all := slices.Concat(scans, pages)
	slices.Sort(all)
	for _, name := range all {
		k := kind{name: name}
		_, err := f.db.ExecContext(f.ctx, `INSERT INTO operation_type (name) VALUES (?) ON CONFLICT DO NOTHING`, name)
		if err == nil {
			err = f.db.QueryRowContext(f.ctx, `SELECT id FROM operation_type WHERE name = ?`, name).Scan(&k.key)
		}
		if err != nil {
			return err
		}
		f.kinds = append(f.kinds, k)
	}
	f.came = map[int64][]batch{}
	f.owners = map[int64][][]store.Units{0: f.newDay()}
	if err := f.db.QueryRowContext(f.ctx, `SELECT coalesce(max(id), 0) FROM run`).Scan(&f.result.Runs); err != nil {
		return err
	}
	rows, err := f.db.QueryContext(f.ctx, `SELECT h.handshake_code, h.item, i.organization, i.charge_way = ? FROM handshake_item h
		JOIN item i ON i.id = h.item WHERE i.public_id LIKE 'history-%' ORDER BY h.handshake_code, h.item`,
		protocol.ChargeWayPageCount)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() && err == nil {
		p := pair{slots: f.newDay()}
		var byPage bool
		err = rows.Scan(&p.code, &p.item, &p.owner, &byPage)
		names := scans
		if byPage {
			names = pages
		}
		for _, name := range names {
			p.kinds = append(p.kinds, f.kind(name))
		}
		f.pairs = append(f.pairs, p)
		if f.owners[p.owner] == nil {
			f.owners[p.owner] = f.newDay()
		}
	}
	return errors.Join(err, rows.Err())
}

// uuid is a random one of the history.
func (f *filler) uuid() string {
	var id uuid.UUID
	for i := range id {
		id[i] = byte(f.chance.Uint32())
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id.String()
}

// addDevices adds devices, as if each was authorized on the first day and seen on the last.
func (f *filler) addDevices() error {
	return f.transact(func(tx *sql.Tx) error {
		var before int64
		if err := tx.QueryRowContext(f.ctx, `SELECT coalesce(max(id), 0) FROM device`).Scan(&before); err != nil {
			return err
		}
		devices := inserting(tx,
			"device (id, uuid, uuid_source, friendly_name, platform, library, first_seen_at, last_seen_at)", 8)
		keys := inserting(tx, "device_key (key_id, device, public_key, report_key, reporter, created_at)", 6)
		grants := inserting(tx, "report_grant (device, reporter, handshake_code, item, granted_at)", 5)
		for i := range f.Devices {
			d := device{key: before + 1 + int64(i), server: i%10 == 9}
			for n := range d.units {
				d.units[n] = make([]int64, len(f.kinds))
			}
			// Organizations and codes differ in how many devices they have.
			code := i % (organizations * codesOf)
			if i >= organizations*codesOf {
				code = min(code, f.chance.IntN(organizations*codesOf))
			}
			for at := 2 * code; at < 2*code+2; at++ {
				d.pairs = append(d.pairs, at)
				if err := grants.add(d.key, 0, f.pairs[at].code, f.pairs[at].item, f.from); err != nil {
					return err
				}
			}
			d.begins = (8-zones[code/codesOf])*60*60/slotSeconds + f.chance.IntN(20)
			if most := slotsOfDay - workSlots; d.begins > most {
				d.begins = most
			}
			id := f.uuid()
			if d.server {
				f.result.Device = id
			}
			err := errors.Join(
				devices.add(d.key, id, "file", fmt.Sprint("Station ", i), "linux-x86_64", "go/1.0.0", f.from,
					f.until-f.chance.Int64N(2*daySeconds)),
				keys.add(f.uuid(), d.key, []byte(id), []byte(id), 0, f.from))
			if err != nil {
				return err
			}
			f.devices = append(f.devices, d)
		}
		return errors.Join(devices.end(), keys.end(), grants.end())
	})
}

// rest writes what is used, and what lists show: refusals, anomalies and the audit.
func (f *filler) rest(tx *sql.Tx) error {
	used := map[int64]int64{}
	for _, p := range f.pairs {
		used[p.item] += p.used
	}
	for item, units := range used {
		if _, err := tx.ExecContext(f.ctx, `UPDATE item SET used = used + ? WHERE id = ?`, units, item); err != nil {
			return err
		}
	}
	// As many as there may be, but never more than one for each 500 reports.
	n := min(f.Reports/500+1, mostDenials)
	arguments := []any{sql.Named("n", n), sql.Named("from", f.from), sql.Named("until", f.until),
		sql.Named("code", f.pairs[0].code)}
	for _, statement := range []string{
		`INSERT INTO total_device_month SELECT CAST(strftime('%s', slot, 'unixepoch', 'start of month') AS INTEGER), device, handshake_code, item, type, sum(count)
			FROM total_device WHERE device IN (SELECT device FROM report_grant g JOIN item i ON i.id = g.item WHERE i.public_id LIKE 'history-%') GROUP BY 1, 2, 3, 4, 5`,
		`INSERT INTO total_month SELECT handshake_code, item, CAST(strftime('%s', slot, 'unixepoch', 'start of month') AS INTEGER), type, sum(count), sum(late)
			FROM total_day WHERE item IN (SELECT id FROM item WHERE public_id LIKE 'history-%') GROUP BY 1, 2, 3, 4`,
		`INSERT INTO organization_fold (id, before) VALUES (1, @until) ON CONFLICT DO UPDATE SET before = excluded.before`,
		`INSERT INTO organization_type (organization, type) SELECT DISTINCT i.organization, t.type FROM total_day t JOIN item i ON i.id = t.item
			WHERE true ON CONFLICT DO NOTHING`,
		numbers + `INSERT INTO denial (device, device_name, handshake_code, status, organization, item, cause, quota, used, reason, count, first_at, last_at)
			SELECT lower(hex(randomblob(16))), 'Station', (SELECT code FROM handshake_code WHERE id = @code + n % 30), -20117, '', '', '', 0, 0,
				'the quota is used up', 1 + n % 9, @from + (@until - @from) * n / @n, @from + (@until - @from) * n / @n FROM number`,
		numbers + `INSERT INTO total_denial (start, handshake_code, status, count)
			SELECT at - at % 900, @code + n % 30, -20117, 1 + n % 9
			FROM (SELECT n, @from + (@until - @from) * n / @n AS at FROM number) WHERE true ON CONFLICT DO UPDATE SET count = count + excluded.count`,
		`INSERT INTO anomaly (device, kind, detail, count, first_at, last_at) SELECT d.id, k.column1, 'as of a benchmark', 1 + d.id % 7, @from, @until - d.id * 60
			FROM device d, (VALUES ('clock-skew'), ('item-not-of-code')) k WHERE d.id % 3 = 0`,
		numbers + `INSERT INTO audit (at, actor, action, object, detail)
			SELECT @from + (@until - @from) * n / @n, 'history', 'item.change', 'item ' || n % 20, 'quota' FROM number`,
	} {
		if _, err := tx.ExecContext(f.ctx, statement, arguments...); err != nil {
			return err
		}
	}
	return nil
}

// mostDenials is how many a store keeps.
const mostDenials = 100_000

// numbers are those from 0 to before n.
const numbers = `WITH RECURSIVE number (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < @n) `
