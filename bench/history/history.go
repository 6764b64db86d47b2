// Package history fills a SQLite database with what a long time of use leaves, many
// times faster than by reporting it: for benchmarks of a server that has grown.
//
// The rows are those that a server would have kept: what came, what is accepted of
// each slot, and all sums of it, so that a verification finds no difference. Devices
// are at work on the days and at the hours of their organization, batches have some
// slots each, and one in a hundred comes days later.
package history

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"time"

	_ "github.com/mattn/go-sqlite3" // the store's own way would be too slow

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/relational"
	"github.com/openlts/openlts/server/store/sqlite"
)

// Options say how much there is.
type Options struct {
	Reports int64 // about how many
	Devices int   // 30 or more: each code has some
	Days    int   // the time over which they came
	Seed    uint64
	Until   time.Time // the day before which it ends; days are those of UTC
	// Progress, if set, is told at each day how many are done.
	Progress func(done, of int)
}

// Result is what there is.
type Result struct {
	Reports, Units, Runs int64
	// Device is one with reports on nearly every day.
	Device string
}

const (
	daySeconds  = 24 * 60 * 60
	slotSeconds = 180
	slotsOfDay  = daySeconds / slotSeconds
	batchSlots  = 4 // that a batch has at most
	quarters    = 4 // of a day
)

// Fill adds a history to the database of a directory, which nobody else uses: it
// waits for no disk, so what is there if it fails is worth nothing.
func Fill(ctx context.Context, directory string, o Options) (result Result, err error) {
	if o.Devices < codesOf*organizations || o.Days < 1 || o.Reports < 1 {
		return result, fmt.Errorf("%d reports of %d devices over %d days are no history", o.Reports, o.Devices, o.Days)
	}
	until := o.Until.Unix() - o.Until.Unix()%daySeconds
	f := &filler{Options: o, ctx: ctx, until: until, from: until - int64(o.Days)*daySeconds,
		chance: rand.New(rand.NewPCG(o.Seed, 1))}
	s, err := sqlite.Open(ctx, directory, true)
	if err != nil {
		return result, err
	}
	err = f.catalog(s)
	if err = errors.Join(err, s.Close()); err != nil {
		return result, err
	}
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(directory, sqlite.FileName)+"?_foreign_keys=0")
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	for _, pragma := range []string{
		"journal_mode = DELETE", "journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE",
		"cache_size = -400000",
	} {
		if _, err := db.ExecContext(ctx, "PRAGMA "+pragma); err != nil {
			return result, err
		}
	}
	f.db = db
	if err := f.fill(); err != nil {
		return f.result, err
	}
	return f.result, nil
}

