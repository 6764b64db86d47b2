// Package verification recomputes the sums of a License Tracking Server from the reports as they
// came. It uses only the rules (counts are cumulative, so the largest of a key counts; operations
// that were declared lost and did not come are lost; sums are the sums of that). It shares no code
// with the code that wrote the sums, because it would share its faults. Its time grows with the
// number of reports, but its memory does not: what does not fit is sorted in temporary files.
package verification

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// Options tell how to verify.
type Options struct {
	// Since is the slot of the checkpoint with which to begin; 0: the one from which on there are
	// reports.
	Since int64
	// Until is the slot at which verification ends, for a checkpoint; 0: it verifies all slots.
	Until int64
	// Key is the server's key for the signatures of checkpoints and adjustments; nil: the key in
	// the store.
	Key ed25519.PublicKey
	// Directory is for temporary files; "": the system's.
	Directory string
	// Reports and Accounts are the numbers of each that are kept in memory; 0: as many as suit a
	// machine with 512 MB.
	Reports, Accounts int
	// Progress, if set, is called now and then with the number of reports read so far, and of all.
	Progress func(done, of int64)
}

// Result contains what verification found.
type Result struct {
	Reports int64 `json:"reports"` // read, as they came
	Totals  int64 `json:"totals"`  // compared, of slots and longer times, organizations and devices
	// Since is the checkpoint with which it began; 0: the first report.
	Since int64 `json:"since,omitempty"`
	// Differences are the first places where the stored data is not what the reports give.
	Differences []Difference `json:"differences"`
	Different   int64        `json:"different"` // how many there are
}

// maxDifferences is the number of differences that are listed; more would be of no use.
const maxDifferences = 1000

// Difference is a place where the stored data is not what the reports give.
type Difference struct {
	What       string `json:"what"`  // such as "total of a slot"
	Where      string `json:"where"` // of what, for people
	Stored     int64  `json:"stored"`
	Recomputed int64  `json:"recomputed"`
}

// ErrNoReports is the error for a checkpoint whose reports were deleted.
var ErrNoReports = errors.New("the reports since then were deleted")

// ErrNoCheckpoint is the error for a Since that is not the slot of a checkpoint.
var ErrNoCheckpoint = errors.New("there is no checkpoint")

// Run verifies a store, in one consistent view of it.
func Run(ctx context.Context, s store.Store, options Options) (result Result, err error) {
	err = s.Examine(ctx, func(e store.Examination) error {
		v, err := verify(ctx, e, options)
		if v != nil {
			result = v.result
		}
		return err
	})
	return result, err
}

// verifier is the state of one verification.
type verifier struct {
	store.Examination
	ctx     context.Context
	options Options
	result  Result
	types   *types
	items   map[store.ID]store.ExaminedItem
	owners  owners

	arrivals *arrivals
	slots    *balance // of slots and devices
	longer   *balance // of longer times, and of organizations
	steps    *balance // of the sums of seats
	evidence *evidence
	// wanted, if set, tells which reports to use.
	wanted func(*store.ExaminedReport) bool
	// quartersSince is the day from which on there are totals of devices by quarters of a day.
	quartersSince int64
	// eachSlot is called with each slot of each run, in their order, once it is folded.
	eachSlot func(*folded, *store.ExaminedRun) error
	// charged are the units that the reports charge, by item and operation type.
	charged map[store.ID]map[string]int64
	// fresh are the sums of the slots from Since on and before Until, and what was
	// lost in them.
	fresh, freshLosses sums
}

func newVerifier(ctx context.Context, e store.Examination, options Options) *verifier {
	if options.Reports == 0 {
		options.Reports = 1 << 20
	}
	if options.Accounts == 0 {
		options.Accounts = 1 << 19
	}
	if options.Until == 0 {
		options.Until = store.EndOfTime
	}
	v := &verifier{Examination: e, ctx: ctx, options: options, types: newTypes(),
		items: map[store.ID]store.ExaminedItem{}, owners: newOwners(), charged: map[store.ID]map[string]int64{},
		fresh: sums{}, freshLosses: sums{}}
	v.result.Differences = []Difference{}
	v.arrivals = newArrivals(options.Directory, options.Reports, v.types)
	v.slots, v.longer = newBalance(options.Directory, options.Accounts),
		newBalance(options.Directory, options.Accounts/2)
	v.steps = newBalance(options.Directory, options.Accounts/2)
	v.evidence = &evidence{digest: sha256.New(), types: v.types, of: v.evidenceOf()}
	return v
}

