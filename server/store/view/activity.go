package view

import (
	"maps"
	"slices"

	"github.com/openlts/openlts/server/store"
)

// active is a run that counted something on a day, on a code and an item, of a type; 0:
// of any.
type active struct {
	kind, code, item store.ID
	store.ActiveRun
}

// activeSince is the slot from which on activity is known.
func (q *statistics) activeSince() (slot int64, err error) {
	return slot, get(q.db, `SELECT coalesce(max(since), 0) FROM activity_fold`, nil, &slot)
}

// activity reads what was active, day by day.
type activity struct {
	*statistics
	windows []store.Window
	byType  bool // of each type instead of any; so is a query that names some
	only    map[store.ID]bool
	// tail is what came lately and is not in the activity of days yet.
	tail map[int64][]active
	days []int64 // of the tail, those that are not told of yet
	f    func(day int64, runs []active) error
}

// activeDays calls f with what was active on each day that windows have a part of, in the
// order of days; f must not keep it.
func (q *statistics) activeDays(windows []store.Window, byType bool, f func(day int64, runs []active) error) error {
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
	where, filters := q.pairFilter()
	types, named := ` AND t.type = 0`, []any(nil)
	if a.byType {
		if types = ` AND t.type > 0`; len(q.query.Types) > 0 {
			types, named = ` AND t.type IN (SELECT id FROM operation_type WHERE name`+q.db.Dialect().In+`)`,
				[]any{texts(q.query.Types)}
		}
	}
	day, runs := int64(-1), []active(nil)
	var err error
	for _, span := range daysOf(windows) {
		// One span after the other: so days come in the order of the key, and nothing is sorted.
		err = each(q.db,
			`SELECT t.day, t.type, t.handshake_code, t.item, t.runs FROM activity t WHERE t.day >= ? AND t.day < ?`+
				types+where+` ORDER BY t.day`,
			slices.Concat([]any{span.Start, span.End}, named, filters), func(rows Rows) error {
				var one active
				var at int64
				var data []byte
				if err := rows.Scan(&at, &one.kind, &one.code, &one.item, &data); err != nil {
					return err
				}
				if at != day {
					if err := a.tell(day, runs); err != nil {
						return err
					}
					day, runs = at, runs[:0]
				}
				return store.ReadActivity(data, func(r *store.ActiveRun) {
					if a.only == nil || a.only[r.Device] {
						one.ActiveRun = *r
						one.Slots.Odd = slices.Clone(r.Slots.Odd)
						runs = append(runs, one)
					}
				})
			})
		if err != nil {
			return err
		}
	}
	if err == nil {
		err = a.tell(day, runs)
	}
	if err == nil {
		err = a.tell(store.EndOfTime, nil)
	}
	return err
}

// nearDays is how far apart days are that are read together: asking once more takes longer.
const nearDays = 3 * int64(store.LevelDay)

// daysOf are the days in UTC that windows have a part of, as spans that don't overlap; and
// some in between. Windows rise by their starts.
func daysOf(windows []store.Window) (days []store.Piece) {
	for _, w := range windows {
		start, end := store.LevelDay.Start(w.Start),
			store.LevelDay.Start(min(w.End, store.EndOfTime)+int64(store.LevelDay)-1)
		if n := len(days); n > 0 && start <= days[n-1].End+nearDays {
			days[n-1].End = max(days[n-1].End, end)
		} else {
			days = append(days, store.Piece{Start: start, End: end})
		}
	}
	return days
}

// tell tells of a day with what came lately for it, after the days before of which only
// something came lately.
func (a *activity) tell(day int64, runs []active) error {
	for ; len(a.days) > 0 && a.days[0] <= day; a.days = a.days[1:] {
		late := a.tail[a.days[0]]
		if a.days[0] == day {
			runs = append(runs, late...)
		} else if err := a.f(a.days[0], late); err != nil {
			return err
		}
	}
	if len(runs) == 0 {
		return nil
	}
	return a.f(day, runs)
}

// readOnly finds the devices that the query names, with those that are shown as them.
func (a *activity) readOnly() error {
	if len(a.query.Devices) == 0 {
		return nil
	}
	a.only = map[store.ID]bool{}
	in := a.db.Dialect().In
	return each(a.db, `SELECT id FROM device WHERE uuid`+in+
		` UNION ALL SELECT d.id FROM device m JOIN device d ON d.merged_into = m.id WHERE m.uuid`+in,
		[]any{texts(a.query.Devices), texts(a.query.Devices)}, func(rows Rows) error {
			var id store.ID
			err := rows.Scan(&id)
			a.only[id] = true
			return err
		})
}

