package sqlite

import (
	"database/sql"
	"maps"
	"slices"
	"strconv"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/relational"
)

// load reads what keys name: one statement per table, for what is not known from earlier
// transactions.
func (t *transaction) load(keys *store.Keys) (*loading, error) {
	l := &loading{transaction: t, keys: keys, state: &store.State{
		Organizations: map[string]store.Organization{}, Codes: map[string]store.HandshakeCode{},
		CodeItems: map[store.ID][]store.CodeItem{}, Items: map[string]store.Item{}, Types: map[string]map[string]bool{},
		Uses: map[store.ID]*store.Use{}, Domains: map[store.DomainKey]bool{}, Devices: map[string]*store.DeviceState{},
		Runs: map[store.RunKey]*store.Run{}, Grants: map[store.Grant]bool{}, Trials: map[store.Trial]int64{},
	}, unsettled: map[store.ID]bool{}}
	for _, step := range []func() error{
		l.latest, l.closed, l.organizations, l.codes, l.codeItems, l.items, l.types, l.uses, l.askers, l.trials,
		l.reporters, l.confirmed, l.seats, l.domains, l.accounts, l.runs, l.reports, l.grants,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return l, nil
}

type loading struct {
	*transaction
	keys  *store.Keys
	state *store.State
	// byKey are the devices of the state that are known.
	byKey map[store.ID]*store.DeviceState
	uuids map[store.ID]string
	found []*store.Run // of the state, that are known
	// newcomers are the devices whose grants count.
	newcomers []store.ID
	slots     map[*store.Run][]int64
	// next is the first step of each item after now. Items in unsettled may have steps between
	// their sum and now.
	next      map[store.ID]int64
	unsettled map[store.ID]bool
}

// latest looks at the newest rows of the tables that every server writes to.
func (l *loading) latest() error {
	if l.s.known.latest < 0 {
		err := l.get(`SELECT max(
			coalesce((SELECT received_at FROM raw_report ORDER BY id DESC LIMIT 1), 0),
			coalesce((SELECT last_at FROM denial ORDER BY id DESC LIMIT 1), 0),
			coalesce((SELECT max(first_seen_at, last_seen_at) FROM device ORDER BY id DESC LIMIT 1), 0))`, nil,
			&l.s.known.latest)
		if err != nil {
			return err
		}
	}
	l.state.Latest = l.s.known.latest
	return nil
}

func (l *loading) closed() error {
	if l.s.known.closedBefore < 0 {
		if err := l.get(`SELECT coalesce(max(before), 0) FROM slot_closing`, nil, &l.s.known.closedBefore); err != nil {
			return err
		}
	}
	l.state.ClosedBefore = l.s.known.closedBefore
	return nil
}

func (l *loading) organizations() error {
	if len(l.keys.Organizations) == 0 {
		return nil
	}
	return l.each(relational.SelectOrganization+` WHERE o.public_id IN (SELECT value FROM json_each(?1))`+
		` UNION ALL `+relational.SelectPublicTrial+` AND '' IN (SELECT value FROM json_each(?1))`,
		[]any{jsonTexts(l.keys.Organizations)},
		func(rows *sql.Rows) error {
			var o store.Organization
			err := rows.Scan(relational.OrganizationFields(&o)...)
			l.state.Organizations[o.ID] = o
			return err
		})
}

func (l *loading) codes() error {
	var missing []string
	need := func(code string) {
		if _, done := l.state.Codes[code]; done {
			return
		}
		if known, ok := l.s.known.codes[code]; ok {
			l.state.Codes[code] = known
		} else {
			missing = append(missing, code)
		}
	}
	for _, code := range l.keys.Codes {
		need(code)
	}
	for _, o := range l.state.Organizations {
		need(o.DefaultCode)
	}
	for i := range l.keys.Counted {
		need(l.keys.Counted[i].Code)
	}
	if len(missing) == 0 {
		return nil
	}
	found := map[store.ID]*store.HandshakeCode{}
	err := l.each(relational.SelectHandshakeCode+` WHERE c.code IN (SELECT value FROM json_each(?))`, []any{
		jsonTexts(missing),
	}, func(rows *sql.Rows) error {
		c := &store.HandshakeCode{}
		err := rows.Scan(relational.HandshakeCodeFields(c)...)
		found[c.Key] = c
		return err
	})
	if err != nil || len(found) == 0 {
		return err
	}
	err = l.each(`SELECT handshake_code, value FROM validation_field WHERE handshake_code IN (SELECT value FROM json_each(?)) ORDER BY value`,
		[]any{jsonNumbers(slices.Collect(maps.Keys(found)))}, func(rows *sql.Rows) error {
			var code store.ID
			var value string
			err := rows.Scan(&code, &value)
			found[code].ValidationFields = append(found[code].ValidationFields, value)
			return err
		})
	for _, c := range found {
		l.state.Codes[c.Code], l.s.known.codes[c.Code] = *c, *c
	}
	return err
}

func (l *loading) codeItems() error {
	var missing []store.ID
	for _, code := range l.state.Codes {
		if items, ok := l.s.known.codeItems[code.Key]; ok {
			l.state.CodeItems[code.Key] = items
		} else {
			missing = append(missing, code.Key)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	err := l.each(`SELECT h.handshake_code, `+relational.ItemColumns+
		`, h.position FROM handshake_item h JOIN item i ON i.id = h.item
		JOIN organization o ON o.id = i.organization WHERE h.handshake_code IN (SELECT value FROM json_each(?))`,
		[]any{jsonNumbers(missing)},
		func(rows *sql.Rows) error {
			var code store.ID
			var i store.CodeItem
			err := rows.Scan(append(append([]any{&code}, relational.ItemFields(&i.Item)...), &i.Position)...)
			l.state.CodeItems[code] = append(l.state.CodeItems[code], i)
			return err
		})
	if err != nil {
		return err
	}
	for _, code := range missing {
		l.s.known.codeItems[code] = l.state.CodeItems[code]
	}
	return nil
}

func (l *loading) items() error {
	var missing []string
	for i := range l.keys.Counted {
		id := l.keys.Counted[i].Item
		if _, done := l.state.Items[id]; done {
			continue
		}
		if known, ok := l.s.known.items[id]; ok {
			l.state.Items[id] = known
		} else {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return l.each(relational.SelectItem+` WHERE i.public_id IN (SELECT value FROM json_each(?))`, []any{
		jsonTexts(missing),
	}, func(rows *sql.Rows) error {
		var i store.Item
		err := rows.Scan(relational.ItemFields(&i)...)
		l.state.Items[i.ID], l.s.known.items[i.ID] = i, i
		return err
	})
}

// types loads the types of the organizations whose items are reported on.
func (l *loading) types() error {
	var missing []string
	for _, item := range l.state.Items {
		if _, done := l.state.Types[item.Organization]; done {
			continue
		}
		known, ok := l.s.known.typesOf[item.Organization]
		if !ok {
			known = map[string]bool{}
			l.s.known.typesOf[item.Organization] = known
			missing = append(missing, item.Organization)
		}
		l.state.Types[item.Organization] = known
	}
	if len(missing) == 0 {
		return nil
	}
	return l.each(`SELECT o.public_id, t.name FROM organization o JOIN organization_type u ON u.organization = o.id
		JOIN operation_type t ON t.id = u.type WHERE o.public_id IN (SELECT value FROM json_each(?))`,
		[]any{jsonTexts(missing)},
		func(rows *sql.Rows) error {
			var organization, name string
			err := rows.Scan(&organization, &name)
			if _, builtIn := protocol.OperationTypeByName(name); !builtIn {
				l.state.Types[organization][name] = true
			}
			return err
		})
}

// uses are remembered.
func (l *loading) uses() error {
	l.next = map[store.ID]int64{}
	need := func(item *store.Item) {
		if l.state.Uses[item.Key] == nil {
			l.state.Uses[item.Key] = &store.Use{}
		}
	}
	for _, items := range l.state.CodeItems {
		for i := range items {
			need(&items[i].Item)
		}
	}
	for _, item := range l.state.Items {
		need(&item)
	}
	if err := l.missingUses(); err != nil {
		return err
	}
	return l.steps()
}

// missingUses reads the uses that are not known, or that a step has changed since.
func (l *loading) missingUses() error {
	var missing []store.ID
	for item, use := range l.state.Uses {
		if known, ok := l.s.known.uses[item]; ok && l.keys.Now < known.next {
			*use = known.Use
			l.next[item] = known.next
		} else {
			missing = append(missing, item)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return l.each(`SELECT id, used, requests, seats_at, seats, exceptions, coalesce((SELECT min(at) FROM seat_step WHERE seat_step.item = item.id AND at > ?1), ?2)
		FROM item WHERE id IN (SELECT value FROM json_each(?3))`, []any{
		l.keys.Now, int64(never), jsonNumbers(missing),
	}, func(rows *sql.Rows) error {
		var item store.ID
		var next int64
		var use store.Use
		err := rows.Scan(&item, &use.Units, &use.Requests, &use.At, &use.Active, &use.Exceptions, &next)
		*l.state.Uses[item], l.next[item] = use, next
		// Steps between the sum and now are read below.
		l.unsettled[item] = use.At > 0
		l.s.known.uses[item] = knownUse{use, next}
		return err
	})
}

// steps reads the steps that are not in the sums of items yet, and steps of the past that may
// change.
func (l *loading) steps() error {
	since := map[store.ID]int64{}
	for item, use := range l.state.Uses {
		if l.unsettled[item] {
			since[item] = use.At
		}
	}
	need := func(item *store.Item, at int64) {
		if known, ok := since[item.Key]; ok {
			since[item.Key] = min(known, at)
		} else if use := l.state.Uses[item.Key]; at < use.At {
			since[item.Key] = at
		}
	}
	for _, items := range l.state.CodeItems {
		for i := range items {
			need(&items[i].Item, l.keys.SeatsSince(&items[i].Item, l.keys.Now))
		}
	}
	for i := range l.keys.Counted {
		if item, ok := l.state.Items[l.keys.Counted[i].Item]; ok {
			need(&item, l.keys.SeatsSince(&item, l.keys.Counted[i].Since))
		}
	}
	if len(since) == 0 {
		return nil
	}
	wanted := pairs{}
	for item, from := range since {
		wanted.add(int64(item), from, max(l.keys.Now, l.state.Uses[item].At))
	}
	err := l.each(`SELECT s.item, s.at, s.change FROM json_each(?) j
		CROSS JOIN seat_step s ON s.item = j.value ->> 0 AND s.at > j.value ->> 1 AND s.at <= j.value ->> 2 ORDER BY s.item, s.at`,
		[]any{wanted.json()}, func(rows *sql.Rows) error {
			var item store.ID
			var step store.Step
			err := rows.Scan(&item, &step.At, &step.Change)
			use := l.state.Uses[item]
			use.Steps = append(use.Steps, step)
			return err
		})
	if err != nil {
		return err
	}
	// Remembered uses have no steps between the sum and the next step.
	for item, use := range l.state.Uses {
		if known, ok := l.s.known.uses[item]; ok && l.unsettled[item] {
			for _, step := range use.Steps {
				if step.At > known.At {
					known.next = min(known.next, step.At)
					break
				}
			}
			l.s.known.uses[item] = known
		}
	}
	return nil
}

func (l *loading) askers() error {
	if len(l.keys.Askers) == 0 {
		return nil
	}
	var devices, keys []string
	for _, asker := range l.keys.Askers {
		devices, keys = append(devices, asker.Device), append(keys, asker.KeyID)
	}
	return l.each(`SELECT d.id, d.uuid, d.cloned_at, d.blocked_at, d.erased_at, coalesce((SELECT max(reporter) + 1 FROM device_key WHERE device = d.id), 0), k.key_id, k.reporter, k.confirmed_at > 0
		FROM device d LEFT JOIN device_key k ON k.device = d.id AND k.key_id IN (SELECT value FROM json_each(?2))
		WHERE d.uuid IN (SELECT value FROM json_each(?1))`, []any{
		jsonTexts(devices), jsonTexts(keys),
	}, func(rows *sql.Rows) error {
		var id store.ID
		var uuid string
		var clonedAt, blockedAt, erasedAt, next int64
		var key sql.NullString
		var reporter sql.NullInt64
		var confirmed sql.NullBool
		err := rows.Scan(&id, &uuid, &clonedAt, &blockedAt, &erasedAt, &next, &key, &reporter, &confirmed)
		device := l.device(uuid, id)
		device.ClonedAt, device.BlockedAt, device.ErasedAt = clonedAt, blockedAt, erasedAt
		if device.NextReporter = next; key.Valid {
			device.Reporters[key.String] = reporter.Int64
		}
		if confirmed.Bool {
			device.Confirmed[reporter.Int64] = true
		}
		l.newcomers = append(l.newcomers, id)
		return err
	})
}

// trials reads trials if an item in question counts any.
func (l *loading) trials() error {
	var items []store.ID
	for _, list := range l.state.CodeItems {
		for _, item := range list {
			if item.TrialBy != store.TrialByNobody {
				items = append(items, item.Key)
			}
		}
	}
	if len(items) == 0 || len(l.keys.Askers) == 0 {
		return nil
	}
	var subjects []string
	for _, asker := range l.keys.Askers {
		subjects = append(subjects, store.TrialSubjects(store.TrialByBoth, asker.Device, asker.Address)...)
	}
	return l.each(`SELECT item, subject, started_at FROM trial
		WHERE item IN (SELECT value FROM json_each(?)) AND subject IN (SELECT value FROM json_each(?))`,
		[]any{jsonNumbers(items), jsonTexts(subjects)}, func(rows *sql.Rows) error {
			var trial store.Trial
			var startedAt int64
			err := rows.Scan(&trial.Item, &trial.Subject, &startedAt)
			l.state.Trials[trial] = startedAt
			return err
		})
}

// reporters loads the reporters, which are known because they authenticated themselves.
func (l *loading) reporters() error {
	for _, reporter := range l.keys.Reporters {
		l.device(reporter.UUID, reporter.Device)
	}
	return nil
}

// confirmed loads whether further reporters of devices are confirmed. Such reporters are rare.
func (l *loading) confirmed() error {
	var devices []store.ID
	for _, reporter := range l.keys.Reporters {
		if reporter.Number != 0 {
			devices = append(devices, reporter.Device)
		}
	}
	if len(devices) == 0 {
		return nil
	}
	return l.each(
		`SELECT device, reporter FROM device_key WHERE confirmed_at > 0 AND device IN (SELECT value FROM json_each(?))`,
		[]any{jsonNumbers(devices)}, func(rows *sql.Rows) error {
			var device store.ID
			var reporter int64
			err := rows.Scan(&device, &reporter)
			l.byKey[device].Confirmed[reporter] = true
			return err
		})
}

func (l *loading) device(uuid string, key store.ID) *store.DeviceState {
	device, ok := l.state.Devices[uuid]
	if !ok {
		device = &store.DeviceState{Key: key, Seats: map[store.ID][]store.Seat{}, Reporters: map[string]int64{},
			Accounts: map[int64]store.AccountState{}, Confirmed: map[int64]bool{}}
		l.state.Devices[uuid] = device
		if l.byKey == nil {
			l.byKey, l.uuids = map[store.ID]*store.DeviceState{}, map[store.ID]string{}
		}
		l.byKey[key], l.uuids[key] = device, uuid
	}
	return device
}

// seats loads the seats of the devices that request authorizations, on the items of their codes,
// and of the devices that report, on the items on which they report.
func (l *loading) seats() error {
	type place struct{ device, item store.ID }
	since := map[place]int64{}
	need := func(device store.ID, item *store.Item, at int64) {
		if device == 0 || l.state.Uses[item.Key].At == 0 {
			return
		}
		if known, ok := since[place{device, item.Key}]; !ok || at < known {
			since[place{device, item.Key}] = at
		}
	}
	for _, asker := range l.keys.Askers {
		device, code := l.state.Devices[asker.Device], asker.Code
		if code == "" {
			code = l.state.Organizations[asker.Organization].DefaultCode
		}
		if device == nil {
			continue
		}
		items := l.state.CodeItems[l.state.Codes[code].Key]
		for i := range items {
			need(device.Key, &items[i].Item, l.keys.SeatsSince(&items[i].Item, l.keys.Now))
		}
	}
	for i := range l.keys.Counted {
		c := &l.keys.Counted[i]
		if item, ok := l.state.Items[c.Item]; ok {
			need(c.Reporter.Device, &item, l.keys.SeatsSince(&item, c.Since))
		}
	}
	if len(since) == 0 {
		return nil
	}
	wanted := pairs{}
	for place, at := range since {
		wanted.add(int64(place.device), int64(place.item), at)
	}
	return l.each(`SELECT s.device, s.item, s.since, s.until, s.weight, s.brief, s.freed FROM json_each(?) j
		CROSS JOIN seat s ON s.device = j.value ->> 0 AND s.item = j.value ->> 1 AND s.since >= coalesce((
			SELECT max(since) FROM seat WHERE device = j.value ->> 0 AND item = j.value ->> 1 AND since <= j.value ->> 2), 0)
		ORDER BY s.device, s.item, s.since`, []any{wanted.json()}, func(rows *sql.Rows) error {
		var device, item store.ID
		var seat store.Seat
		err := rows.Scan(&device, &item, &seat.From, &seat.Until, &seat.Weight, &seat.Brief, &seat.Freed)
		seats := l.byKey[device].Seats
		seats[item] = append(seats[item], seat)
		return err
	})
}

// domains are asked for on items that were used before.
func (l *loading) domains() error {
	if len(l.keys.Domains) == 0 {
		return nil
	}
	var items []store.ID
	for item, use := range l.state.Uses {
		if use.At > 0 {
			items = append(items, item)
		}
	}
	if len(items) == 0 {
		return nil
	}
	return l.each(`SELECT d.item, d.domain FROM json_each(?1) i CROSS JOIN app_domain d ON d.item = i.value AND d.domain IN (SELECT value FROM json_each(?2))`,
		[]any{jsonNumbers(items), jsonTexts(l.keys.Domains)}, func(rows *sql.Rows) error {
			var key store.DomainKey
			err := rows.Scan(&key.Item, &key.Domain)
			l.state.Domains[key] = true
			return err
		})
}

func (l *loading) accounts() error {
	var devices []store.ID
	for _, reporter := range l.keys.Reporters {
		if reporter.Account {
			devices = append(devices, reporter.Device)
		}
	}
	if len(devices) == 0 {
		return nil
	}
	return l.each(`SELECT device, reporter, sent_at, recorded, expired, refused, storage, accepted FROM device_account WHERE device IN (SELECT value FROM json_each(?))`,
		[]any{jsonNumbers(devices)}, func(rows *sql.Rows) error {
			var device store.ID
			var reporter int64
			var a store.AccountState
			err := rows.Scan(&device, &reporter, &a.SentAt, &a.Recorded, &a.Expired, &a.Refused,
				&a.Storage, &a.Accepted)
			l.byKey[device].Accounts[reporter] = a
			return err
		})
}

func (l *loading) runs() error {
	l.slots = map[*store.Run][]int64{}
	var names []string
	missing := map[runKey]*store.Run{}
	for i := range l.keys.Counted {
		c := &l.keys.Counted[i]
		code, item := l.state.Codes[c.Code].Key, l.state.Items[c.Item].Key
		if code == 0 || item == 0 {
			continue
		}
		reporter := l.byKey[c.Reporter.Device].RunsOf(c.Reporter.Number)
		key := store.RunKey{Device: c.Reporter.UUID, Reporter: reporter, Code: code, Item: item, Run: c.Run}
		run, done := l.state.Runs[key]
		if !done {
			run = &store.Run{Reports: map[int64]store.Report{}}
			l.state.Runs[key] = run
			row := runKey{c.Reporter.Device, code, item, reporter, c.Run}
			if run.Key = l.s.known.runs[row]; run.Key == 0 {
				missing[row] = run
				names = append(names, c.Run)
				l.newcomers = append(l.newcomers, c.Reporter.Device)
			} else {
				l.found = append(l.found, run)
			}
		}
		l.slots[run] = append(l.slots[run], c.Slots...)
	}
	if len(missing) == 0 {
		return nil
	}
	devices := make([]store.ID, 0, len(missing))
	for key := range missing {
		devices = append(devices, key.device)
	}
	return l.each(`SELECT run.id, run.device, run.handshake_code, run.item, run.reporter, run.uuid, coalesce((SELECT max(slot) FROM report WHERE report.run = run.id), -1)
		FROM json_each(?1) d CROSS JOIN run ON run.device = d.value AND run.uuid IN (SELECT value FROM json_each(?2))`,
		[]any{jsonNumbers(devices), jsonTexts(names)}, func(rows *sql.Rows) error {
			var id store.ID
			var key runKey
			var newest int64
			err := rows.Scan(&id, &key.device, &key.code, &key.item, &key.reporter, &key.run, &newest)
			if run := missing[key]; run != nil && run.Key == 0 {
				run.Key = id
				l.found = append(l.found, run)
				l.s.known.runs[key], l.s.known.newest[id] = id, newest
			}
			return err
		})
}

// reports reads the stored slots. Slots of a run mostly come in ascending order, so most of them
// are known to be new without a query.
func (l *loading) reports() error {
	var pairs []byte
	byKey := map[store.ID]*store.Run{}
	for _, run := range l.found {
		newest := l.s.known.newest[run.Key]
		for _, slot := range l.slots[run] {
			if slot > newest {
				continue
			}
			byKey[run.Key] = run
			pairs = append(pairs, ',', '[')
			pairs = strconv.AppendInt(pairs, int64(run.Key), 10)
			pairs = append(pairs, ',')
			pairs = append(strconv.AppendInt(pairs, slot, 10), ']')
		}
	}
	if len(pairs) == 0 {
		return nil
	}
	pairs[0] = '['
	wanted := string(append(pairs, ']'))
	lost := false
	err := l.each(`SELECT r.run, r.slot, r.revision, r.counts, r.losses FROM json_each(?) j
		CROSS JOIN report r ON r.run = j.value ->> 0 AND r.slot = j.value ->> 1`, []any{
		wanted,
	}, func(rows *sql.Rows) error {
		var id store.ID
		var slot, losses int64
		var r store.Report
		var counts []byte
		if err := rows.Scan(&id, &slot, &r.Revision, &counts, &losses); err != nil {
			return err
		}
		var err error
		r.Counts, err = store.ParseBinaryCounts(counts)
		byKey[id].Reports[slot] = r
		lost = lost || losses > 0
		return err
	})
	if err != nil || !lost {
		return err
	}
	return l.each(`SELECT r.run, r.slot, r.cause, r.revision, r.counts, r.units FROM json_each(?) j
		CROSS JOIN report_loss r ON r.run = j.value ->> 0 AND r.slot = j.value ->> 1`, []any{
		wanted,
	}, func(rows *sql.Rows) error {
		var id store.ID
		var slot int64
		var cause string
		var loss store.Loss
		var counts []byte
		if err := rows.Scan(&id, &slot, &cause, &loss.Revision, &counts, &loss.Units); err != nil {
			return err
		}
		var err error
		loss.Counts, err = store.ParseBinaryCounts(counts)
		report := byKey[id].Reports[slot]
		if report.Losses == nil {
			report.Losses = map[string]store.Loss{}
		}
		report.Losses[cause] = loss
		byKey[id].Reports[slot] = report
		return err
	})
}

// grants reads grants only where something begins: for devices that request authorizations, and for
// runs that are not known.
func (l *loading) grants() error {
	if len(l.newcomers) == 0 {
		return nil
	}
	return l.each(`SELECT device, reporter, handshake_code, item FROM report_grant WHERE device IN (SELECT value FROM json_each(?))`,
		[]any{jsonNumbers(l.newcomers)}, func(rows *sql.Rows) error {
			var device store.ID
			var grant store.Grant
			err := rows.Scan(&device, &grant.Reporter, &grant.Code, &grant.Item)
			grant.Device = l.uuids[device]
			l.state.Grants[grant] = true
			return err
		})
}
