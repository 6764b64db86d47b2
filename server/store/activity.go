package store

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"
)

// Activity tells which runs counted something in which slots of a day: for a code and an item, and
// for one operation type or for any. It answers how many different devices there were in any part
// of the day, and which reports belong to it, without reading the reports.
//
// It is sorted by device and run; each run takes a few dozen bytes.
type Activity []ActiveRun

// ActiveRun is a run that counted something on a day.
type ActiveRun struct {
	Device, Run ID
	Slots       ActiveSlots
}

// ActivitySlot is the length, in seconds, of the slots that nearly all clients have. Slots of other
// lengths are stored one by one.
const ActivitySlot = 180

// activityWords is how many words have a bit for each such slot of a day.
const activityWords = (86400/ActivitySlot + 63) / 64

// ActiveSlots are starts of slots, in seconds since the day began.
type ActiveSlots struct {
	// Bits has those that are multiples of ActivitySlot.
	Bits [activityWords]uint64
	// Odd are all others, in order.
	Odd []int32
}

// Add adds a slot by its start.
func (s *ActiveSlots) Add(start int64) {
	if n := start / ActivitySlot; start%ActivitySlot == 0 {
		s.Bits[n/64] |= 1 << (n % 64)
	} else if i, there := slices.BinarySearch(s.Odd, int32(start)); !there { //nolint:gosec // less than a day
		// Copies of s share this slice, so it never changes in place.
		s.Odd = slices.Insert(slices.Clip(s.Odd), i, int32(start)) //nolint:gosec // likewise
	}
}

// Merge adds all of others.
func (s *ActiveSlots) Merge(others *ActiveSlots) {
	for i, word := range others.Bits {
		s.Bits[i] |= word
	}
	for _, start := range others.Odd {
		s.Add(int64(start))
	}
}

// AnyOf tells whether any slot is in a mask, or begins in [from, until) of the day; the mask must
// be what SlotsBetween returns for the same moments.
func (s *ActiveSlots) AnyOf(mask *[activityWords]uint64, from, until int64) bool {
	for i, word := range mask {
		if s.Bits[i]&word != 0 {
			return true
		}
	}
	return slices.ContainsFunc(s.Odd, func(start int32) bool { return int64(start) >= from && int64(start) < until })
}

// SlotMask has a bit for each slot of ActivitySlot of a day.
type SlotMask = [activityWords]uint64

// Each calls f with each start; those of Odd come last.
func (s *ActiveSlots) Each(f func(start int64)) {
	for i, word := range s.Bits {
		for ; word != 0; word &= word - 1 {
			f(int64(i*64+bits.TrailingZeros64(word)) * ActivitySlot)
		}
	}
	for _, start := range s.Odd {
		f(int64(start))
	}
}

// SlotsBetween returns the bits of the slots that begin in [from, until) of the day.
func SlotsBetween(from, until int64) (mask [activityWords]uint64) {
	first, last := max((from+ActivitySlot-1)/ActivitySlot, 0),
		min((until+ActivitySlot-1)/ActivitySlot, 86400/ActivitySlot)
	for n := first; n < last; n++ {
		mask[n/64] |= 1 << (n % 64)
	}
	return mask
}

func (r *ActiveRun) compare(other *ActiveRun) int {
	return cmp.Or(cmp.Compare(r.Device, other.Device), cmp.Compare(r.Run, other.Run))
}

// Merged returns the activity of a and of more, which may be in any order.
func (a Activity) Merged(more Activity) Activity {
	all := slices.Concat(a, more)
	slices.SortStableFunc(all, func(x, y ActiveRun) int { return x.compare(&y) })
	merged := all[:0]
	for i := range all {
		if n := len(merged); n > 0 && merged[n-1].Device == all[i].Device && merged[n-1].Run == all[i].Run {
			merged[n-1].Slots.Odd = slices.Clone(merged[n-1].Slots.Odd)
			merged[n-1].Slots.Merge(&all[i].Slots)
		} else {
			merged = append(merged, all[i])
		}
	}
	return merged
}

// AppendBinary appends the activity in the form in which it is stored. For each run, that is: the
// difference of its device from the previous one, and of its run from the previous one; the number
// of empty bytes with which its bits begin, the number of bytes that follow, and these bytes; the
// number of other starts, and the difference of each from the previous one. Numbers are varints.
func (a Activity) AppendBinary(data []byte) []byte {
	var device, run ID
	for i := range a {
		r := &a[i]
		data = binary.AppendUvarint(data, uint64(r.Device-device))
		data = binary.AppendVarint(data, int64(r.Run-run))
		device, run = r.Device, r.Run
		var slots [activityWords * 8]byte
		for i, word := range r.Slots.Bits {
			binary.LittleEndian.PutUint64(slots[8*i:], word)
		}
		first, end := 0, len(slots)
		for end > 0 && slots[end-1] == 0 {
			end--
		}
		for first < end && slots[first] == 0 {
			first++
		}
		data = append(append(data, byte(first), byte(end-first)), slots[first:end]...)
		data = binary.AppendUvarint(data, uint64(len(r.Slots.Odd)))
		last := int32(0)
		for _, start := range r.Slots.Odd {
			data = binary.AppendUvarint(data, uint64(start-last)) //nolint:gosec // they rise
			last = start
		}
	}
	return data
}

