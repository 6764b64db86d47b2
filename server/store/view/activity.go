package view

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/openlts/openlts/server/store"
)

// active are the runs that counted something on a day, on a code and an item, of a type; 0: any
// type.
type active struct {
	day              int64
	kind, code, item store.ID
	// One of the two is set: the stored runs, or those in recent reports.
	stored []byte
	lately store.Activity
	only   map[store.ID]bool // of the devices that are asked for; nil: all
}

// each calls f with each run; some may come twice. What f receives is valid only until f returns.
func (a *active) each(f func(*store.ActiveRun)) error {
	if all := f; a.only != nil {
		f = func(r *store.ActiveRun) {
			if a.only[r.Device] {
				all(r)
			}
		}
	}
	for i := range a.lately {
		f(&a.lately[i])
	}
	return store.ReadActivity(a.stored, f)
}

// activeSince is the slot from which on activity is known.
func (q *statistics) activeSince() (slot int64, err error) {
	return slot, get(q.db, `SELECT coalesce(max(since), 0) FROM activity_fold`, nil, &slot)
}

// activity reads the active runs, day by day.
type activity struct {
	*statistics
	windows []store.Window
	byType  bool // of each type instead of any; so is a query that names some
	only    map[store.ID]bool
	// tail contains recent reports that are not in the activity of days yet.
	tail map[int64][]active
	days []int64 // of the tail, those that are not told of yet
	f    func(*active) error
}

// eachActive calls f with the active runs of the days that overlap windows, in the order of days.
func (q *statistics) eachActive(windows []store.Window, byType bool, f func(*active) error) error {
	a := &activity{
		statistics: q, windows: windows, byType: byType || len(q.query.Types) > 0, f: f, tail: map[int64][]active{},
	}
	if err := a.readOnly(); err != nil {
		return err
	}
	if err := a.readTail(); err != nil {
		return err
	}
	a.days = slices.Sorted(maps.Keys(a.tail))
	types := []int64{0}
	if a.byType {
		types = q.catalog.asked()
	}
	days, err := a.keptDays(windows, types)
	if err != nil || len(days)*len(types) == 0 {
		return errors.Join(err, a.tellTail(store.EndOfTime))
	}
	where, filters := q.pairFilter()
	// Each day is looked up. So days come in order, and nothing needs sorting.
	query := `SELECT t.day, t.type, t.handshake_code, t.item, t.runs FROM ` + q.db.Dialect().Spans + ` p ` +
		q.db.Dialect().Lookup("activity", `t.type IN (`+strings.Trim(keysJSON(types), "[]")+`)
			AND t.day >= p.since AND t.day < p.until`+where)
	arguments := append([]any{spansJSON(days)}, filters...)
	err = q.db.Blobs(query, arguments, func(n []int64, data []byte) error {
		if err := a.tellTail(n[0]); err != nil {
			return err
		}
		return f(&active{
			day: n[0], kind: store.ID(n[1]), code: store.ID(n[2]), item: store.ID(n[3]), stored: data, only: a.only,
		})
	})
	if err != nil {
		return err
	}
	return a.tellTail(store.EndOfTime)
}

// keptDays returns the days that overlap windows, from the first to the last with activity of
// some types.
func (a *activity) keptDays(windows []store.Window, types []int64) (days []span, err error) {
	var first, last int64
	err = a.db.Numbers(`SELECT coalesce(min((SELECT min(day) FROM activity WHERE type = k.id)), 0),
		coalesce(max((SELECT max(day) FROM activity WHERE type = k.id)), -1) FROM `+a.db.Dialect().Keys+` k`,
		[]any{keysJSON(types)}, func(n []int64) error {
			first, last = store.LevelDay.Start(n[0]), n[1]
			return nil
		})
	for _, p := range daysOf(windows) {
		for day := max(p.Start, first); day < p.End && day <= last; day += int64(store.LevelDay) {
			days = append(days, span{start: day, end: day + int64(store.LevelDay)})
		}
	}
	return days, err
}

// daysOf returns the days in UTC that overlap windows, as spans that don't overlap. Windows
// must be sorted by their starts.
func daysOf(windows []store.Window) (days []store.Piece) {
	for _, w := range windows {
		start, end := store.LevelDay.Start(w.Start),
			store.LevelDay.Start(min(w.End, store.EndOfTime)+int64(store.LevelDay)-1)
		if n := len(days); n > 0 && start <= days[n-1].End {
			days[n-1].End = max(days[n-1].End, end)
		} else {
			days = append(days, store.Piece{Start: start, End: end})
		}
	}
	return days
}

