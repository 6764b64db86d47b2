package relational

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/openlts/openlts/server/store"
)

var _ store.Folder = (*Store)(nil)

// activityKey names a row of activity.
type activityKey struct {
	kind store.ID // 0: any type
	day  int64
	pair [2]store.ID // code and item
}

// arrivalKey names a row of arrivals.
type arrivalKey struct {
	run store.ID
	day int64
}

// folding is what some rows of reports add to the activity and to its index of rows.
type folding struct {
	activity map[activityKey]map[store.ID]*store.ActiveRun // by run
	arrivals map[arrivalKey]store.Arrivals
}

// FoldActivity adds the reports that came to the activity of days; see store.Folder.
// Reports wait for it only while it writes the result, which it computes before.
func (s *Store) FoldActivity(ctx context.Context, most int64) (folded int64, err error) {
	from, until, err := s.unfolded(ctx, most)
	if err != nil || until <= from {
		return 0, err
	}
	var activity, arrivals []any
	err = s.database.Moment(ctx, func(r store.Reader) (err error) {
		more, err := readFolding(ctx, r, from, until)
		if err != nil {
			return err
		}
		if activity, err = more.activityRows(ctx, r); err != nil {
			return err
		}
		arrivals, err = more.arrivalRows(ctx, r, s.dialect)
		return err
	})
	if err != nil {
		return 0, err
	}
	err = s.database.Transact(ctx, func(session Session) error {
		// Another process may have folded the same rows meanwhile. Then this one changes nothing.
		n, err := session.Sweep(ctx, `INSERT INTO activity_fold AS f (id, upto, since) VALUES (1, ?, 0)
			ON CONFLICT (id) DO UPDATE SET upto = excluded.upto WHERE f.upto = ?`, until, from)
		if err != nil || n == 0 {
			return err
		}
		err = sweepRows(ctx, session, `INSERT INTO activity (type, day, handshake_code, item, runs) VALUES `,
			`(?, ?, ?, ?, ?)`,
			` ON CONFLICT (type, day, handshake_code, item) DO UPDATE SET runs = excluded.runs`, 5, activity)
		if err != nil {
			return err
		}
		return sweepRows(ctx, session, `INSERT INTO arrival (run, day, rows) VALUES `,
			`(?, ?, ?)`, ` ON CONFLICT (run, day) DO UPDATE SET rows = excluded.rows`, 3, arrivals)
	})
	return until - from, err
}

// foldedRows is the number of rows in one statement, because the database may be far away.
const foldedRows = 200

// sweepRows writes rows with this many values each.
func sweepRows(ctx context.Context, session Session, into, row, suffix string, columns int, values []any) error {
	for some := range slices.Chunk(values, foldedRows*columns) {
		statement := into + row + strings.Repeat(", "+row, len(some)/columns-1) + suffix
		if _, err := session.Sweep(ctx, statement, some...); err != nil {
			return err
		}
	}
	return nil
}

// unfolded returns the row after which, and the row up to which, reports are to be folded next.
func (s *Store) unfolded(ctx context.Context, most int64) (from, until int64, err error) {
	const waiting = `SELECT coalesce((SELECT upto FROM activity_fold), 0), coalesce((SELECT max(id) FROM raw_report), 0)`
	if err := get(ctx, s.database, waiting, nil, &from, &until); err != nil || until <= from {
		return from, from, err
	}
	// Open transactions may still add rows with lower ids. Only when there are no such transactions
	// are all rows up to the highest id there.
	err = s.database.Transact(ctx, func(session Session) error {
		if err := session.Alone(ctx); err != nil {
			return err
		}
		return get(ctx, session, waiting, nil, &from, &until)
	})
	return from, min(until, from+most), err
}

