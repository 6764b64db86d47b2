package postgres

import (
	"github.com/jackc/pgx/v5"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/relational"
)

func (l *loading) device(uuid string, key store.ID) *store.DeviceState {
	device, ok := l.state.Devices[uuid]
	if !ok {
		device = &store.DeviceState{Key: key, Seats: map[store.ID][]store.Seat{}, Reporters: map[string]int64{},
			Accounts: map[int64]store.AccountState{}, Confirmed: map[int64]bool{}}
		l.state.Devices[uuid] = device
		l.byKey[key], l.uuids[key] = device, uuid
	}
	return device
}

func (l *loading) queueAskers(b *batch) {
	if len(l.keys.Askers) == 0 {
		return
	}
	devices, keys := l.askers()
	b.each(`SELECT d.id, d.uuid, d.cloned_at, d.blocked_at, d.erased_at, coalesce((SELECT max(reporter) + 1 FROM device_key WHERE device = d.id), 0),
			k.key_id, k.reporter, coalesce(k.confirmed_at, 0) > 0
		FROM device d LEFT JOIN device_key k ON k.device = d.id AND k.key_id = ANY($2) WHERE d.uuid = ANY($1)`,
		[]any{devices, keys},
		func(rows pgx.Rows) error {
			var id store.ID
			var uuid string
			var clonedAt, blockedAt, erasedAt, next int64
			var key *string
			var reporter *int64
			var confirmed bool
			err := rows.Scan(&id, &uuid, &clonedAt, &blockedAt, &erasedAt, &next, &key, &reporter, &confirmed)
			device := l.device(uuid, id)
			device.ClonedAt, device.BlockedAt, device.ErasedAt, device.NextReporter = clonedAt, blockedAt,
				erasedAt, next
			if key != nil {
				device.Reporters[*key] = *reporter
			}
			if confirmed {
				device.Confirmed[*reporter] = true
			}
			return err
		})
}

// queueTrials queries trials if an item in question counts any.
func (l *loading) queueTrials(b *batch) {
	var items []int64
	for _, list := range l.state.CodeItems {
		for i := range list {
			if list[i].TrialBy != store.TrialByNobody {
				items = append(items, int64(list[i].Key))
			}
		}
	}
	if len(items) == 0 || len(l.keys.Askers) == 0 {
		return
	}
	var subjects []string
	for _, asker := range l.keys.Askers {
		for _, subject := range store.TrialSubjects(store.TrialByBoth, asker.Device, asker.Address) {
			subjects = append(subjects, clean(subject))
		}
	}
	b.each(`SELECT item, subject, started_at FROM trial WHERE item = ANY($1) AND subject = ANY($2)`, []any{
		items, subjects,
	}, func(rows pgx.Rows) error {
		var trial store.Trial
		var startedAt int64
		err := rows.Scan(&trial.Item, &trial.Subject, &startedAt)
		l.state.Trials[trial] = startedAt
		return err
	})
}

func (l *loading) askers() (devices, keys []string) {
	for _, asker := range l.keys.Askers {
		devices, keys = append(devices, clean(asker.Device)), append(keys, clean(asker.KeyID))
	}
	return devices, keys
}

// concernedDevices are those with keys in $1 or UUIDs in $2.
const concernedDevices = `(SELECT unnest($1::bigint[]) AS id UNION SELECT id FROM device WHERE uuid = ANY($2))`

// concerned returns the arguments of concernedDevices: these reporters and all askers.
func (l *loading) concerned(reporters []int64) []any {
	askers, _ := l.askers()
	return []any{reporters, askers}
}

func (l *loading) queueAccounts(b *batch) {
	var devices []int64
	for _, reporter := range l.keys.Reporters {
		if reporter.Account {
			devices = append(devices, int64(reporter.Device))
		}
	}
	if len(devices) == 0 {
		return
	}
	b.each(`SELECT device, reporter, sent_at, recorded, expired, refused, storage, accepted FROM device_account WHERE device = ANY($1)`,
		[]any{devices},
		func(rows pgx.Rows) error {
			var device store.ID
			var reporter int64
			var a store.AccountState
			err := rows.Scan(&device, &reporter, &a.SentAt, &a.Recorded, &a.Expired, &a.Refused,
				&a.Storage, &a.Accepted)
			l.byKey[device].Accounts[reporter] = a
			return err
		})
}

// queueGrants queries grants only where something begins: for devices that request authorizations,
// and for runs that are not remembered.
func (l *loading) queueGrants(b *batch) {
	if len(l.keys.Askers)+len(l.newcomers) == 0 {
		return
	}
	b.each(`SELECT device, reporter, handshake_code, item FROM report_grant WHERE device IN `+concernedDevices,
		l.concerned(l.newcomers),
		func(rows pgx.Rows) error {
			var device store.ID
			var grant store.Grant
			err := rows.Scan(&device, &grant.Reporter, &grant.Code, &grant.Item)
			if uuid, ok := l.uuids[device]; ok {
				grant.Device = uuid
				l.state.Grants[grant] = true
			}
			return err
		})
}

// queueLatest queries the newest rows of the tables to which every server writes.
func (l *loading) queueLatest(b *batch) {
	b.each(`SELECT greatest(
			coalesce((SELECT received_at FROM raw_report ORDER BY id DESC LIMIT 1), 0),
			coalesce((SELECT last_at FROM denial ORDER BY id DESC LIMIT 1), 0),
			coalesce((SELECT greatest(first_seen_at, last_seen_at) FROM device ORDER BY id DESC LIMIT 1), 0)),
		coalesce((SELECT before FROM slot_closing), 0), (`+relational.SelectFolded+`)`, nil, func(rows pgx.Rows) error {
		return rows.Scan(&l.state.Latest, &l.state.ClosedBefore, &l.folded)
	})
}
