package verification

import (
	"time"

	"github.com/openlts/openlts/server/store"
)

// longerTotals compares the totals of slots and devices, sums those of slots up, and
// compares all longer totals, and those of organizations, with that.
func (v *verifier) longerTotals() error {
	sum, err := newSumming(v)
	if err != nil {
		return err
	}
	for e, err := range v.slots.all() {
		if err != nil {
			return err
		}
		what, where := "total of a slot", "slot"
		switch e.level {
		case levelDevice:
			what, where = "total of a device", "day"
		case levelDeviceQuarter:
			v.compare("total of a device in a quarter of a day", e.stored.all, e.computed.all,
				v.where(&e, "quarter of a day"))
			continue
		case levelActivity:
			v.compare("activity of a day", e.stored.all, e.computed.all, v.where(&e, "day"))
			continue
		}
		v.compare(what, e.stored.all, e.computed.all, v.where(&e, where))
		v.compare("late part of a "+what, e.stored.late, e.computed.late, v.where(&e, where))
		if e.level == levelDevice {
			of := e.account
			of.level, of.start = levelDeviceMonth, startOfMonth(e.start)
			if err := v.longer.add(of, sides{computed: e.computed}); err != nil {
				return err
			}
			continue
		}
		if e.start >= v.result.Since {
			v.charge(store.ID(e.item), v.types.names[e.kind], e.computed.all)
			if e.computed.all > 0 {
				v.fresh.add(sumKey{v.CodeName(store.ID(e.code)), v.itemName(store.ID(e.item)), v.types.names[e.kind],
					month(e.start)}, e.computed.all)
			}
		}
		if err := sum.add(&e); err != nil {
			return err
		}
	}
	if err := sum.end(); err != nil {
		return err
	}
	for _, read := range []func() error{v.readTotals, v.readOrganizationTotals, v.readDeviceMonths} {
		if err := read(); err != nil {
			return err
		}
	}
	for e, err := range v.longer.all() {
		if err != nil {
			return err
		}
		v.compareLonger(&e)
	}
	return nil
}

func (v *verifier) compareLonger(e *entry) {
	times := map[int64][2]string{
		levelSlot: {"a slot", "slot"}, levelHour: {"an hour", "hour"}, levelDay: {"a day", "day"},
		levelMonth: {"a month", "month"}, levelQuarterHour: {"a quarter of an hour", "quarter of an hour"},
		levelQuarterDay: {"a quarter of a day", "quarter of a day"},
	}
	name := times[e.level]
	what, where := "total of "+name[0], v.where(e, name[1])
	switch {
	case e.level >= levelOrganization:
		name = times[e.level-levelOrganization]
		what, where = "total of an organization in "+name[0], func() string {
			of := "all organizations"
			if e.device > 0 {
				of = "organization " + v.owners.names[e.device]
			}
			return of + ", " + name[1] + " " + moment(e.start) + ", type " + v.types.names[e.kind]
		}
	case e.level == levelDeviceMonth:
		what, where = "total of a device in a month", v.where(e, "month")
	}
	v.compare(what, e.stored.all, e.computed.all, where)
	v.compare("late part of a "+what, e.stored.late, e.computed.late, where)
}

