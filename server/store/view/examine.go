package view

import (
	"errors"
	"iter"
	"slices"
	"strconv"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/relational"
)

// Examine returns a view of everything in a database, for verification.
func Examine(db Database) (store.Examination, error) {
	e := &examination{db: db}
	var err error
	if e.codes, err = e.names(`SELECT id, code FROM handshake_code`); err != nil {
		return nil, err
	}
	e.types, err = e.names(`SELECT id, name FROM operation_type`)
	return e, err
}

type examination struct {
	db           Database
	codes, types map[store.ID]string
}

func (e *examination) names(query string) (map[store.ID]string, error) {
	names := map[store.ID]string{}
	return names, each(e.db, query, nil, func(rows Rows) error {
		var id store.ID
		var name string
		err := rows.Scan(&id, &name)
		names[id] = name
		return err
	})
}

// rowsOf makes a sequence out of a query's rows.
func rowsOf[T any](e *examination, query string, arguments []any,
	scan func(Rows, func(T) bool) (more bool, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		rows, err := e.db.Query(query, arguments...)
		more := true
		for more && err == nil && rows.Next() {
			more, err = scan(rows, func(value T) bool { return yield(value, nil) })
		}
		if rows != nil {
			if err == nil {
				err = rows.Err()
			}
			if closed := rows.Close(); err == nil {
				err = closed
			}
		}
		if err != nil && more {
			var none T
			yield(none, err)
		}
	}
}

func (e *examination) Size() (size int64, err error) {
	return size, get(e.db, `SELECT coalesce(max(id) - min(id) + 1, 0) FROM raw_report`, nil, &size)
}

func (e *examination) Received() iter.Seq2[store.ExaminedReport, error] {
	var came store.ReceivedReports
	var run store.ID
	return rowsOf(e, `SELECT received_at, run, newest, reports FROM raw_report ORDER BY id`, nil,
		func(rows Rows, yield func(store.ExaminedReport) bool) (more bool, err error) {
			var data []byte
			if err := rows.Scan(&came.ReceivedAt, &run, &came.Newest, &data); err != nil {
				return true, err
			}
			came.Data, more = data, true
			err = came.Unpack(func(r store.ReceivedReport) error {
				more = more && yield(store.ExaminedReport{Run: run, ReceivedReport: r})
				return nil
			})
			return more, err
		})
}

func (e *examination) Runs() iter.Seq2[store.ExaminedRun, error] {
	return rowsOf(e, `SELECT id, device, handshake_code, item, uuid FROM run ORDER BY id`, nil,
		func(rows Rows, yield func(store.ExaminedRun) bool) (bool, error) {
			var r store.ExaminedRun
			if err := rows.Scan(&r.Key, &r.Device, &r.Code, &r.Item, &r.UUID); err != nil {
				return true, err
			}
			return yield(r), nil
		})
}

func (e *examination) Reports() iter.Seq2[store.ExaminedSlot, error] {
	// Losses are read with the rows that have some, because they are few.
	return rowsOf(e, `SELECT run, slot, revision, counts, losses FROM report ORDER BY run, slot`, nil,
		func(rows Rows, yield func(store.ExaminedSlot) bool) (bool, error) {
			var r store.ExaminedSlot
			var counts []byte
			var lost int64
			if err := rows.Scan(&r.Run, &r.Slot, &r.Revision, &counts, &lost); err != nil {
				return true, err
			}
			var err error
			if r.Counts, err = store.ParseBinaryCounts(counts); err == nil && lost > 0 {
				r.Losses, err = e.lossesOf(r.Run, r.Slot)
			}
			if err != nil {
				return true, err
			}
			return yield(r), nil
		})
}

func (e *examination) lossesOf(run store.ID, slot int64) (map[string]store.Loss, error) {
	losses := map[string]store.Loss{}
	return losses, each(e.db, `SELECT cause, revision, counts, units FROM report_loss WHERE run = ? AND slot = ?`,
		[]any{run, slot}, func(rows Rows) (err error) {
			var cause string
			var loss store.Loss
			var counts []byte
			if err := rows.Scan(&cause, &loss.Revision, &counts, &loss.Units); err != nil {
				return err
			}
			loss.Counts, err = store.ParseBinaryCounts(counts)
			losses[cause] = loss
			return err
		})
}

