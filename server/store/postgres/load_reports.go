package postgres

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/openlts/openlts/server/store"
)

// rememberedRuns finds the remembered keys of runs, and creates entries for all runs.
func (l *loading) rememberedRuns() {
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
			if known, ok := l.catalog.runs.Get(runKey(c.Reporter.Device, code, item, reporter, c.Run)); ok {
				run.Key = known
				l.found = append(l.found, run)
			} else {
				l.missing = append(l.missing, missingRun{key, c.Reporter.Device, run})
				l.newcomers = append(l.newcomers, int64(c.Reporter.Device))
			}
		}
		l.slots[run] = append(l.slots[run], c.Slots...)
	}
}

func (l *loading) queueRuns(b *batch) {
	if len(l.missing) == 0 {
		return
	}
	n := len(l.missing)
	devices, codes, items, reporters := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	names := make([]string, n)
	for i, m := range l.missing {
		devices[i], codes[i], items[i], reporters[i], names[i] = int64(m.device), int64(m.key.Code), int64(m.key.Item),
			m.key.Reporter, clean(m.key.Run)
	}
	b.each(`SELECT k.n, r.id FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])
			WITH ORDINALITY AS k(device, uuid, handshake_code, item, reporter, n) JOIN run r USING (device, uuid, handshake_code, item, reporter)`,
		[]any{devices, names, codes, items, reporters}, func(rows pgx.Rows) error {
			var place int64
			var id store.ID
			err := rows.Scan(&place, &id)
			m := l.missing[place-1]
			m.run.Key = id
			l.found = append(l.found, m.run)
			l.catalog.runs.Put(runKey(m.device, m.key.Code, m.key.Item, m.key.Reporter, m.key.Run), id)
			return err
		})
}

// queueReports asks for the reports of the runs that are found, and will not again.
func (l *loading) queueReports(b *batch) {
	if len(l.found) == 0 {
		return
	}
	byKey := make(map[store.ID]*store.Run, len(l.found))
	var runs, slots []int64
	for _, run := range l.found {
		byKey[run.Key] = run
		for _, slot := range l.slots[run] {
			runs, slots = append(runs, int64(run.Key)), append(slots, slot)
		}
	}
	l.found = nil
	// One statement reads a report and its losses, so that both are of the same moment.
	b.each(`SELECT r.run, r.slot, r.revision, r.changes, r.counts, CASE WHEN r.losses > 0 THEN
			(SELECT json_agg(json_build_object('cause', cause, 'revision', revision, 'units', units, 'counts', encode(counts, 'hex')))::text
			FROM report_loss l WHERE l.run = r.run AND l.slot = r.slot) END
		FROM unnest($1::bigint[], $2::bigint[]) AS k(run, slot) JOIN report r USING (run, slot)`, []any{
		runs, slots,
	}, func(rows pgx.Rows) error {
		var id store.ID
		var slot, changes int64
		var r store.Report
		var counts, losses []byte
		if err := rows.Scan(&id, &slot, &r.Revision, &changes, &counts, &losses); err != nil {
			return err
		}
		var err error
		if r.Counts, err = store.ParseBinaryCounts(counts); err != nil {
			return err
		}
		if losses != nil {
			if r.Losses, err = parseLosses(losses); err != nil {
				return err
			}
		}
		run := byKey[id]
		run.Reports[slot] = r
		l.changes[store.SlotKey{Run: run, Slot: slot}] = changes
		return nil
	})
}

func parseLosses(text []byte) (map[string]store.Loss, error) {
	var list []struct {
		Cause, Counts   string
		Revision, Units int64
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("stored losses: %w", err)
	}
	losses := make(map[string]store.Loss, len(list))
	for _, row := range list {
		data, err := hex.DecodeString(row.Counts)
		if err != nil {
			return nil, fmt.Errorf("stored losses: %w", err)
		}
		counts, err := store.ParseBinaryCounts(data)
		if err != nil {
			return nil, err
		}
		losses[row.Cause] = store.Loss{Revision: row.Revision, Counts: counts, Units: row.Units}
	}
	return losses, nil
}