// readTotals reads the totals of all levels but slots.
func (v *verifier) readTotals() error {
	for _, level := range []store.Level{
		store.LevelQuarterHour, store.LevelHour, store.LevelQuarterDay, store.LevelDay, store.LevelMonth,
	} {
		for t, err := range v.Totals(level) {
			if err != nil {
				return err
			}
			if t.Start >= v.options.Until {
				continue
			}
			v.result.Totals++
			of := account{level: int64(level), code: int64(t.Code), item: int64(t.Item), start: t.Start,
				kind: v.types.number(t.Type)}
			if err := v.longer.add(of, sides{stored: units{t.All, t.Late}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// readOrganizationTotals reads the totals of organizations.
func (v *verifier) readOrganizationTotals() error {
	for _, level := range store.OrganizationLevels {
		for t, err := range v.OrganizationTotals(level) {
			if err != nil {
				return err
			}
			if t.Start >= v.options.Until {
				continue
			}
			v.result.Totals++
			of := account{level: levelOrganization + int64(level), start: t.Start, kind: v.types.number(t.Type)}
			if t.Organization != "" {
				of.device = v.owners.number(t.Organization)
			}
			if err := v.longer.add(of, sides{stored: units{t.All, t.Late}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// readDeviceMonths reads the totals of devices by month, of the months that are not closed.
func (v *verifier) readDeviceMonths() error {
	for t, err := range v.DeviceTotals(store.LevelMonth) {
		if err != nil {
			return err
		}
		if !v.within(t.Start) {
			continue
		}
		v.result.Totals++
		of := account{level: levelDeviceMonth, device: int64(t.Device), code: int64(t.Code), item: int64(t.Item),
			start: t.Start, kind: v.types.number(t.Type)}
		if err := v.longer.add(of, sides{stored: units{all: t.All}}); err != nil {
			return err
		}
	}
	return nil
}

// startOfMonth is the start of the month in UTC that a moment lies in.
func startOfMonth(at int64) int64 {
	year, month, _ := time.Unix(at, 0).UTC().Date()
	return time.Date(year, month, 1, 0, 0, 0, 0, time.UTC).Unix()
}

// owners are organizations by numbers, from 1 on.
type owners struct {
	numbers map[string]int64
	names   []string
}

func newOwners() owners { return owners{map[string]int64{}, []string{""}} }

func (o *owners) number(name string) int64 {
	n, known := o.numbers[name]
	if !known {
		n = int64(len(o.names))
		o.numbers[name] = n
		o.names = append(o.names, name)
	}
	return n
}

// summing adds totals of slots, which come in the order of code, item and time, to longer
// ones and to those of organizations: each once it is complete.
type summing struct {
	*verifier
	// folded is the moment before which organizations have totals of slots, and before which all
	// quarters of an hour and of a day that are over have totals.
	folded int64
	of     account // of what is open: its code and item
	owner  int64
	open   []openSum
}

// openSum is an hour, a day, a month or a quarter, with what is summed up of it so far, by type.
type openSum struct {
	level, start, end int64
	sums              map[int32]units
}

func newSumming(v *verifier) (*summing, error) {
	folded, err := v.Folded()
	s := &summing{verifier: v, folded: folded}
	for _, level := range []int64{levelQuarterHour, levelHour, levelQuarterDay, levelDay, levelMonth} {
		s.open = append(s.open, openSum{level: level, sums: map[int32]units{}})
	}
	return s, err
}

func (s *summing) add(e *entry) error {
	if e.code != s.of.code || e.item != s.of.item {
		if err := s.end(); err != nil {
			return err
		}
		s.of, s.owner = account{code: e.code, item: e.item}, s.owners.number(s.items[store.ID(e.item)].Organization)
	}
	if e.start < s.folded {
		if err := s.addOrganization(levelSlot, e.start, e.kind, e.computed); err != nil {
			return err
		}
	}
	for i := range s.open {
		o := &s.open[i]
		if e.start < o.start || e.start >= o.end {
			if err := s.close(o); err != nil {
				return err
			}
			o.start, o.end = e.start-e.start%o.level, e.start-e.start%o.level+o.level
			if o.level == levelMonth {
				o.start = startOfMonth(e.start)
				o.end = startOfMonth(o.start + levelMonth)
			}
		}
		sum := o.sums[e.kind]
		sum.add(e.computed)
		o.sums[e.kind] = sum
	}
	return nil
}

// close adds what was summed up.
func (s *summing) close(o *openSum) error {
	quarter := o.level == levelQuarterHour || o.level == levelQuarterDay
	if quarter && o.end > s.folded {
		clear(o.sums)
	}
	for kind, sum := range o.sums {
		of := s.of
		of.level, of.start, of.kind = o.level, o.start, kind
		if err := s.longer.add(of, sides{computed: sum}); err != nil {
			return err
		}
		if quarter || o.level == levelMonth {
			continue
		}
		if err := s.addOrganization(o.level, o.start, kind, sum); err != nil {
			return err
		}
	}
	clear(o.sums)
	return nil
}

func (s *summing) addOrganization(level, start int64, kind int32, sum units) error {
	for _, organization := range []int64{0, s.owner} {
		of := account{level: levelOrganization + level, device: organization, start: start, kind: kind}
		if err := s.longer.add(of, sides{computed: sum}); err != nil {
			return err
		}
	}
	return nil
}

// end adds all that is open.
func (s *summing) end() error {
	for i := range s.open {
		if err := s.close(&s.open[i]); err != nil {
			return err
		}
		s.open[i].start, s.open[i].end = 0, 0
	}
	return nil
}