// readFolding reads the rows after one id and up to another one.
func readFolding(ctx context.Context, r store.Reader, from, until int64) (*folding, error) {
	f := &folding{activity: map[activityKey]map[store.ID]*store.ActiveRun{}, arrivals: map[arrivalKey]store.Arrivals{}}
	types := map[string]store.ID{"": 0}
	err := r.Query(ctx, `SELECT name, id FROM operation_type`, nil, func(scan func(...any) error) error {
		var name string
		var id store.ID
		err := scan(&name, &id)
		types[name] = id
		return err
	})
	if err != nil {
		return nil, err
	}
	err = r.Query(ctx, `SELECT r.id, r.run, run.device, run.handshake_code, run.item, r.newest, r.reports
		FROM raw_report r JOIN run ON run.id = r.run WHERE r.id > ? AND r.id <= ? ORDER BY r.id`, []any{
		from, until,
	}, func(scan func(...any) error) error {
		var id int64
		var came store.ReceivedReports
		var run, device store.ID
		var key activityKey
		if err := scan(&id, &run, &device, &key.pair[0], &key.pair[1], &came.Newest, &came.Data); err != nil {
			return err
		}
		return store.ActivityOf(device, run, &came, func(day int64, kind string, active store.ActiveRun) {
			if kind == "" { // once for each day
				at := arrivalKey{run, day}
				f.arrivals[at] = append(f.arrivals[at], id)
			}
			var known bool
			if key.kind, known = types[kind]; !known {
				return // nothing was ever counted of it
			}
			key.day = day
			runs := f.activity[key]
			if runs == nil {
				runs = map[store.ID]*store.ActiveRun{}
				f.activity[key] = runs
			}
			if known := runs[run]; known != nil {
				known.Slots.Merge(&active.Slots)
			} else {
				first := active
				runs[run] = &first
			}
		})
	})
	return f, err
}

// activityRows returns the rows of activity with the additions.
func (f *folding) activityRows(ctx context.Context, r store.Reader) (rows []any, err error) {
	for key, runs := range f.activity {
		all := make(store.Activity, 0, len(runs))
		for _, run := range runs {
			all = append(all, *run)
		}
		err := r.Query(ctx,
			`SELECT runs FROM activity WHERE type = ? AND day = ? AND handshake_code = ? AND item = ?`,
			[]any{key.kind, key.day, key.pair[0], key.pair[1]}, func(scan func(...any) error) error {
				var before []byte
				if err := scan(&before); err != nil {
					return err
				}
				return store.ReadActivity(before, func(r *store.ActiveRun) {
					kept := *r
					kept.Slots.Odd = slices.Clone(r.Slots.Odd)
					all = append(all, kept)
				})
			})
		if err != nil {
			return nil, fmt.Errorf("the activity of the day that began at %d: %w", key.day, err)
		}
		rows = append(rows, key.kind, key.day, key.pair[0], key.pair[1], all.Merged(nil).AppendBinary([]byte{}))
	}
	return rows, nil
}

// arrivalRows returns the rows of arrivals with the additions.
func (f *folding) arrivalRows(ctx context.Context, r store.Reader, dialect *Dialect) (rows []any, err error) {
	runs := map[store.ID]bool{}
	first := int64(store.EndOfTime)
	for key := range f.arrivals {
		runs[key.run], first = true, min(first, key.day)
	}
	var keys []store.ID
	for run := range runs {
		keys = append(keys, run)
	}
	for some := range slices.Chunk(keys, foldedRows) {
		these := dialect.choose(some)
		query := `SELECT run, day, rows FROM arrival WHERE day >= ? AND ` + these.among("run")
		err := r.Query(ctx, query, slices.Concat([]any{first}, these.arguments), func(scan func(...any) error) error {
			var key arrivalKey
			var data []byte
			if err := scan(&key.run, &key.day, &data); err != nil {
				return err
			}
			if len(f.arrivals[key]) == 0 {
				return nil
			}
			before, err := store.ParseArrivals(data)
			// Deleted rows may have had the same keys as these.
			all := slices.Concat(before, f.arrivals[key])
			slices.Sort(all)
			f.arrivals[key] = slices.Compact(all)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	for key, list := range f.arrivals {
		rows = append(rows, key.run, key.day, list.AppendBinary([]byte{}))
	}
	return rows, nil
}