// tellTail calls back for the recent reports of all days up to a day.
func (a *activity) tellTail(day int64) error {
	for ; len(a.days) > 0 && a.days[0] <= day; a.days = a.days[1:] {
		for i := range a.tail[a.days[0]] {
			if err := a.f(&a.tail[a.days[0]][i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// readOnly finds the devices that the query names, and the devices that are shown as them.
func (a *activity) readOnly() error {
	if len(a.query.Devices) == 0 {
		return nil
	}
	named, err := a.namedDevices()
	a.only = map[store.ID]bool{}
	for _, device := range named {
		a.only[store.ID(device)] = true
	}
	return err
}

// readTail reads what is not folded yet.
func (a *activity) readTail() error {
	days := daysOf(a.windows)
	asked := func(day int64, kind store.ID) bool {
		if (kind != 0) != a.byType || kind != 0 && !a.catalog.asks(kind) {
			return false
		}
		return slices.ContainsFunc(days, func(p store.Piece) bool { return day >= p.Start && day < p.End })
	}
	where, filters := a.pairFilter()
	return a.db.Blobs(`SELECT t.run, t.device, t.handshake_code, t.item, t.newest, t.reports FROM (SELECT r.run, run.device, run.handshake_code, run.item, r.newest, r.reports
		FROM raw_report r JOIN run ON run.id = r.run WHERE r.id > (SELECT coalesce(max(upto), 0) FROM activity_fold)) t WHERE true`+
		where, filters, func(n []int64, data []byte) error {
		one := active{code: store.ID(n[2]), item: store.ID(n[3]), only: a.only}
		came := store.ReceivedReports{Newest: n[4], Data: data}
		return store.ActivityOf(store.ID(n[1]), store.ID(n[0]), &came, func(day int64, kind string, r store.ActiveRun) {
			one.day, one.kind = day, 0
			if kind != "" {
				one.kind = a.catalog.types[kind]
			}
			if asked(day, one.kind) {
				one.lately = store.Activity{r}
				a.tail[day] = append(a.tail[day], one)
			}
		})
	})
}

// part is a part of a day: its window, and its start and end in seconds since the day began.
type part struct {
	window      int
	from, until int64
	mask        store.SlotMask
}

// has tells whether some slots begin in the part.
func (p *part) has(slots *store.ActiveSlots) bool { return slots.AnyOf(&p.mask, p.from, p.until) }

// newPart returns the part of a day that is in a window.
func newPart(place int, w store.Window, day int64) part {
	p := part{window: place, from: max(w.Start-day, 0), until: min(w.End-day, int64(store.LevelDay))}
	p.mask = store.SlotsBetween(p.from, p.until)
	return p
}

// parts returns the parts of a day that are in windows.
func parts(windows []store.Window, day int64) (list []part) {
	first, _ := slices.BinarySearchFunc(windows, day, func(w store.Window, day int64) int {
		if w.End <= day {
			return -1
		}
		return 1
	})
	for i := first; i < len(windows) && windows[i].Start < day+int64(store.LevelDay); i++ {
		list = append(list, newPart(i, windows[i], day))
	}
	return list
}

// grouping finds the groups of active runs, by the values of the query's columns.
type grouping struct {
	q       *statistics
	places  map[[3]store.ID]int
	byGroup map[group]int
	groups  []group
}

func (q *statistics) newGrouping() *grouping {
	return &grouping{q: q, places: map[[3]store.ID]int{}, byGroup: map[group]int{}}
}

// of returns the place of the group.
func (g *grouping) of(a *active) int {
	key := [3]store.ID{a.kind, a.code, a.item}
	place, known := g.places[key]
	if known {
		return place
	}
	own := g.q.groupOf(&counted{
		kind: a.kind, code: a.code, item: a.item, organization: g.q.catalog.owners[a.item],
	})
	if place, known = g.byGroup[own]; !known {
		place = len(g.groups)
		g.groups = append(g.groups, own)
		g.byGroup[own] = place
	}
	g.places[key] = place
	return place
}

// numbering numbers devices consecutively; devices that are shown as another one have its number.
type numbering struct {
	q     *statistics
	found []int32 // by the key of a device, as far as keys are small: its number + 1
	far   map[store.ID]int
	count int
}

// nearKeys is the limit for keys of devices that have their own place in a slice.
const nearKeys = 1 << 22

func (n *numbering) of(device store.ID) int {
	if len(n.q.catalog.merged) > 0 {
		device = n.q.catalog.shownAs(device)
	}
	if device >= nearKeys || device < 0 {
		return n.farOf(device)
	}
	if int(device) >= len(n.found) {
		n.found = append(n.found, make([]int32, int(device)+1)...)
	}
	if n.found[device] == 0 {
		n.count++
		n.found[device] = int32(n.count) //nolint:gosec // not more than there are keys
	}
	return int(n.found[device]) - 1
}

func (n *numbering) farOf(device store.ID) int {
	number, known := n.far[device]
	if !known {
		if n.far == nil {
			n.far = map[store.ID]int{}
		}
		number = n.count
		n.far[device] = number
		n.count++
	}
	return number
}
