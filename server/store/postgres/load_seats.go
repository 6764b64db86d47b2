package postgres

import (
	"github.com/jackc/pgx/v5"

	"github.com/openlts/openlts/server/store"
)

// seatLocks is the number of locks for the seats of all items. (A lock for each item could use up
// the server's memory for locks.)
const seatLocks = 1024

// lockSpace distinguishes our advisory locks from other ones in the database.
const lockSpace = 20190

// queueLocks locks the seats of the items that devices request, and of items with seats on which
// devices report. Everything that is read after it is read while the lock is held. Another server
// may add the first seat of an item in between: see newlySeated.
func (l *loading) queueLocks(b *batch) {
	locks := map[int64]bool{}
	for _, list := range l.state.CodeItems {
		for i := range list {
			if len(l.keys.Askers) > 0 || l.s.seated.has(list[i].Key) {
				locks[int64(list[i].Key)%seatLocks] = true
			}
		}
	}
	for _, item := range l.state.Items {
		if l.s.seated.has(item.Key) {
			locks[int64(item.Key)%seatLocks] = true
		}
	}
	if len(locks) == 0 {
		return
	}
	numbers := make([]int64, 0, len(locks))
	for n := range locks {
		numbers = append(numbers, n)
	}
	// DISTINCT and ORDER BY come before the locks are taken.
	b.exec(
		`SELECT pg_advisory_xact_lock($1, n::integer) FROM (SELECT DISTINCT unnest($2::bigint[]) AS n ORDER BY n) locks`,
		lockSpace, numbers)
}

// newlySeated remembers which items have seats, and tells whether this was unknown for some of
// them: then their seats were neither locked nor read.
func (l *loading) newlySeated() bool {
	newly := false
	for item, use := range l.state.Uses {
		if use.At > 0 && l.s.seated.add(item) {
			newly = true
		}
	}
	return newly
}

func (l *loading) queueUses(b *batch) {
	for _, items := range l.state.CodeItems {
		for i := range items {
			l.state.Uses[items[i].Key] = &store.Use{}
		}
	}
	for _, item := range l.state.Items {
		l.state.Uses[item.Key] = &store.Use{}
	}
	if len(l.state.Uses) == 0 {
		return
	}
	b.each(`SELECT item, used, requests FROM item_use WHERE item = ANY($1)`, []any{
		l.usedItems(),
	}, func(rows pgx.Rows) error {
		var item store.ID
		var units, requests int64
		err := rows.Scan(&item, &units, &requests)
		l.state.Uses[item].Units, l.state.Uses[item].Requests = units, requests
		return err
	})
}

func (l *loading) usedItems() []int64 {
	items := make([]int64, 0, len(l.state.Uses))
	for item := range l.state.Uses {
		items = append(items, int64(item))
	}
	return items
}

func (l *loading) queueSums(b *batch) {
	if len(l.state.Uses) == 0 {
		return
	}
	b.each(`SELECT item, at, active, exceptions, changes FROM seat_sum WHERE item = ANY($1)`, []any{
		l.usedItems(),
	}, func(rows pgx.Rows) error {
		var item store.ID
		var sum store.SeatSum
		var changes int64
		err := rows.Scan(&item, &sum.At, &sum.Active, &sum.Exceptions, &changes)
		l.state.Uses[item].SeatSum, l.seatChanges[item] = sum, changes
		return err
	})
}

// queueSteps queries the steps that are not in the sums yet, and steps of the past that may change.
func (l *loading) queueSteps(b *batch) {
	since := map[store.ID]int64{}
	need := func(item *store.Item, at int64) {
		if !l.s.seated.has(item.Key) {
			return
		}
		if known, ok := since[item.Key]; !ok || at < known {
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
		return
	}
	items, from := make([]int64, 0, len(since)), make([]int64, 0, len(since))
	for item, at := range since {
		items, from = append(items, int64(item)), append(from, at)
	}
	b.each(`SELECT s.item, s.at, s.change FROM unnest($1::bigint[], $2::bigint[]) AS k(item, since) JOIN seat_sum u USING (item)
		JOIN seat_step s ON s.item = k.item AND s.at > least(u.at, k.since) AND s.at <= greatest(u.at, $3) ORDER BY s.item, s.at`,
		[]any{items, from, l.keys.Now}, func(rows pgx.Rows) error {
			var item store.ID
			var step store.Step
			err := rows.Scan(&item, &step.At, &step.Change)
			use := l.state.Uses[item]
			use.Steps = append(use.Steps, step)
			return err
		})
}

// queueSeats queries the seats of the devices that request authorizations, on the items of their
// codes, and of the devices that report, on the items on which they report.
func (l *loading) queueSeats(b *batch) {
	type place struct {
		device string
		item   store.ID
	}
	since := map[place]int64{}
	need := func(device string, item *store.Item, at int64) {
		if !l.s.seated.has(item.Key) {
			return
		}
		key := place{device, item.Key}
		if known, ok := since[key]; !ok || at < known {
			since[key] = at
		}
	}
	for _, asker := range l.keys.Askers {
		code := asker.Code
		if code == "" {
			code = l.state.Organizations[asker.Organization].DefaultCode
		}
		items := l.state.CodeItems[l.state.Codes[code].Key]
		for i := range items {
			need(asker.Device, &items[i].Item, l.keys.SeatsSince(&items[i].Item, l.keys.Now))
		}
	}
	for i := range l.keys.Counted {
		c := &l.keys.Counted[i]
		if item, ok := l.state.Items[c.Item]; ok {
			need(c.Reporter.UUID, &item, l.keys.SeatsSince(&item, c.Since))
		}
	}
	if len(since) == 0 {
		return
	}
	n := len(since)
	devices, items, from := make([]string, 0, n), make([]int64, 0, n), make([]int64, 0, n)
	for key, at := range since {
		devices, items, from = append(devices, clean(key.device)), append(items, int64(key.item)), append(from, at)
	}
	b.each(`SELECT d.uuid, s.item, s.since, s.until, s.weight, s.brief, s.freed FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS k(uuid, item, since)
		JOIN device d USING (uuid) JOIN seat s ON s.device = d.id AND s.item = k.item AND s.since >= coalesce((
			SELECT max(since) FROM seat before WHERE before.device = d.id AND before.item = k.item AND before.since <= k.since), 0)
		ORDER BY s.device, s.item, s.since`, []any{devices, items, from}, func(rows pgx.Rows) error {
		var uuid string
		var item store.ID
		var seat store.Seat
		err := rows.Scan(&uuid, &item, &seat.From, &seat.Until, &seat.Weight, &seat.Brief, &seat.Freed)
		if device := l.state.Devices[uuid]; device != nil {
			device.Seats[item] = append(device.Seats[item], seat)
		}
		return err
	})
}

// queueDomains queries whether domains already use items.
func (l *loading) queueDomains(b *batch) {
	if len(l.keys.Domains) == 0 || len(l.state.Uses) == 0 {
		return
	}
	b.each(`SELECT item, domain FROM app_domain WHERE item = ANY($1) AND domain = ANY($2)`, []any{
		l.usedItems(), cleanAll(l.keys.Domains),
	},
		func(rows pgx.Rows) error {
			var key store.DomainKey
			err := rows.Scan(&key.Item, &key.Domain)
			l.state.Domains[key] = true
			return err
		})
}