// readTail reads what is not folded yet.
func (a *activity) readTail() error {
	kinds := map[string]store.ID{"": 0}
	if err := each(a.db, `SELECT id, name FROM operation_type`, nil, func(rows Rows) error {
		var id store.ID
		var name string
		err := rows.Scan(&id, &name)
		kinds[name] = id
		return err
	}); err != nil {
		return err
	}
	days := daysOf(a.windows)
	asked := func(day int64, kind string) bool {
		if (kind != "") != a.byType || len(a.query.Types) > 0 && !slices.Contains(a.query.Types, kind) {
			return false
		}
		return slices.ContainsFunc(days, func(p store.Piece) bool { return day >= p.Start && day < p.End })
	}
	where, filters := a.pairFilter()
	return each(a.db, `SELECT t.run, t.device, t.handshake_code, t.item, t.newest, t.reports FROM (SELECT r.run, run.device, run.handshake_code, run.item, r.newest, r.reports
		FROM raw_report r JOIN run ON run.id = r.run WHERE r.id > (SELECT coalesce(max(upto), 0) FROM activity_fold)) t WHERE true`+
		where, filters, func(rows Rows) error {
		var one active
		var run, device store.ID
		var came store.ReceivedReports
		if err := rows.Scan(&run, &device, &one.code, &one.item, &came.Newest, &came.Data); err != nil {
			return err
		}
		if a.only != nil && !a.only[device] {
			return nil
		}
		return store.ActivityOf(device, run, &came, func(day int64, kind string, r store.ActiveRun) {
			if asked(day, kind) {
				one.kind, one.ActiveRun = kinds[kind], r
				a.tail[day] = append(a.tail[day], one)
			}
		})
	})
}

// part is a part of a day: of which window it is, and from when until when, in seconds
// since the day began.
type part struct {
	window      int
	from, until int64
	mask        store.SlotMask
}

// has tells whether some slots begin in the part.
func (p *part) has(slots *store.ActiveSlots) bool { return slots.AnyOf(&p.mask, p.from, p.until) }

// newPart is the part that a day has of a window.
func newPart(place int, w store.Window, day int64) part {
	p := part{window: place, from: max(w.Start-day, 0), until: min(w.End-day, int64(store.LevelDay))}
	p.mask = store.SlotsBetween(p.from, p.until)
	return p
}

// parts are those of the windows that a day has a part of.
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

// grouping finds the groups of what is active, whose values are those of the query's
// columns.
type grouping struct {
	q      *statistics
	names  *namer
	places map[[3]store.ID]int
	byName map[store.Group]int
	groups []group // without windows
	// What was found last: runs of a code and an item follow one another.
	last   [3]store.ID
	lastAt int
}

func (q *statistics) newGrouping() *grouping {
	return &grouping{
		q: q, names: &namer{q: q, known: map[named]string{}}, places: map[[3]store.ID]int{},
		byName: map[store.Group]int{},
	}
}

// of is the place of the group.
func (g *grouping) of(a *active) int {
	key := [3]store.ID{a.kind, a.code, a.item}
	if key == g.last {
		return g.lastAt
	}
	place, known := g.places[key]
	if !known {
		place = g.find(key)
		g.places[key] = place
	}
	g.last, g.lastAt = key, place
	return place
}

// find finds the group of a type, a code and an item.
func (g *grouping) find(key [3]store.ID) int {
	var found group
	for _, by := range g.q.query.By {
		switch by {
		case store.ByType:
			found.Type = g.names.of(by, key[0])
		case store.ByHandshake:
			found.Handshake = g.names.of(by, key[1])
		case store.ByItem:
			found.Item = g.names.of(by, key[2])
		case store.ByOrganization:
			found.Organization = g.names.of(by, key[2])
		}
	}
	place, known := g.byName[found.Group]
	if !known {
		place = len(g.groups)
		g.groups = append(g.groups, found)
		g.byName[found.Group] = place
	}
	return place
}

// numbering numbers devices, one after the other; those that are shown as another one
// have its number.
type numbering struct {
	q     *statistics
	found []int32 // by the key of a device, as far as keys are small: its number + 1
	far   map[store.ID]int
	count int
}

// nearKeys is up to which key a device has a place of its own in memory.
const nearKeys = 1 << 22

func (n *numbering) of(device store.ID) int {
	if len(n.q.merged) > 0 {
		device = n.q.shownAs(device)
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
