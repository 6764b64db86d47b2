package store

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/openlts/openlts/core/protocol"
)

// Counts are units by operation type, in the order of the names, each name once, no zeros. They
// never change: merging makes a new list. A list is smaller than a map, and needs no sorting when
// it is written.
type Counts []Count

// Count is the number of units of one operation type.
type Count struct {
	Type  string
	Units int64
}

// CountsOf makes Counts from a map.
func CountsOf(units map[string]int64) Counts {
	if len(units) == 0 {
		return nil
	}
	counts := make(Counts, 0, len(units))
	for name, n := range units {
		counts = append(counts, Count{name, n})
	}
	slices.SortFunc(counts, func(a, b Count) int { return cmp.Compare(a.Type, b.Type) })
	return counts
}

// Map gives the counts by name; nil if there are none.
func (c Counts) Map() map[string]int64 {
	if len(c) == 0 {
		return nil
	}
	units := make(map[string]int64, len(c))
	for _, count := range c {
		units[count.Type] = count.Units
	}
	return units
}

// AppendJSON appends the counts as a JSON object. Names of operation types need
// no escaping; see protocol.ValidOperationTypeName.
func (c Counts) AppendJSON(text []byte) []byte {
	text = append(text, '{')
	for i, count := range c {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(append(text, '"'), count.Type...), '"', ':')
		text = strconv.AppendInt(text, count.Units, 10)
	}
	return append(text, '}')
}

// ParseCounts is the inverse of AppendJSON.
func ParseCounts(text []byte) (Counts, error) {
	var units map[string]int64
	if err := json.Unmarshal(text, &units); err != nil {
		return nil, fmt.Errorf("stored counts: %w", err)
	}
	for name, n := range units {
		if n < 1 {
			return nil, errors.New("stored counts: " + strconv.FormatInt(n, 10) + " of " + name)
		}
	}
	return CountsOf(units), nil
}

// typeNames are the names of the built-in operation types, by number; "" for others.
var typeNames = func() (names [protocol.OperationTypes]string) {
	for number, name := range protocol.OperationTypeNames() {
		names[number] = name
	}
	return names
}()

// AppendBinary appends the counts in the form in which they are stored: for each type its number
// plus one, or 0 and the name if the type is not built in, and then the units; all numbers are
// varints. An operation type most often takes two bytes.
func (c Counts) AppendBinary(data []byte) []byte {
	for _, count := range c {
		if number, builtIn := protocol.OperationTypeByName(count.Type); builtIn {
			data = binary.AppendUvarint(data, uint64(number)+1)
		} else {
			data = binary.AppendUvarint(append(data, 0), uint64(len(count.Type)))
			data = append(data, count.Type...)
		}
		data = binary.AppendUvarint(data, uint64(count.Units))
	}
	return data
}

// errStoredCounts is the error for bytes that AppendBinary can't have written.
var errStoredCounts = errors.New("stored counts are damaged")

// ParseBinaryCounts is the inverse of AppendBinary.
func ParseBinaryCounts(data []byte) (Counts, error) {
	if len(data) == 0 {
		return nil, nil
	}
	counts := make(Counts, 0, (len(data)+1)/2)
	err := EachBinaryCount(data, func(count Count) { counts = append(counts, count) })
	if err != nil {
		return nil, err
	}
	return counts, nil
}

// EachBinaryCount calls f with each of stored counts, in their order.
func EachBinaryCount(data []byte, f func(Count)) error {
	last := ""
	for len(data) > 0 {
		kind, name, units, left, err := nextCount(data)
		if err != nil {
			return err
		}
		if kind > 0 {
			name = typeNames[kind-1]
		}
		if last >= name {
			return errStoredCounts
		}
		last, data = name, left
		f(Count{name, units})
	}
	return nil
}

// nextCount reads the first of stored counts: the number of its type plus one, or 0 and its name, and
// its units. It returns what follows.
func nextCount(data []byte) (kind uint64, name string, units int64, left []byte, err error) {
	kind, n := binary.Uvarint(data)
	if n <= 0 {
		return 0, "", 0, nil, errStoredCounts
	}
	data = data[n:]
	if kind > 0 {
		if kind > uint64(len(typeNames)) || typeNames[kind-1] == "" {
			return 0, "", 0, nil, fmt.Errorf("%w: this program knows no operation type %d", errStoredCounts, kind-1)
		}
	} else {
		length, n := binary.Uvarint(data)
		if n <= 0 || length == 0 || length > uint64(len(data)-n) {
			return 0, "", 0, nil, errStoredCounts
		}
		data = data[n:]
		name, data = string(data[:length]), data[length:]
	}
	sum, n := binary.Uvarint(data)
	if n <= 0 || sum == 0 || sum > 1<<63-1 {
		return 0, "", 0, nil, errStoredCounts
	}
	return kind, name, int64(sum), data[n:], nil
}

// CountSums sums up stored counts by type. Sums stop at the largest number.
type CountSums struct {
	builtIn [protocol.OperationTypes]int64 // by number
	met     []uint8                        // the numbers of those that are not zero
	named   map[string]int64
}

// Add adds any number of lists of stored counts, one after the other.
func (s *CountSums) Add(data []byte) error {
	for len(data) > 0 {
		kind, name, units, left, err := nextCount(data)
		if err != nil {
			return err
		}
		data = left
		if kind == 0 {
			if s.named == nil {
				s.named = map[string]int64{}
			}
			s.named[name] = SaturatingSum(s.named[name], units)
			continue
		}
		sum := &s.builtIn[kind-1]
		if *sum == 0 {
			s.met = append(s.met, uint8(kind-1))
		}
		*sum = SaturatingSum(*sum, units)
	}
	return nil
}

// Take calls f with the sum of each type, in no order, and forgets them.
func (s *CountSums) Take(f func(Count)) {
	for _, number := range s.met {
		f(Count{typeNames[number], s.builtIn[number]})
		s.builtIn[number] = 0
	}
	s.met = s.met[:0]
	for name, units := range s.named {
		f(Count{name, units})
	}
	clear(s.named)
}
