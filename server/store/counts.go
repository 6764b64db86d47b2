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

// typeNames are the names of the built-in operation types, by number.
var typeNames = protocol.OperationTypeNames()

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
		kind, n := binary.Uvarint(data)
		if n <= 0 {
			return errStoredCounts
		}
		data = data[n:]
		var count Count
		if kind > 0 {
			if count.Type = typeNames[protocol.OperationType(min(kind-1, protocol.OperationTypes))]; count.Type == "" {
				return fmt.Errorf("%w: this program knows no operation type %d", errStoredCounts, kind-1)
			}
		} else {
			length, n := binary.Uvarint(data)
			if n <= 0 || length == 0 || length > uint64(len(data)-n) {
				return errStoredCounts
			}
			data = data[n:]
			count.Type, data = string(data[:length]), data[length:]
		}
		units, n := binary.Uvarint(data)
		if n <= 0 || units == 0 || units > 1<<63-1 {
			return errStoredCounts
		}
		if count.Units, data = int64(units), data[n:]; last >= count.Type {
			return errStoredCounts
		}
		last = count.Type
		f(count)
	}
	return nil
}