func (e *examination) Losses() iter.Seq2[store.ExaminedLoss, error] {
	return rowsOf(e, `SELECT l.run, run.handshake_code, run.item, l.slot, l.cause, l.units FROM report_loss l JOIN run ON run.id = l.run`,
		nil,
		func(rows Rows, yield func(store.ExaminedLoss) bool) (bool, error) {
			var l store.ExaminedLoss
			if err := rows.Scan(&l.Run, &l.Code, &l.Item, &l.Slot, &l.Cause, &l.Units); err != nil {
				return true, err
			}
			return yield(l), nil
		})
}

func (e *examination) Totals(level store.Level) iter.Seq2[store.ExaminedTotal, error] {
	return rowsOf(e, `SELECT handshake_code, item, slot, type, count, late FROM `+relational.TotalTables[level], nil,
		func(rows Rows, yield func(store.ExaminedTotal) bool) (bool, error) {
			var t store.ExaminedTotal
			var kind store.ID
			if err := rows.Scan(&t.Code, &t.Item, &t.Start, &kind, &t.All, &t.Late); err != nil {
				return true, err
			}
			t.Type = e.types[kind]
			return yield(t), nil
		})
}

func (e *examination) OrganizationTotals(level store.Level) iter.Seq2[store.ExaminedOrganizationTotal, error] {
	// The remaining totals of a deleted organization belong to nobody.
	return rowsOf(e, `SELECT CASE WHEN t.organization = 0 THEN '' ELSE coalesce(o.public_id, 'gone ' || t.organization) END, t.slot, t.type, t.count, t.late
		FROM total_organization t LEFT JOIN organization o ON o.id = t.organization WHERE t.level = ?`,
		[]any{int64(level)}, func(rows Rows, yield func(store.ExaminedOrganizationTotal) bool) (bool, error) {
			var t store.ExaminedOrganizationTotal
			var kind store.ID
			if err := rows.Scan(&t.Organization, &t.Start, &kind, &t.All, &t.Late); err != nil {
				return true, err
			}
			t.Type = e.types[kind]
			return yield(t), nil
		})
}

func (e *examination) Folded() (before int64, err error) {
	return before, get(e.db, relational.SelectFolded, nil, &before)
}

func (e *examination) QuartersSince() (since int64, err error) {
	return since, get(e.db, relational.SelectQuartersSince, nil, &since)
}

func (e *examination) DeviceTotals(level store.Level) iter.Seq2[store.ExaminedTotal, error] {
	return rowsOf(e, `SELECT device, handshake_code, item, slot, type, count FROM `+relational.DeviceTables[level], nil,
		func(rows Rows, yield func(store.ExaminedTotal) bool) (bool, error) {
			var t store.ExaminedTotal
			var kind store.ID
			if err := rows.Scan(&t.Device, &t.Code, &t.Item, &t.Start, &kind, &t.All); err != nil {
				return true, err
			}
			t.Type = e.types[kind]
			return yield(t), nil
		})
}

func (e *examination) Activity() iter.Seq2[store.ExaminedActivity, error] {
	return func(yield func(store.ExaminedActivity, error) bool) {
		everything := []store.Window{{Start: 0, End: store.EndOfTime}}
		for _, byType := range []bool{false, true} {
			q := &statistics{db: e.db, windows: everything}
			q.catalog.types = map[string]store.ID{}
			for id, name := range e.types {
				q.catalog.types[name] = id
			}
			day := activeDay{examination: e, runs: map[pairKind]store.Activity{}}
			err := q.eachActive(everything, byType, func(a *active) error {
				if a.day != day.day {
					if err := day.tell(yield); err != nil {
						return err
					}
					day.day = a.day
				}
				key := pairKind{a.kind, a.code, a.item}
				return a.each(func(r *store.ActiveRun) {
					kept := *r
					kept.Slots.Odd = slices.Clone(r.Slots.Odd)
					day.runs[key] = append(day.runs[key], kept)
				})
			})
			if err == nil {
				err = day.tell(yield)
			}
			if errors.Is(err, errStopped) {
				return
			}
			if err != nil {
				yield(store.ExaminedActivity{}, err)
				return
			}
		}
	}
}

// errStopped is the error with which a caller ends an iteration early.
var errStopped = errors.New("stopped")

// activeDay combines the active runs of a day.
type activeDay struct {
	*examination
	day  int64
	runs map[pairKind]store.Activity
}

// pairKind is a code and an item with a type; 0: any.
type pairKind struct{ kind, code, item store.ID }

