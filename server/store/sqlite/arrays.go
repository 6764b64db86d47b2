package sqlite

import (
	"encoding/json"
	"strconv"

	"github.com/openlts/openlts/server/store"
)

// Arrays are passed to a statement as JSON: one text, whatever their length, so that the statement
// stays the same.

func jsonTexts(texts []string) string {
	data, err := json.Marshal(texts)
	if err != nil { // texts always marshal
		panic(err)
	}
	return string(data)
}

// pairs collects rows of numbers.
type pairs []byte

func (p *pairs) add(numbers ...int64) {
	for i, n := range numbers {
		separator := byte(',')
		if i == 0 {
			*p = append(*p, ',')
			separator = '['
		}
		*p = strconv.AppendInt(append(*p, separator), n, 10)
	}
	*p = append(*p, ']')
}

// json returns the array of the rows.
func (p pairs) json() string {
	if len(p) == 0 {
		return "[]"
	}
	return "[" + string(p[1:]) + "]"
}

func jsonNumbers(ids []store.ID) string {
	data := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			data = append(data, ',')
		}
		data = strconv.AppendInt(data, int64(id), 10)
	}
	return string(append(data, ']'))
}