var errStoredActivity = errors.New("stored activity is damaged")

// ReadActivity calls f for each run of stored activity. What f receives is valid only until f
// returns.
func ReadActivity(data []byte, f func(*ActiveRun)) error {
	var r ActiveRun
	for len(data) > 0 {
		device, n := binary.Uvarint(data)
		run, m := binary.Varint(data[max(n, 0):])
		if n <= 0 || m <= 0 || len(data) < n+m+2 {
			return errStoredActivity
		}
		data = data[n+m:]
		r.Device, r.Run = r.Device+ID(device), r.Run+ID(run) //nolint:gosec // keys
		first, length := int(data[0]), int(data[1])
		if data = data[2:]; first+length > activityWords*8 || length > len(data) {
			return errStoredActivity
		}
		var slots [activityWords * 8]byte
		copy(slots[first:], data[:length])
		for i := range r.Slots.Bits {
			r.Slots.Bits[i] = binary.LittleEndian.Uint64(slots[8*i:])
		}
		var err error
		if r.Slots.Odd, data, err = readOdd(r.Slots.Odd[:0], data[length:]); err != nil {
			return err
		}
		f(&r)
	}
	return nil
}

func readOdd(odd []int32, data []byte) ([]int32, []byte, error) {
	count, n := binary.Uvarint(data)
	if n <= 0 || count > 86400 {
		return nil, nil, errStoredActivity
	}
	data = data[n:]
	last := uint64(0)
	for range count {
		more, n := binary.Uvarint(data)
		if n <= 0 || more > 86400 || last+more >= 86400 {
			return nil, nil, errStoredActivity
		}
		last, data = last+more, data[n:]
		odd = append(odd, int32(last)) //nolint:gosec // less than a day
	}
	return odd, data, nil
}

// Arrivals are the keys, in ascending order, of the stored rows of reports that came: those that
// have slots of a certain day and run.
type Arrivals []int64

// AppendBinary appends them in the form in which they are stored: the difference of each from the
// previous one, as varints.
func (a Arrivals) AppendBinary(data []byte) []byte {
	last := int64(0)
	for _, key := range a {
		data = binary.AppendUvarint(data, uint64(key-last)) //nolint:gosec // they rise
		last = key
	}
	return data
}

// ParseArrivals is the inverse of AppendBinary.
func ParseArrivals(data []byte) (a Arrivals, err error) {
	last := uint64(0)
	for len(data) > 0 {
		more, n := binary.Uvarint(data)
		if n <= 0 || more > 1<<62 || last+more > 1<<62 {
			return nil, errStoredActivity
		}
		last, data = last+more, data[n:]
		a = append(a, int64(last)) //nolint:gosec // not more than 1<<62
	}
	return a, nil
}

// ActivityOf calls add once for each day and type name in reports of a run, with the run's
// activity; "" means any type. Lost operations are not activity.
func ActivityOf(device, run ID, reports *ReceivedReports, add func(day int64, kind string, active ActiveRun)) error {
	var of dayKinds
	err := reports.each(func(r ReceivedReport, counts []byte) error {
		if r.Lost != "" {
			return nil
		}
		day := LevelDay.Start(r.Slot)
		of.slots(day, "").Add(r.Slot - day)
		return EachBinaryCount(counts, func(count Count) { of.slots(day, count.Type).Add(r.Slot - day) })
	})
	if err != nil {
		return err
	}
	for i := range of.list {
		add(of.list[i].day, of.list[i].kind, ActiveRun{Device: device, Run: run, Slots: of.list[i].slots})
	}
	return nil
}

// dayKinds are the slots of days and types: nearly always of a few, which are found without
// an index.
type dayKinds struct {
	list  []dayKindSlots
	index map[dayKind]int // once there are many
}

type dayKind struct {
	day  int64
	kind string // the name of a type; "": any
}

type dayKindSlots struct {
	dayKind
	slots ActiveSlots
}

// fewKinds is up to how many are looked at one by one.
const fewKinds = 16

func (d *dayKinds) slots(day int64, kind string) *ActiveSlots {
	of := dayKind{day, kind}
	if d.index != nil {
		if at, known := d.index[of]; known {
			return &d.list[at].slots
		}
		d.index[of] = len(d.list)
	} else {
		for i := range d.list {
			if d.list[i].dayKind == of {
				return &d.list[i].slots
			}
		}
	}
	d.list = append(d.list, dayKindSlots{dayKind: of})
	if d.index == nil && len(d.list) > fewKinds {
		d.index = make(map[dayKind]int, 2*fewKinds)
		for i := range d.list {
			d.index[d.list[i].dayKind] = i
		}
	}
	return &d.list[len(d.list)-1].slots
}
