package view

import (
	"slices"
	"sort"

	"github.com/openlts/openlts/server/store"
)

// fromActivity tells whether what the query asks of devices is known from activity: it is
// kept by organization, code, item and type.
func (q *statistics) fromActivity() (bool, error) {
	for _, by := range q.query.By {
		switch by {
		case store.ByOrganization, store.ByHandshake, store.ByItem, store.ByType:
		default:
			return false, nil
		}
	}
	since, err := q.activeSince()
	return q.windows[0].Start >= since, err
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

// setKey names a set: that of a window and a group.
type setKey struct{ window, group int }

// manyParts is how many parts of a day are looked at one by one.
const manyParts = 8

// activeDevices counts different devices. Sets of windows that are over are let go.
func (q *statistics) activeDevices() error {
	groups, numbers, sets := q.newGrouping(), &numbering{q: q}, map[setKey]*deviceSet{}
	close := func(before int64) {
		for key, set := range sets {
			if q.windows[key.window].End <= before {
				g := groups.groups[key.group]
				g.window = key.window
				q.add(g, set.size, 0)
				delete(sets, key)
			}
		}
	}
	err := q.activeDays(q.windows, q.by(store.ByType), func(day int64, runs []active) error {
		close(day)
		list := parts(q.windows, day)
		places := placesOf(list)
		var last setKey
		var lastSet *deviceSet
		for i := range runs {
			place, number := groups.of(&runs[i]), numbers.of(runs[i].Device)
			add := func(window int) {
				key := setKey{window, place}
				if key != last || lastSet == nil {
					if last, lastSet = key, sets[key]; lastSet == nil {
						lastSet = &deviceSet{}
						sets[key] = lastSet
					}
				}
				lastSet.add(number)
			}
			if len(list) > manyParts {
				runs[i].Slots.Each(func(start int64) {
					if at := places.of(start); at >= 0 {
						add(list[at].window)
					}
				})
				continue
			}
			for at := range list {
				if list[at].has(&runs[i].Slots) {
					add(list[at].window)
				}
			}
		}
		return groups.names.err
	})
	close(store.EndOfTime)
	return err
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

// of is the place of the part; -1: none.
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

// activeConcurrently finds the most devices that were active in one slot.
func (q *statistics) activeConcurrently() error {
	groups, numbers := q.newGrouping(), &numbering{q: q}
	var days []*concurrentDay // by group
	return q.activeDays(q.windows, false, func(day int64, runs []active) error {
		for i := range runs {
			place := groups.of(&runs[i])
			for len(days) <= place {
				days = append(days, &concurrentDay{})
			}
			days[place].add(numbers.of(runs[i].Device), &runs[i].Slots)
		}
		list := parts(q.windows, day)
		for place, d := range days {
			if len(d.devices) == 0 {
				continue
			}
			d.count()
			for _, p := range list {
				g := groups.groups[place]
				g.window = p.window
				if most := d.most(p.from, p.until); most > 0 {
					if row := q.rows[g]; row == nil {
						q.add(g, most, 0)
					} else {
						row.Count = max(row.Count, most)
					}
				}
			}
			d.clear()
		}
		return groups.names.err
	})
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

// count counts in all slots at once: 64 numbers grow side by side, bit by bit.
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

// most is the most in a slot that begins in a part of the day.
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
