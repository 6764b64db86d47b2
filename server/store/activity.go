package store

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"
)

// Activity is which runs counted something in which slots of a day: of a code and an
// item, and of an operation type or of any. It answers how many different devices there
// were in any part of the day, and which reports are about it, without reading those.
//
// It is kept in the order of devices and runs, a few dozen bytes each.
type Activity []ActiveRun

// ActiveRun is a run that counted something on a day.
type ActiveRun struct {
	Device, Run ID
	Slots       ActiveSlots
}

// ActivitySlot is the length, in seconds, of the slots that nearly all clients have.
// Others are kept one by one.
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

// Add adds the start of a slot.
func (s *ActiveSlots) Add(start int64) {
	if n := start / ActivitySlot; start%ActivitySlot == 0 {
		s.Bits[n/64] |= 1 << (n % 64)
	} else if i, there := slices.BinarySearch(s.Odd, int32(start)); !there { //nolint:gosec // less than a day
		// Copies of s share what they have so far: it never changes in place.
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

// AnyOf tells whether one of them is among those of a mask, or begins from one moment of
// the day on and before another one: those that SlotsBetween gave the mask for.
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

// Each calls f with each start; those of Odd last.
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

// SlotsBetween has the bits of the slots that begin from one moment of the day on and
// before another one.
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

// Merged gives all of this and of more, which may be in any order.
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

// AppendBinary appends the activity as it is stored. Of each run follow: how far its
// device is from the one before, and its run from that one's; how many empty bytes its
// bits begin with, how many bytes follow, and these; the number of other starts, and how
// far each is from the one before. Numbers are varints.
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

// ReadActivity calls f for each run of stored activity. What f is given holds until it
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

// Arrivals are the keys of stored rows that came, rising: those that are about the slots of
// a day of a run.
type Arrivals []int64

// AppendBinary appends them as they are stored: how far each is from the one before, as
// varints.
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

// ActivityOf is the activity that reports of a run are about, by day and by the name of
// the type, each once; "" is any. Of what is lost nothing was counted.
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
