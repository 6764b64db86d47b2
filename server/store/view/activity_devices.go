package view

import (
	"cmp"
	"slices"
	"sort"

	"github.com/openlts/openlts/server/store"
)

// fromActivity tells whether activity can answer what the query asks about devices: activity is
// stored by organization, code, item and type.
func (q *statistics) fromActivity() (bool, error) {
	for _, by := range q.query.By {
		switch by {
		case store.ByOrganization, store.ByHandshake, store.ByItem, store.ByType:
		default:
			return false, nil
		}
	}
	since, err := q.activeSince()
	known := q.allWindows()[0].Start >= since
	if err == nil && !known && len(q.query.Spans) > 0 {
		err = &store.PrunedError{Before: since}
	}
	return known, err
}

// allWindows returns the query's windows and spans, sorted by their starts.
func (q *statistics) allWindows() []store.Window {
	all := slices.Concat(q.windows, q.query.Spans)
	slices.SortStableFunc(all, func(a, b store.Window) int { return cmp.Compare(a.Start, b.Start) })
	return all
}

// beginSpans sets the start of spans that have none to the earliest known activity.
func (q *statistics) beginSpans() error {
	if len(q.query.Spans) == 0 {
		return nil
	}
	since, err := q.activeSince()
	q.query.Spans = slices.Clone(q.query.Spans)
	for i := range q.query.Spans {
		if q.query.Spans[i].Start == 0 {
			q.query.Spans[i].Start = since
		}
	}
	return err
}

// spanParts returns the parts of a day that are in the query's spans; their places follow those of
// the windows.
func (q *statistics) spanParts(day int64) (list []part) {
	for i, w := range q.query.Spans {
		if w.Start < day+int64(store.LevelDay) && w.End > day {
			list = append(list, newPart(len(q.windows)+i, w, day))
		}
	}
	return list
}

// endOf returns the end of a window or span.
func (q *statistics) endOf(place int) int64 {
	if place < len(q.windows) {
		return q.windows[place].End
	}
	return q.query.Spans[place-len(q.windows)].End
}

// deviceSet is a set of devices by their numbers.
type deviceSet struct {
	bits []uint64
	size int64
}

func (s *deviceSet) add(number int) {
	for number/64 >= len(s.bits) {
		s.bits = append(s.bits, 0)
	}
	if bit := uint64(1) << (number % 64); s.bits[number/64]&bit == 0 {
		s.bits[number/64] |= bit
		s.size++
	}
}

// setKey identifies the set of a window and a group.
type setKey struct{ window, group int }

// manyParts is the number of parts of a day up to which they are looked at one by one.
const manyParts = 8

// deviceCounting counts different devices. It drops the sets of windows that are over.
type deviceCounting struct {
	*statistics
	groups  *grouping
	numbers *numbering
	sets    map[setKey]*deviceSet
	// For the day that is being read: its parts in the windows, the places of its slots among
	// these, and its parts in the spans.
	day    int64
	list   []part
	places *partPlaces
	spans  []part
}

// activeDevices counts different devices.
func (q *statistics) activeDevices() error {
	c := &deviceCounting{
		statistics: q, groups: q.newGrouping(), numbers: &numbering{q: q}, sets: map[setKey]*deviceSet{}, day: -1,
	}
	err := q.eachActive(q.allWindows(), q.groupedBy(store.ByType), c.add)
	c.close(store.EndOfTime)
	return err
}

// close counts the devices of windows that ended before a moment.
func (c *deviceCounting) close(before int64) {
	for key, set := range c.sets {
		if c.endOf(key.window) <= before {
			c.sheet.add(key.window, c.groups.groups[key.group], store.Units{All: set.size})
			delete(c.sets, key)
		}
	}
}

func (c *deviceCounting) add(a *active) error {
	if a.day != c.day {
		c.close(a.day)
		c.day, c.list, c.spans = a.day, parts(c.windows, a.day), c.spanParts(a.day)
		c.places = placesOf(c.list)
	}
	group := c.groups.of(a)
	// The parts of the day, each with its set; those of windows only if they are few.
	var own []partSet
	for i := range c.spans {
		own = append(own, partSet{&c.spans[i], c.set(c.spans[i].window, group)})
	}
	many := make([]*deviceSet, len(c.list))
	for i := range c.list {
		many[i] = c.set(c.list[i].window, group)
		if len(c.list) <= manyParts {
			own = append(own, partSet{&c.list[i], many[i]})
		}
	}
	return a.each(func(r *store.ActiveRun) {
		number := c.numbers.of(r.Device)
		for i := range own {
			if own[i].has(&r.Slots) {
				own[i].add(number)
			}
		}
		if len(c.list) > manyParts {
			r.Slots.Each(func(start int64) {
				if at := c.places.of(start); at >= 0 {
					many[at].add(number)
				}
			})
		}
	})
}

// partSet is a part of a day with the devices that were active in its window.
type partSet struct {
	*part
	*deviceSet
}

