package postgres

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/openlts/openlts/server/store"
)

// errNoRun is the error of a report on a run that is not stored.
var errNoRun = errors.New("there is no such run")

// queueNewRuns writes new runs. If a run exists already, another server received reports of it at
// the same time.
func (s *saving) queueNewRuns(b *batch) error {
	if len(s.change.Runs) == 0 {
		return nil
	}
	keys := slices.SortedFunc(maps.Keys(s.change.Runs), func(a, b store.RunKey) int {
		return cmp.Or(cmp.Compare(a.Device, b.Device), cmp.Compare(a.Run, b.Run), cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Item, b.Item), cmp.Compare(a.Reporter, b.Reporter))
	})
	n := len(keys)
	devices, codes, items, reporters := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	names := make([]string, n)
	place := make(map[string]*store.Run, n)
	for i, key := range keys {
		device, err := s.deviceKey(key.Device)
		if err != nil {
			return err
		}
		devices[i], codes[i], items[i], reporters[i], names[i] = device, int64(key.Code), int64(key.Item), key.Reporter,
			clean(key.Run)
		place[runKey(store.ID(device), key.Code, key.Item, key.Reporter, names[i])] = s.change.Runs[key]
	}
	s.runs = make(map[string]store.ID, n)
	b.Queue(`INSERT INTO run (device, uuid, handshake_code, item, reporter)
		SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) ON CONFLICT DO NOTHING
		RETURNING id, device, uuid, handshake_code, item, reporter`, devices, names, codes, items,
		reporters).Query(func(rows pgx.Rows) error {
		err := eachRow(rows, func(rows pgx.Rows) error {
			var id, device, code, item store.ID
			var reporter int64
			var name string
			err := rows.Scan(&id, &device, &name, &code, &item, &reporter)
			key := runKey(device, code, item, reporter, name)
			if run := place[key]; run != nil {
				run.Key, s.runs[key] = id, id
			}
			return err
		})
		if err == nil && len(s.runs) != n {
			err = errConflict
		}
		return err
	})
	return nil
}

func (s *saving) queueReceived(b *batch) error {
	packed, err := store.PackReceived(s.change.Received)
	if err != nil || len(packed) == 0 {
		return err
	}
	n := len(packed)
	received, runs, newest, reports := make([]int64, n), make([]int64, n), make([]int64, n), make([][]byte, n)
	for i := range packed {
		p := &packed[i]
		if p.Run.Key <= 0 {
			return errNoRun
		}
		received[i], runs[i], newest[i], reports[i] = p.ReceivedAt, int64(p.Run.Key), p.Newest, p.Data
	}
	b.exec(`INSERT INTO raw_report (received_at, run, newest, reports) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[])`,
		received, runs, newest, reports)
	return nil
}

// stored returns counts in the form in which they are stored; never NULL.
func stored(counts store.Counts) []byte { return counts.AppendBinary([]byte{}) }

// sortedReports returns the reports of a change, in the order of the table.
func (s *saving) sortedReports() []store.SlotKey {
	return slices.SortedFunc(maps.Keys(s.change.Reports), func(a, b store.SlotKey) int {
		return cmp.Or(cmp.Compare(a.Run.Key, b.Run.Key), cmp.Compare(a.Slot, b.Slot))
	})
}

// queueChanged writes the new state of reports, on the condition that they are still as they were
// read.
func (s *saving) queueChanged(b *batch) error {
	keys := s.sortedReports()
	n := len(keys)
	if n == 0 {
		return nil
	}
	runs, slots, revisions, changes, losses := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n),
		make([]int64, n)
	counts := make([][]byte, n)
	for i, key := range keys {
		if key.Run.Key <= 0 {
			return errNoRun
		}
		report := s.change.Reports[key]
		runs[i], slots[i], revisions[i], changes[i], losses[i], counts[i] =
			int64(key.Run.Key), key.Slot, report.Revision, s.changes[key]+1, int64(len(report.Losses)),
			stored(report.Counts)
	}
	b.all(n, `INSERT INTO report AS r (run, slot, revision, changes, losses, counts)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::integer[], $6::bytea[])
		ON CONFLICT (run, slot) DO UPDATE SET revision = excluded.revision, changes = excluded.changes, losses = excluded.losses, counts = excluded.counts
		WHERE r.changes = excluded.changes - 1`, runs, slots, revisions, changes, losses, counts)
	return nil
}

// queueLosses writes the losses of the same reports.
func (s *saving) queueLosses(b *batch) error {
	var runs, slots, revisions, units []int64
	var causes []string
	var counts [][]byte
	for _, key := range s.sortedReports() {
		report := s.change.Reports[key]
		for _, cause := range slices.Sorted(maps.Keys(report.Losses)) {
			loss := report.Losses[cause]
			runs, slots, revisions, units = append(runs, int64(key.Run.Key)), append(slots, key.Slot),
				append(revisions, loss.Revision), append(units, loss.Units)
			causes, counts = append(causes, cause), append(counts, stored(loss.Counts))
		}
	}
	if len(runs) == 0 {
		return nil
	}
	b.exec(`INSERT INTO report_loss (run, slot, revision, units, cause, counts)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bytea[])
		ON CONFLICT (run, slot, cause) DO UPDATE SET revision = excluded.revision, units = excluded.units, counts = excluded.counts`,
		runs, slots, revisions, units, causes, counts)
	return nil
}
