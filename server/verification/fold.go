package verification

import (
	"encoding/binary"
	"maps"
	"slices"
)

// folded is a slot of a run with the sum of its reports: counts are cumulative, so the largest of
// each type counts, whatever the order. Operations that were declared lost and did not come are
// lost.
type folded struct {
	run, start int64
	revision   int64 // the highest that came
	accepted   []kindUnits
	// declared are the declarations of loss by cause: of the highest revision.
	declared map[string]declaration
}

// kindUnits are the units that came of an operation type.
type kindUnits struct {
	kind  int32
	units units
}

type declaration struct {
	revision int64
	counts   []kindUnits
}

func newFolded(run, start int64) *folded {
	return &folded{run: run, start: start, declared: map[string]declaration{}}
}

func (f *folded) begin(run, start int64) {
	f.run, f.start, f.revision, f.accepted = run, start, 0, f.accepted[:0]
	clear(f.declared)
}

// lateSeconds is the time after which a report is late, as the totals promise.
const lateSeconds = 86400

// read is the decoded data of an arrival.
type read struct {
	receivedAt, revision int64
	cause                string
	counts               []kindUnits
}

func readArrival(data []byte) (r read, err error) {
	number := func() int64 {
		n, size := binary.Varint(data)
		if size <= 0 {
			err, data = errDamaged, nil
			return 0
		}
		data = data[size:]
		return n
	}
	r.receivedAt, r.revision = number(), number()
	length := number()
	if err != nil || length < 0 || length > int64(len(data)) {
		return r, errDamaged
	}
	r.cause, data = string(data[:length]), data[length:]
	for len(data) > 0 {
		kind := number()
		r.counts = append(r.counts, kindUnits{int32(kind), units{all: number()}})
	}
	return r, err
}

// take takes a report, in the order in which they came.
func (f *folded) take(data []byte) error {
	r, err := readArrival(data)
	if err != nil {
		return err
	}
	if r.cause != "" {
		if r.revision > f.declared[r.cause].revision {
			f.declared[r.cause] = declaration{r.revision, r.counts}
		}
		return nil
	}
	for _, count := range r.counts {
		f.accept(count.kind, count.units.all, r.receivedAt > f.start+lateSeconds)
	}
	f.revision = max(f.revision, r.revision)
	return nil
}

func (f *folded) accept(kind int32, count int64, late bool) {
	i := slices.IndexFunc(f.accepted, func(k kindUnits) bool { return k.kind == kind })
	if i < 0 {
		i = len(f.accepted)
		f.accepted = append(f.accepted, kindUnits{kind: kind})
	}
	known := &f.accepted[i].units
	if more := count - known.all; more > 0 {
		known.all = count
		if late {
			known.late += more
		}
	}
}

func unitsOf(counts []kindUnits, kind int32) int64 {
	for _, k := range counts {
		if k.kind == kind {
			return k.units.all
		}
	}
	return 0
}

// lost returns what was lost by cause: the part of each declaration that neither came nor was
// declared by an earlier revision.
func (f *folded) lost() map[string]int64 {
	lost := make(map[string]int64, len(f.declared))
	for cause, d := range f.declared {
		for _, count := range d.counts {
			known := unitsOf(f.accepted, count.kind)
			for other, before := range f.declared {
				if before.revision < d.revision || before.revision == d.revision && other < cause {
					known = max(known, unitsOf(before.counts, count.kind))
				}
			}
			lost[cause] = plus(lost[cause], max(0, count.units.all-known))
		}
	}
	return lost
}

// causes returns the causes in either map.
func causes[A, B any](a map[string]A, b map[string]B) []string {
	all := slices.Collect(maps.Keys(a))
	for cause := range b {
		if _, known := a[cause]; !known {
			all = append(all, cause)
		}
	}
	slices.Sort(all)
	return all
}