func (c *deviceCounting) set(window, group int) *deviceSet {
	key := setKey{window, group}
	set := c.sets[key]
	if set == nil {
		set = &deviceSet{}
		c.sets[key] = set
	}
	return set
}

// partPlaces finds in which part of a day a slot begins.
type partPlaces struct {
	list  []part
	usual []int // by the number of the slot, of those of the usual length
}

func placesOf(list []part) *partPlaces {
	p := &partPlaces{list: list}
	if len(list) > manyParts {
		p.usual = make([]int, int64(store.LevelDay)/store.ActivitySlot)
		for n := range p.usual {
			p.usual[n] = p.find(int64(n) * store.ActivitySlot)
		}
	}
	return p
}

// of returns the place of the part; -1: none.
func (p *partPlaces) of(start int64) int {
	if n := start / store.ActivitySlot; start%store.ActivitySlot == 0 && n < int64(len(p.usual)) {
		return p.usual[n]
	}
	return p.find(start)
}

func (p *partPlaces) find(start int64) int {
	at := sort.Search(len(p.list), func(i int) bool { return p.list[i].until > start })
	if at == len(p.list) || p.list[at].from > start {
		return -1
	}
	return at
}

// concurrentCounting counts the devices that were active in each slot.
type concurrentCounting struct {
	*statistics
	groups  *grouping
	numbers *numbering
	day     int64
	days    []*concurrentDay // by group
}

// activeConcurrently finds the most devices that were active in one slot.
func (q *statistics) activeConcurrently() error {
	c := &concurrentCounting{statistics: q, groups: q.newGrouping(), numbers: &numbering{q: q}, day: -1}
	err := q.eachActive(q.allWindows(), false, func(a *active) error {
		if a.day != c.day {
			c.finish()
			c.day = a.day
		}
		place := c.groups.of(a)
		for len(c.days) <= place {
			c.days = append(c.days, &concurrentDay{})
		}
		return a.each(func(r *store.ActiveRun) { c.days[place].add(c.numbers.of(r.Device), &r.Slots) })
	})
	c.finish()
	return err
}

// finish takes the maximum of the day for the windows that overlap it.
func (c *concurrentCounting) finish() {
	list := append(parts(c.windows, c.day), c.spanParts(c.day)...)
	for place, d := range c.days {
		if len(d.devices) == 0 {
			continue
		}
		d.count()
		for _, p := range list {
			most := &c.sheet.of(p.window, c.groups.groups[place]).plus
			most.All = max(most.All, d.most(p.from, p.until))
		}
		d.clear()
	}
}

// concurrentDay counts the devices in each slot of a day.
type concurrentDay struct {
	devices []deviceSlots
	place   []int // by the number of a device: its place, from 1 on; 0: none
	usual   [int64(store.LevelDay) / store.ActivitySlot]int64
	odd     map[int32]int64
}

type deviceSlots struct {
	number int
	slots  store.ActiveSlots
}

func (d *concurrentDay) add(number int, slots *store.ActiveSlots) {
	for number >= len(d.place) {
		d.place = append(d.place, make([]int, number+1)...)
	}
	if at := d.place[number]; at > 0 {
		d.devices[at-1].slots.Merge(slots)
		return
	}
	own := *slots
	own.Odd = slices.Clone(slots.Odd)
	d.devices = append(d.devices, deviceSlots{number, own})
	d.place[number] = len(d.devices)
}

// count counts in all slots at once: 64 numbers grow in parallel, bit by bit.
func (d *concurrentDay) count() {
	var planes [8][]uint64
	for i := range d.devices {
		slots := &d.devices[i].slots
		for w, carry := range slots.Bits {
			for k := 0; carry != 0; k++ {
				if k == len(planes[w]) {
					planes[w] = append(planes[w], 0)
				}
				planes[w][k], carry = planes[w][k]^carry, planes[w][k]&carry
			}
		}
		for _, start := range slots.Odd {
			if d.odd == nil {
				d.odd = map[int32]int64{}
			}
			d.odd[start]++
		}
	}
	for n := range d.usual {
		d.usual[n] = 0
		for k, plane := range planes[n/64] {
			d.usual[n] |= int64(plane>>(n%64)&1) << k //nolint:gosec // a bit
		}
	}
}

// most returns the maximum of the slots that begin in a part of the day.
func (d *concurrentDay) most(from, until int64) (most int64) {
	for n := (from + store.ActivitySlot - 1) / store.ActivitySlot; n*store.ActivitySlot < until; n++ {
		most = max(most, d.usual[n])
	}
	for start, count := range d.odd {
		if int64(start) >= from && int64(start) < until {
			most = max(most, count)
		}
	}
	return most
}

func (d *concurrentDay) clear() {
	for i := range d.devices {
		d.place[d.devices[i].number] = 0
	}
	d.devices = d.devices[:0]
	clear(d.odd)
}