// Fold folds the activity of days, as a server does beside its other work.
func Fold(ctx context.Context, directory string, progress func(folded int64)) (err error) {
	s, err := sqlite.Open(ctx, directory, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	for folded := int64(0); ; progress(folded) {
		n, err := s.FoldActivity(ctx, foldedAtOnce)
		if err != nil || n == 0 {
			return err
		}
		folded += n
	}
}

// foldedAtOnce is how many rows are folded in one transaction.
const foldedAtOnce = 100_000

// filler is a history in the making.
type filler struct {
	Options
	ctx         context.Context
	db          *sql.DB
	from, until int64
	chance      *rand.Rand
	devices     []device
	pairs       []pair
	kinds       []kind
	// owners are the units of the day of organizations; 0: of all together.
	owners  map[int64][][]store.Units
	density float64 // the share of slots, of those in which a device may be at work, in which it is
	came    map[int64][]batch
	result  Result
}

// fill writes day after day, so that rows follow one another as they would have.
func (f *filler) fill() error {
	if err := f.readCatalog(); err != nil {
		return err
	}
	if err := f.addDevices(); err != nil {
		return err
	}
	f.setDensity()
	for day := f.from; day < f.until; day += daySeconds {
		if f.Progress != nil {
			f.Progress(int((day-f.from)/daySeconds), f.Days)
		}
		if err := f.transact(func(tx *sql.Tx) error { return f.day(tx, day) }); err != nil {
			return err
		}
	}
	return f.transact(f.rest)
}

func (f *filler) transact(do func(*sql.Tx) error) error {
	tx, err := f.db.BeginTx(f.ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// batch is reports of a run that came together.
type batch struct {
	at, run int64
	reports []store.ReceivedReport
}

// How devices work: on five days of seven, and now and then on the others; one in ten
// is at work day and night, its program for a month at a time.
const (
	onWorkday, onWeekend = 0.85, 0.10
	workSlots            = 9 * 60 * 60 / slotSeconds
	lateShare            = 0.01
	runDays              = 30
)

// setDensity has all devices make as many reports as are asked for.
func (f *filler) setDensity() {
	var slots float64
	for _, d := range f.devices {
		each := float64(workSlots)
		if d.server {
			each = workSlots / 2
		}
		for day := f.from; day < f.until; day += daySeconds {
			slots += each * d.presence(day)
		}
	}
	f.density = min(float64(f.Reports)/slots, 1)
}

// presence is how likely a device is at work on a day.
func (d *device) presence(day int64) float64 {
	switch weekday := time.Unix(day, 0).UTC().Weekday(); {
	case d.server:
		return 1
	case weekday == time.Saturday || weekday == time.Sunday:
		return onWeekend
	}
	return onWorkday
}

// day has all devices live a day, and writes it down.
func (f *filler) day(tx *sql.Tx, day int64) error {
	reports, runs := inserting(tx, "report (run, slot, revision, counts, losses)", 5),
		inserting(tx, "run (id, uuid, device, handshake_code, item, reporter)", 6)
	const totals = " (slot, device, handshake_code, item, type, count)"
	byDevice := inserting(tx, relational.DeviceTables[store.LevelDay]+totals, 6)
	byQuarter := inserting(tx, relational.DeviceTables[store.LevelQuarterDay]+totals, 6)
	for i := range f.devices {
		d := &f.devices[i]
		if f.chance.Float64() >= d.presence(day) {
			continue
		}
		p := &f.pairs[d.pairs[f.chance.IntN(len(d.pairs))]]
		run := d.longRun
		if !d.server || run == 0 || day >= d.runUntil {
			f.result.Runs++
			run = f.result.Runs
			if d.server {
				p = &f.pairs[d.pairs[0]]
				d.longRun, d.runUntil = run, day+runDays*daySeconds
			}
			if err := runs.add(run, f.uuid(), d.key, p.code, p.item, 0); err != nil {
				return err
			}
		} else {
			p = &f.pairs[d.pairs[0]]
		}
		if err := f.work(d, p, run, day, reports); err != nil {
			return err
		}
		if err := f.writeUnits(d, p, day, byDevice, byQuarter); err != nil {
			return err
		}
	}
	if err := errors.Join(reports.end(), runs.end(), byDevice.end(), byQuarter.end()); err != nil {
		return err
	}
	return errors.Join(f.writeReceived(tx, day), f.writeTotals(tx, day))
}

// writeUnits writes and forgets what a device counted on a day.
func (f *filler) writeUnits(d *device, p *pair, day int64, byDevice, byQuarter *inserter) error {
	for k := range f.kinds {
		var sum int64
		for n, units := range d.units {
			if sum += units[k]; units[k] == 0 || !store.MonthEdge(day) {
				continue
			}
			start := day + int64(n)*int64(store.LevelQuarterDay)
			if err := byQuarter.add(start, d.key, p.code, p.item, f.kinds[k].key, units[k]); err != nil {
				return err
			}
		}
		if sum == 0 {
			continue
		}
		if err := byDevice.add(day, d.key, p.code, p.item, f.kinds[k].key, sum); err != nil {
			return err
		}
	}
	for _, units := range d.units {
		clear(units)
	}
	return nil
}

// work has a device work in the slots of a day.
func (f *filler) work(d *device, p *pair, run, day int64, reports *inserter) error {
	first, slots, density := d.begins, workSlots, f.density
	if d.server {
		first, slots, density = 0, slotsOfDay, f.density*workSlots/2/slotsOfDay
	}
	var together batch
	for n := first; n < first+slots; n++ {
		if f.chance.Float64() >= density {
			continue
		}
		slot := day + int64(n)*slotSeconds
		counts := f.counts(p)
		if err := reports.add(run, slot, 1, counts.AppendBinary(nil), 0); err != nil {
			return err
		}
		f.result.Reports++
		together.run = run
		together.reports = append(together.reports, store.ReceivedReport{
			Slot: slot, SlotSeconds: slotSeconds, Revision: 1, Counts: counts,
		})
		if len(together.reports) == batchSlots {
			f.send(&together, d, p, day)
		}
	}
	f.send(&together, d, p, day)
	return nil
}

// counts are those of a slot: of one type or two.
func (f *filler) counts(p *pair) store.Counts {
	a := p.kinds[f.chance.IntN(len(p.kinds))]
	counts := store.Counts{{Type: f.kinds[a].name, Units: 1 + f.chance.Int64N(20)}}
	if b := p.kinds[f.chance.IntN(len(p.kinds))]; b != a && f.chance.IntN(3) == 0 {
		counts = append(counts, store.Count{Type: f.kinds[b].name, Units: 1 + f.chance.Int64N(5)})
		slices.SortFunc(counts, func(a, b store.Count) int { return cmp.Compare(a.Type, b.Type) })
	}
	return counts
}

// send has a batch come, soon or days later, and counts it.
func (f *filler) send(together *batch, d *device, p *pair, day int64) {
	if len(together.reports) == 0 {
		return
	}
	together.at = together.reports[len(together.reports)-1].Slot + slotSeconds + f.chance.Int64N(60)
	if f.chance.Float64() < lateShare {
		together.at += daySeconds + f.chance.Int64N(20*daySeconds)
	}
	together.at = max(min(together.at, f.until-1), together.reports[len(together.reports)-1].Slot)
	for i := range together.reports {
		r := &together.reports[i]
		r.ReceivedAt = together.at
		for _, count := range r.Counts {
			k := f.kind(count.Type)
			d.units[(r.Slot-day)/int64(store.LevelQuarterDay)][k] += count.Units
			p.add((r.Slot-day)/slotSeconds, k, count.Units, r.ReceivedAt > r.Slot+store.LateAfter)
			f.result.Units += count.Units
		}
	}
	at := together.at - together.at%daySeconds
	f.came[at] = append(f.came[at], *together)
	*together = batch{}
}

// writeReceived writes what came on a day, in the order in which it did.
func (f *filler) writeReceived(tx *sql.Tx, day int64) error {
	list := f.came[day]
	delete(f.came, day)
	slices.SortStableFunc(list, func(a, b batch) int { return cmp.Compare(a.at, b.at) })
	rows := inserting(tx, "raw_report (received_at, run, newest, reports)", 4)
	for i := range list {
		packed, err := store.PackReceived(list[i].reports)
		if err != nil {
			return err
		}
		for _, row := range packed {
			if err := rows.add(row.ReceivedAt, list[i].run, row.Newest, row.Data); err != nil {
				return err
			}
		}
	}
	return rows.end()
}

// grains are the totals that are written each day: all but those of months.
var grains = append(slices.Clone(store.FoldedLevels), store.LevelSlot, store.LevelHour, store.LevelDay)

// slotsIn is how many slots a total of a level sums up.
func slotsIn(level store.Level) int { return max(int(level/slotSeconds), 1) }

// eachTotal calls write with the sums of some slots of a day, where there are any.
func (f *filler) eachTotal(units [][]store.Units, slots int,
	write func(n int, kind int64, sum store.Units) error) error {
	for n := 0; n < slotsOfDay; n += slots {
		for k := range f.kinds {
			var sum store.Units
			for _, slot := range units[n : n+slots] {
				sum = sum.Plus(slot[k])
			}
			if sum.All == 0 {
				continue
			}
			if err := write(n, f.kinds[k].key, sum); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeTotals writes what was counted in the slots of a day, and the sums of it.
func (f *filler) writeTotals(tx *sql.Tx, day int64) error {
	for i := range f.pairs {
		p := &f.pairs[i]
		for _, level := range grains {
			rows := inserting(tx, relational.TotalTables[level]+" (handshake_code, item, slot, type, count, late)", 6)
			err := f.eachTotal(p.slots, slotsIn(level), func(n int, kind int64, sum store.Units) error {
				if level == store.LevelDay {
					p.used += sum.All
				}
				return rows.add(p.code, p.item, day+int64(n)*slotSeconds, kind, sum.All, sum.Late)
			})
			if err = errors.Join(err, rows.end()); err != nil {
				return err
			}
		}
		for _, together := range [][][]store.Units{f.owners[0], f.owners[p.owner]} {
			for n, slot := range p.slots {
				for k, units := range slot {
					together[n][k] = together[n][k].Plus(units)
				}
			}
		}
		forget(p.slots)
	}
	for _, owner := range slices.Sorted(maps.Keys(f.owners)) {
		for _, level := range store.OrganizationLevels {
			rows := inserting(tx, "total_organization (organization, level, slot, type, count, late)", 6)
			err := f.eachTotal(f.owners[owner], slotsIn(level), func(n int, kind int64, sum store.Units) error {
				return rows.add(owner, int64(level), day+int64(n)*slotSeconds, kind, sum.All, sum.Late)
			})
			if err = errors.Join(err, rows.end()); err != nil {
				return err
			}
		}
		forget(f.owners[owner])
	}
	return nil
}
