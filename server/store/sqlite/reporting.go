package sqlite

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

func (t *transaction) Run(key store.RunKey) (store.ID, error) {
	return remember(t.s.known.runs, key, func() (run store.ID, err error) {
		arguments := []any{key.Device, key.Run, key.Code, key.Item}
		err = t.get(`SELECT id FROM run WHERE device = ? AND uuid = ? AND handshake_code = ? AND item = ?`, arguments, &run)
		if errors.Is(err, store.ErrNotFound) {
			run, err = t.insert(`INSERT INTO run (device, uuid, handshake_code, item) VALUES (?, ?, ?, ?)`, arguments...)
		}
		return run, err
	})
}

// Report gives what this transaction gathered, or what is stored. Slots mostly
// rise within a run, so most of them are known to be new without a look.
func (t *transaction) Report(run store.ID, slot int64) (store.Report, error) {
	if report, ok := t.reports[reportKey{run, slot}]; ok {
		return report, nil
	}
	newest, err := remember(t.s.known.newest, run, func() (newest int64, err error) {
		err = t.get(`SELECT coalesce(max(slot), -1) FROM report WHERE run = ?`, []any{run}, &newest)
		return newest, err
	})
	if err != nil {
		return store.Report{}, err
	}
	if slot > newest {
		return store.Report{}, store.ErrNotFound
	}
	return t.storedReport(run, slot)
}

func (t *transaction) storedReport(run store.ID, slot int64) (store.Report, error) {
	var r store.Report
	var counts []byte
	var losses int64
	err := t.get(`SELECT revision, counts, losses FROM report WHERE run = ? AND slot = ?`, []any{run, slot}, &r.Revision, &counts, &losses)
	if err != nil {
		return r, err
	}
	if r.Counts, err = parseCounts(counts); err != nil || losses == 0 {
		return r, err
	}
	r.Losses = map[string]store.Loss{}
	err = t.each(`SELECT cause, revision, counts, units FROM report_loss WHERE run = ? AND slot = ?`, []any{run, slot}, func(rows *sql.Rows) error {
		var cause string
		var loss store.Loss
		var counts []byte
		if err := rows.Scan(&cause, &loss.Revision, &counts, &loss.Units); err != nil {
			return err
		}
		var err error
		loss.Counts, err = parseCounts(counts)
		r.Losses[cause] = loss
		return err
	})
	return r, err
}

func (t *transaction) PutReport(received store.ReceivedReport, merged store.Report) error {
	counts, err := formatCounts(received.Counts)
	if err != nil {
		return err
	}
	t.raw = append(t.raw, received.ReceivedAt, received.Run, received.Slot, received.SlotSeconds, received.Revision, counts, received.Lost)
	t.reports[reportKey{received.Run, received.Slot}] = merged
	if newest, ok := t.s.known.newest[received.Run]; ok && newest < received.Slot {
		t.s.known.newest[received.Run] = received.Slot
	}
	return nil
}

func (t *transaction) AddTotals(code, item store.ID, slot int64, added map[string]int64) error {
	for name, units := range added {
		kind, err := t.operationType(name)
		if err != nil {
			return err
		}
		key := totalKey{code, item, slot, kind}
		t.totals[key] = saturatingSum(t.totals[key], units)
	}
	return nil
}

func (t *transaction) AddUsed(item store.ID, units int64) error {
	t.used[item] = saturatingSum(t.used[item], units)
	return nil
}

func (t *transaction) LostByStorage(device store.ID) (units int64, err error) {
	err = t.get(`SELECT storage FROM device_account WHERE device = ?`, []any{device}, &units)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	return units, err
}

func (t *transaction) PutDeviceAccount(device store.ID, account protocol.DeviceAccount, sentAt int64) error {
	return t.exec(`INSERT INTO device_account (device, sent_at, recorded, expired, refused, storage) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET sent_at = excluded.sent_at, recorded = excluded.recorded,
			expired = excluded.expired, refused = excluded.refused, storage = excluded.storage
		WHERE excluded.sent_at >= sent_at OR excluded.recorded >= recorded`,
		device, sentAt, account.Recorded, account.Expired, account.Refused, account.Storage)
}

func (t *transaction) operationType(name string) (int64, error) {
	return remember(t.s.known.types, name, func() (id int64, err error) {
		err = t.get(`SELECT id FROM operation_type WHERE name = ?`, []any{name}, &id)
		if errors.Is(err, store.ErrNotFound) {
			var added store.ID
			added, err = t.insert(`INSERT INTO operation_type (name) VALUES (?)`, name)
			id = int64(added)
		}
		return id, err
	})
}

// formatCounts gives counts as JSON, in the order of the names.
func formatCounts(counts map[string]int64) (string, error) {
	if counts == nil {
		return "{}", nil
	}
	data, err := json.Marshal(counts)
	return string(data), err
}

func parseCounts(data []byte) (map[string]int64, error) {
	var counts map[string]int64
	if err := json.Unmarshal(data, &counts); err != nil {
		return nil, fmt.Errorf("stored counts: %w", err)
	}
	return counts, nil
}
