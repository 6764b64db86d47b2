package store

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// Counts are units by operation type, in the order of the names, each name once,
// no zeros. They are never changed: what is merged is a new list. A list is
// smaller than a map, and written out without sorting.
type Counts []Count

// Count is the number of units of one operation type.
type Count struct {
	Type  string
	Units int64
}

// CountsOf puts counts in order.
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
