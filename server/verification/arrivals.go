package verification

import (
	"cmp"
	"encoding/binary"
	"errors"
	"iter"
	"slices"

	"github.com/openlts/openlts/server/store"
)

// arrival is a report as it came.
type arrival struct {
	run, slot, number int64 // number: the how-manieth it was
	data              []byte
}

// arrivals sorts reports by run and slot; reports of one slot stay in the order in which they came.
type arrivals struct {
	spill spill[arrival]
	known []arrival // in memory
	room  []byte    // what their data is in
	limit int
	count int64
	types *types
}

func newArrivals(directory string, limit int, types *types) *arrivals {
	return &arrivals{limit: limit, types: types, spill: spill[arrival]{directory: directory, form: form[arrival]{
		compare: compareArrivals,
		write: func(data []byte, a arrival) []byte {
			data = binary.AppendVarint(binary.AppendVarint(binary.AppendVarint(data, a.run), a.slot), a.number)
			return append(data, a.data...)
		},
		read: func(data []byte) (a arrival, err error) {
			for _, n := range []*int64{&a.run, &a.slot, &a.number} {
				value, size := binary.Varint(data)
				if size <= 0 {
					return a, errDamaged
				}
				*n, data = value, data[size:]
			}
			a.data = data
			return a, nil
		},
	}}}
}

var errDamaged = errors.New("what was put aside is damaged")

func compareArrivals(a, b arrival) int {
	return cmp.Or(cmp.Compare(a.run, b.run), cmp.Compare(a.slot, b.slot), cmp.Compare(a.number, b.number))
}

func (a *arrivals) add(r *store.ExaminedReport) error {
	if len(a.known) >= a.limit {
		slices.SortFunc(a.known, compareArrivals)
		if err := a.spill.put(slices.Values(a.known)); err != nil {
			return err
		}
		a.known, a.room = a.known[:0], a.room[:0]
	}
	start := len(a.room)
	a.room = binary.AppendVarint(a.room, r.ReceivedAt)
	a.room = binary.AppendVarint(a.room, r.Revision)
	a.room = binary.AppendVarint(a.room, int64(len(r.Lost)))
	a.room = append(a.room, r.Lost...)
	for _, count := range r.Counts {
		a.room = binary.AppendVarint(a.room, int64(a.types.number(count.Type)))
		a.room = binary.AppendVarint(a.room, count.Units)
	}
	a.count++
	// If the room is reallocated, the data of earlier reports stays where it was.
	a.known = append(a.known, arrival{int64(r.Run), r.Slot, a.count, a.room[start:len(a.room):len(a.room)]})
	return nil
}

// sorted returns all reports in order. The data of each is valid until the next one.
func (a *arrivals) sorted() iter.Seq2[arrival, error] {
	slices.SortFunc(a.known, compareArrivals)
	return a.spill.merged(slices.Values(a.known))
}

func (a *arrivals) close() error { return a.spill.close() }

// types numbers operation types.
type types struct {
	numbers map[string]int32
	names   []string
}

func newTypes() *types { return &types{numbers: map[string]int32{}} }

func (t *types) number(name string) int32 {
	n, ok := t.numbers[name]
	if !ok {
		n = int32(len(t.names))
		t.numbers[name] = n
		t.names = append(t.names, name)
	}
	return n
}