func (v *verifier) close() error {
	return errors.Join(v.arrivals.close(), v.slots.close(), v.longer.close(), v.steps.close())
}

func verify(ctx context.Context, e store.Examination, options Options) (_ *verifier, err error) {
	closing, err := e.Closing()
	if err != nil {
		return nil, err
	}
	if options.Since != 0 && options.Since < closing.Pruned {
		return nil, fmt.Errorf("%w: there are reports from %s on", ErrNoReports,
			time.Unix(closing.Pruned, 0).UTC().Format(time.RFC3339))
	}
	v := newVerifier(ctx, e, options)
	if v.quartersSince, err = e.QuartersSince(); err != nil {
		return nil, err
	}
	v.result.Since = max(options.Since, closing.Pruned)
	defer func() { err = errors.Join(err, v.close()) }()
	return v, v.run()
}

func (v *verifier) run() error {
	if err := v.readItems(); err != nil {
		return err
	}
	if v.options.Key == nil {
		keys, err := v.Keys()
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if len(keys.Signing) == ed25519.SeedSize {
			v.options.Key = ed25519.NewKeyFromSeed(keys.Signing).Public().(ed25519.PublicKey)
		}
	}
	checkpoints, err := v.Checkpoints()
	if err != nil {
		return err
	}
	if since := v.options.Since; since != 0 &&
		!slices.ContainsFunc(checkpoints, func(c store.Checkpoint) bool { return c.ClosedBefore == since }) {
		return fmt.Errorf("%w of %s", ErrNoCheckpoint, time.Unix(since, 0).UTC().Format(time.RFC3339))
	}
	closed, closedLosses := v.checkpoints(checkpoints, v.options.Key, v.result.Since)
	for _, step := range []func() error{
		v.read, v.reports,
		func() error { return v.totals(closed) },
		v.devices(closed), v.deviceQuarters,
		v.activity,
		v.longerTotals,
		func() error { return v.losses(closedLosses) },
		func() error { return v.usage(closed) },
		v.seats,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) readItems() error {
	for item, err := range v.Items() {
		if err != nil {
			return err
		}
		v.items[item.Key] = item
	}
	return nil
}

func (v *verifier) differ(d Difference) {
	if v.result.Different++; len(v.result.Differences) < maxDifferences {
		v.result.Differences = append(v.result.Differences, d)
	}
}

func (v *verifier) compare(what string, stored, recomputed int64, where func() string) {
	if stored != recomputed {
		v.differ(Difference{What: what, Where: where(), Stored: stored, Recomputed: recomputed})
	}
}

// progressEvery is the number of reports after which Progress is called.
const progressEvery = 100_000

// read reads the reports as they came.
func (v *verifier) read() error {
	size, err := v.Size()
	if err != nil {
		return err
	}
	for report, err := range v.Received() {
		if err != nil {
			return err
		}
		if v.result.Reports++; v.result.Reports%progressEvery == 0 {
			if err := v.ctx.Err(); err != nil {
				return err
			}
			if v.options.Progress != nil {
				v.options.Progress(v.result.Reports, max(size, v.result.Reports))
			}
		}
		if report.Slot < v.result.Since || report.Slot >= v.options.Until || v.wanted != nil && !v.wanted(&report) {
			continue
		}
		if err := v.arrivals.add(&report); err != nil {
			return err
		}
	}
	return nil
}

// cursor reads a sequence that is in the same order as another one.
type cursor[T any] struct {
	next func() (T, error, bool)
	stop func()
	head T
	some bool
}

func newCursor[T any](sequence iter.Seq2[T, error]) (*cursor[T], error) {
	c := &cursor[T]{}
	c.next, c.stop = iter.Pull2(sequence)
	return c, c.advance()
}

func (c *cursor[T]) advance() (err error) {
	c.head, err, c.some = c.next()
	return err
}

// reports folds the reports of each slot of each run and compares the result with what is stored.
func (v *verifier) reports() error {
	stored, err := newCursor(v.Reports())
	defer stored.stop()
	if err != nil {
		return err
	}
	v.eachSlot = func(slot *folded, run *store.ExaminedRun) error {
		if err := v.slot(slot, run, stored); err != nil {
			return err
		}
		return v.count(slot, run)
	}
	if err := v.foldReports(); err != nil {
		return err
	}
	return v.slot(newFolded(most, most), nil, stored)
}

// foldReports folds the reports in the order of runs and slots, and makes their digest
// if there is an end to them.
func (v *verifier) foldReports() error {
	runs, err := newCursor(v.Runs())
	defer runs.stop()
	if err != nil {
		return err
	}
	slot, some := newFolded(0, 0), false
	for came, err := range v.arrivals.sorted() {
		if err != nil {
			return err
		}
		if !some || came.run != slot.run || came.slot != slot.start {
			if some {
				if err := v.eachSlot(slot, &runs.head); err != nil {
					return err
				}
			}
			slot.begin(came.run, came.slot)
			some = true
		}
		for runs.some && int64(runs.head.Key) < came.run {
			if err := runs.advance(); err != nil {
				return err
			}
		}
		if !runs.some || int64(runs.head.Key) != came.run {
			return fmt.Errorf("reports came of run %d, which does not exist: the database is damaged", came.run)
		}
		if v.options.Until != store.EndOfTime {
			if err := v.evidence.take(&runs.head, came); err != nil {
				return err
			}
		}
		if err := slot.take(came.data); err != nil {
			return err
		}
	}
	if some {
		return v.eachSlot(slot, &runs.head)
	}
	return nil
}

// slot compares a slot of a run with what is stored, and finds stored slots before it for which no
// report came.
func (v *verifier) slot(slot *folded, run *store.ExaminedRun, stored *cursor[store.ExaminedSlot]) error {
	none := store.ExaminedSlot{}
	for stored.some && before(&stored.head, slot) {
		if v.within(stored.head.Slot) {
			v.compareSlot(newFolded(int64(stored.head.Run), stored.head.Slot), nil, &stored.head)
		}
		if err := stored.advance(); err != nil {
			return err
		}
	}
	if run == nil {
		return nil
	}
	if !stored.some || int64(stored.head.Run) != slot.run || stored.head.Slot != slot.start {
		v.compareSlot(slot, run, &none)
		return nil
	}
	v.compareSlot(slot, run, &stored.head)
	return stored.advance()
}

func (v *verifier) within(slot int64) bool { return slot >= v.result.Since && slot < v.options.Until }

func before(stored *store.ExaminedSlot, slot *folded) bool {
	return int64(stored.Run) < slot.run || int64(stored.Run) == slot.run && stored.Slot < slot.start
}

func (v *verifier) compareSlot(slot *folded, run *store.ExaminedRun, stored *store.ExaminedSlot) {
	where := func(more string) func() string {
		return func() string {
			of := fmt.Sprintf("run %d", slot.run)
			if run != nil {
				of = fmt.Sprintf("device %s, handshake %s, item %s", v.DeviceName(run.Device), v.CodeName(run.Code),
					v.itemName(run.Item))
			}
			return of + ", slot " + moment(slot.start) + more
		}
	}
	v.compare("revision of a report", stored.Revision, slot.revision, where(""))
	matched := 0
	for _, count := range slot.accepted {
		var known int64
		for _, s := range stored.Counts {
			if s.Type == v.types.names[count.kind] {
				known, matched = s.Units, matched+1
			}
		}
		v.compare("count of a report", known, count.units.all, where(", type "+v.types.names[count.kind]))
	}
	if matched < len(stored.Counts) {
		for _, s := range stored.Counts {
			if unitsOf(slot.accepted, v.types.number(s.Type)) == 0 {
				v.compare("count of a report", s.Units, 0, where(", type "+s.Type))
			}
		}
	}
	if len(slot.declared)+len(stored.Losses) == 0 {
		return
	}
	lost := slot.lost()
	for _, cause := range causes(lost, stored.Losses) {
		v.compare("loss", stored.Losses[cause].Units, lost[cause], where(", cause "+cause))
		if run != nil && lost[cause] > 0 {
			v.freshLosses.add(sumKey{v.CodeName(run.Code), v.itemName(run.Item), cause, month(slot.start)}, lost[cause])
		}
	}
}

// Levels of accounts: those of the totals, that of devices, and that of activity.
const (
	levelSlot        = 0
	levelQuarterHour = 900
	levelHour        = 3600
	levelQuarterDay  = 21600
	levelDay         = 86400
	levelMonth       = 31 * 86400 // however long it is
	levelDevice      = 1 << 40
	// levelActivity is for days: the sum of a number for each slot of a run, which hardly any other
	// slot has.
	levelActivity    = 1 << 41
	levelDeviceMonth = 1 << 42
	// levelDeviceQuarter is for quarters of the first and of the last day of each month.
	levelDeviceQuarter = 1<<42 + 1
	// levelOrganization is that of slots; with those of hours and days added, theirs.
	levelOrganization = 1 << 43
)

// count adds the units of a slot to its accounts.
func (v *verifier) count(slot *folded, run *store.ExaminedRun) error {
	if slot.revision > 0 {
		if err := v.addActivity(slot, run, v.types.number("")); err != nil {
			return err
		}
	}
	for _, k := range slot.accepted {
		if err := v.addActivity(slot, run, k.kind); err != nil {
			return err
		}
		of := account{level: levelSlot, code: int64(run.Code), item: int64(run.Item), start: slot.start, kind: k.kind}
		if err := v.slots.add(of, sides{computed: k.units}); err != nil {
			return err
		}
		of.level, of.device, of.start = levelDevice, int64(run.Device), slot.start-slot.start%levelDay
		if err := v.slots.add(of, sides{computed: units{all: k.units.all}}); err != nil {
			return err
		}
		if !v.hasQuarters(of.start) {
			continue
		}
		of.level, of.start = levelDeviceQuarter, slot.start-slot.start%levelQuarterDay
		if err := v.slots.add(of, sides{computed: units{all: k.units.all}}); err != nil {
			return err
		}
	}
	return nil
}

// hasQuarters tells whether totals of devices are kept by quarters of a day on a day: the first or the
// last of a month.
func (v *verifier) hasQuarters(day int64) bool {
	at := time.Unix(day, 0).UTC()
	return day >= v.quartersSince && (at.Day() == 1 || at.AddDate(0, 0, 1).Day() == 1)
}

func (v *verifier) itemName(id store.ID) string {
	if item, known := v.items[id]; known {
		return item.ID
	}
	return fmt.Sprint(id)
}

func moment(unix int64) string { return time.Unix(unix, 0).UTC().Format("2006-01-02 15:04 UTC") }

func (v *verifier) where(e *entry, what string) func() string {
	return func() string {
		of := fmt.Sprintf("handshake %s, item %s, %s %s, type %s", v.CodeName(store.ID(e.code)),
			v.itemName(store.ID(e.item)), what, moment(e.start), v.types.names[e.kind])
		if e.device != 0 {
			of = "device " + v.DeviceName(store.ID(e.device)) + ", " + of
		}
		return of
	}
}

// closedKey returns the key by which a total of a closed slot or day is summed up.
func (v *verifier) closedKey(t *store.ExaminedTotal) sumKey {
	return sumKey{v.CodeName(t.Code), v.itemName(t.Item), t.Type, month(t.Start)}
}

// totals reads the totals of slots. It accepts those of closed slots, and compares their sums with
// the checkpoints.
func (v *verifier) totals(closed sums) error {
	stored := sums{}
	for t, err := range v.Totals(store.LevelSlot) {
		if err != nil {
			return err
		}
		if t.Start >= v.options.Until {
			continue
		}
		v.result.Totals++
		of := account{
			level: levelSlot, code: int64(t.Code), item: int64(t.Item), start: t.Start, kind: v.types.number(t.Type),
		}
		s := sides{stored: units{t.All, t.Late}}
		if t.Start < v.result.Since {
			stored.add(v.closedKey(&t), t.All)
			s.computed = s.stored
		}
		if err := v.slots.add(of, s); err != nil {
			return err
		}
	}
	v.compareSums("total of a month", "type", stored, closed)
	return nil
}

// devices reads the totals of devices. It treats closed days as totals treats closed slots.
func (v *verifier) devices(closed sums) func() error {
	return func() error {
		stored := sums{}
		for t, err := range v.DeviceTotals(store.LevelDay) {
			if err != nil {
				return err
			}
			if t.Start >= v.options.Until {
				continue
			}
			v.result.Totals++
			if t.Start < v.result.Since {
				stored.add(v.closedKey(&t), t.All)
				continue
			}
			of := account{level: levelDevice, device: int64(t.Device), code: int64(t.Code), item: int64(t.Item),
				start: t.Start, kind: v.types.number(t.Type)}
			if err := v.slots.add(of, sides{stored: units{all: t.All}}); err != nil {
				return err
			}
		}
		v.compareSums("total of devices in a month", "type", stored, closed)
		return nil
	}
}

// deviceQuarters reads the totals of devices by quarters of a day, of the days that are not closed.
func (v *verifier) deviceQuarters() error {
	for t, err := range v.DeviceTotals(store.LevelQuarterDay) {
		if err != nil {
			return err
		}
		if t.Start >= v.options.Until || t.Start < v.result.Since || t.Start < v.quartersSince {
			continue
		}
		v.result.Totals++
		of := account{level: levelDeviceQuarter, device: int64(t.Device), code: int64(t.Code), item: int64(t.Item),
			start: t.Start, kind: v.types.number(t.Type)}
		if err := v.slots.add(of, sides{stored: units{all: t.All}}); err != nil {
			return err
		}
	}
	return nil
}

// losses compares what was lost in closed slots with their checkpoints.
func (v *verifier) losses(closed sums) error {
	stored := sums{}
	for l, err := range v.Losses() {
		if err != nil {
			return err
		}
		if l.Slot < v.result.Since && l.Units > 0 {
			stored.add(sumKey{v.CodeName(l.Code), v.itemName(l.Item), l.Cause, month(l.Slot)}, l.Units)
		}
	}
	v.compareSums("loss of a month", "cause", stored, closed)
	return nil
}

func (v *verifier) charge(item store.ID, kind string, units int64) {
	if v.charged[item] == nil {
		v.charged[item] = map[string]int64{}
	}
	v.charged[item][kind] = plus(v.charged[item][kind], units)
}

// usage compares the use of items with the sum of reports and adjustments.
func (v *verifier) usage(closed sums) error {
	if v.options.Until != store.EndOfTime {
		return nil // what is used is of all times
	}
	byName := map[string]store.ID{}
	for id, item := range v.items {
		byName[item.ID] = id
	}
	for key, units := range closed {
		v.charge(byName[key.item], key.kind, units)
	}
	adjusted, err := v.adjustments()
	if err != nil {
		return err
	}
	for id, item := range v.items {
		var used int64
		for kind, units := range v.charged[id] {
			if counts(item.ChargeWay, protocol.UnitOf(kind)) {
				used = plus(used, units)
			}
		}
		used = plus(used, adjusted[id])
		v.compare("use of an item", item.Used, used, func() string { return "item " + item.ID })
	}
	return nil
}

// counts tells whether an operation uses up the quota of an item.
func counts(way protocol.ChargeWay, of protocol.Unit) bool {
	unit, charges := way.Unit()
	return charges && (of == unit || of == protocol.UnitAny)
}

func (v *verifier) adjustments() (map[store.ID]int64, error) {
	adjusted := map[store.ID]int64{}
	for a, err := range v.Adjustments() {
		if err != nil {
			return nil, err
		}
		name := v.itemName(a.Item)
		if err := CheckAdjustment(a, name, v.options.Key); err != nil {
			v.differ(Difference{
				What: "adjustment", Where: fmt.Sprintf("item %s, at %s: %v", name, moment(a.At), err), Stored: a.Units,
			})
			continue
		}
		adjusted[a.Item] += a.Units
	}
	return adjusted, nil
}

// evidenceOf returns a function that makes Evidence of runs, one after the other.
func (v *verifier) evidenceOf() func(*store.ExaminedRun) Evidence {
	var known store.ID
	var of Evidence
	return func(run *store.ExaminedRun) Evidence {
		if run.Key != known {
			known, of = run.Key, Evidence{
				Device: v.DeviceName(run.Device), Run: run.UUID, Code: v.CodeName(run.Code), Item: v.itemName(run.Item),
			}
		}
		return of
	}
}
