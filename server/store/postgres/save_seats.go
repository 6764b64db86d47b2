package postgres

import (
	"cmp"
	"maps"
	"slices"

	"github.com/openlts/openlts/server/store"
)

// queueNewSums writes the sums of the seats of items, on the condition that they are still as they
// were read. It comes before the seats, because it tells whether these are still valid.
func (s *saving) queueNewSums(b *batch) error {
	if len(s.change.Sums) == 0 {
		return nil
	}
	var read, unread [][]int64
	for item, sum := range s.change.Sums {
		row := []int64{int64(item), sum.At, sum.Active, sum.Exceptions, s.seatChanges[item] + 1}
		if s.state.Uses[item] != nil {
			read = append(read, row)
		} else {
			unread = append(unread, row)
		}
	}
	const insert = `INSERT INTO seat_sum AS u (item, at, active, exceptions, changes)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
		ON CONFLICT (item) DO UPDATE SET at = excluded.at, active = excluded.active, exceptions = excluded.exceptions, changes = u.changes + 1`
	if len(read) > 0 {
		b.all(len(read), insert+` WHERE u.changes = excluded.changes - 1`, sortedColumns(read, 5).arguments()...)
	}
	if len(unread) > 0 {
		b.exec(insert, sortedColumns(unread, 5).arguments()...)
	}
	return nil
}

func (s *saving) queueNewSeats(b *batch) error {
	var kept, gone [][]int64
	for key, seat := range s.change.Seats {
		device, err := s.deviceKey(key.Device)
		if err != nil {
			return err
		}
		if seat.Weight == 0 {
			gone = append(gone, []int64{device, int64(key.Item), key.From})
			continue
		}
		kept = append(kept, []int64{
			device, int64(key.Item), key.From, seat.Until, seat.Weight, bit(seat.Brief), bit(seat.Freed),
		})
	}
	if len(kept) > 0 {
		b.exec(`INSERT INTO seat (device, item, since, until, weight, brief, freed)
			SELECT device, item, since, until, weight, brief > 0, freed > 0
			FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
				AS k(device, item, since, until, weight, brief, freed)
			ON CONFLICT (device, item, since) DO UPDATE SET until = excluded.until, weight = excluded.weight,
				brief = excluded.brief, freed = excluded.freed`,
			sortedColumns(kept, 7).arguments()...)
	}
	if len(gone) > 0 {
		b.exec(`DELETE FROM seat USING unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS k(device, item, since)
			WHERE (seat.device, seat.item, seat.since) = (k.device, k.item, k.since)`,
			sortedColumns(gone, 3).arguments()...)
	}
	return nil
}

// bit returns 1 for true and 0 for false.
func bit(truth bool) int64 {
	if truth {
		return 1
	}
	return 0
}

// queueNewSteps adds steps, and deletes those that become 0.
func (s *saving) queueNewSteps(b *batch) error {
	rows := make([][]int64, 0, len(s.change.Steps))
	for key, by := range s.change.Steps {
		if by != 0 {
			rows = append(rows, []int64{int64(key.Item), key.At, by})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	steps := sortedColumns(rows, 3)
	b.exec(`INSERT INTO seat_step AS s (item, at, change) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])
		ON CONFLICT (item, at) DO UPDATE SET change = s.change + excluded.change`, steps.arguments()...)
	b.exec(`DELETE FROM seat_step USING unnest($1::bigint[], $2::bigint[]) AS k(item, at)
		WHERE (seat_step.item, seat_step.at) = (k.item, k.at) AND change = 0`, steps[:2].arguments()...)
	return nil
}

func (s *saving) queueNewDomains(b *batch) error {
	if len(s.change.Domains) == 0 {
		return nil
	}
	keys := slices.SortedFunc(maps.Keys(s.change.Domains), func(a, b store.DomainKey) int {
		return cmp.Or(cmp.Compare(a.Item, b.Item), cmp.Compare(a.Domain, b.Domain))
	})
	n := len(keys)
	items, since, domains := make([]int64, n), make([]int64, n), make([]string, n)
	for i, key := range keys {
		items[i], since[i], domains[i] = int64(key.Item), s.change.Domains[key], clean(key.Domain)
	}
	b.exec(`INSERT INTO app_domain (item, domain, since) SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[]) ON CONFLICT DO NOTHING`,
		items, domains, since)
	return nil
}