// tell yields the active runs, and drops them.
func (d *activeDay) tell(yield func(store.ExaminedActivity, error) bool) error {
	for key, all := range d.runs {
		one := store.ExaminedActivity{
			Day: d.day, Code: key.code, Item: key.item, Type: d.types[key.kind], Runs: all.Merged(nil),
		}
		if !yield(one, nil) {
			return errStopped
		}
	}
	clear(d.runs)
	return nil
}

func (e *examination) Items() iter.Seq2[store.ExaminedItem, error] {
	return rowsOf(e,
		`SELECT `+relational.ItemColumns+`, u.used, u.at, u.active, u.exceptions, coalesce(f.before, 0) FROM item i
		JOIN organization o ON o.id = i.organization JOIN `+e.db.Dialect().Uses+
			` u ON u.item = i.id LEFT JOIN seat_fold f ON f.item = i.id ORDER BY i.id`, nil,
		func(rows Rows, yield func(store.ExaminedItem) bool) (bool, error) {
			var i store.ExaminedItem
			if err := rows.Scan(append(relational.ItemFields(&i.Item), &i.Used, &i.SeatsAt, &i.Seats, &i.Exceptions,
				&i.SeatsFolded)...); err != nil {
				return true, err
			}
			return yield(i), nil
		})
}

func (e *examination) Seats() iter.Seq2[store.ExaminedSeat, error] {
	return rowsOf(e, `SELECT device, item, since, until, weight FROM seat ORDER BY device, item, since`, nil,
		func(rows Rows, yield func(store.ExaminedSeat) bool) (bool, error) {
			var s store.ExaminedSeat
			if err := rows.Scan(&s.Device, &s.Item, &s.Since, &s.Until, &s.Weight); err != nil {
				return true, err
			}
			return yield(s), nil
		})
}

func (e *examination) Domains() iter.Seq2[store.ExaminedStep, error] {
	return e.steps(`SELECT item, since, 1 FROM app_domain`)
}

func (e *examination) Steps() iter.Seq2[store.ExaminedStep, error] {
	return e.steps(`SELECT item, at, change FROM seat_step`)
}

func (e *examination) steps(query string) iter.Seq2[store.ExaminedStep, error] {
	return rowsOf(e, query, nil, func(rows Rows, yield func(store.ExaminedStep) bool) (bool, error) {
		var s store.ExaminedStep
		if err := rows.Scan(&s.Item, &s.At, &s.Change); err != nil {
			return true, err
		}
		return yield(s), nil
	})
}

func (e *examination) CodeName(id store.ID) string {
	if name, ok := e.codes[id]; ok {
		return name
	}
	return strconv.FormatInt(int64(id), 10)
}

func (e *examination) DeviceName(id store.ID) string {
	var name string
	if err := get(e.db, `SELECT uuid FROM device WHERE id = ?`, []any{id}, &name); err != nil {
		return strconv.FormatInt(int64(id), 10)
	}
	return name
}

func (e *examination) Keys() (keys store.ServerKeys, err error) {
	err = get(e.db, `SELECT signing, report FROM server_key`, nil, &keys.Signing, &keys.Report)
	return keys, err
}

func (e *examination) Closing() (c store.Closing, err error) {
	err = get(e.db,
		`SELECT coalesce(max(before), 0), coalesce(max(pruned), 0), coalesce(max(swept), 0) FROM slot_closing`, nil,
		&c.Before, &c.Pruned, &c.Swept)
	return c, err
}

func (e *examination) Checkpoints() ([]store.Checkpoint, error) {
	var list []store.Checkpoint
	err := each(e.db, `SELECT closed_before, made_at, document FROM checkpoint ORDER BY closed_before`, nil,
		func(rows Rows) error {
			var c store.Checkpoint
			err := rows.Scan(&c.ClosedBefore, &c.MadeAt, &c.Document)
			list = append(list, c)
			return err
		})
	return list, err
}

func (e *examination) Adjustments() iter.Seq2[store.Adjustment, error] {
	return rowsOf(e, `SELECT id, item, at, units, reason, actor, signature FROM adjustment ORDER BY id`, nil,
		func(rows Rows, yield func(store.Adjustment) bool) (bool, error) {
			var a store.Adjustment
			if err := rows.Scan(&a.Key, &a.Item, &a.At, &a.Units, &a.Reason, &a.Actor, &a.Signature); err != nil {
				return true, err
			}
			return yield(a), nil
		})
}
