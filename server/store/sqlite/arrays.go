package sqlite

import (
	"encoding/json"
	"strconv"

	"github.com/openlts/openlts/server/store"
)

// Arrays go into a statement as JSON: one text, however many there are, and the
// statement stays the same.

func jsonTexts(texts []string) string {
	data, err := json.Marshal(texts)
	if err != nil { // texts always marshal
		panic(err)
	}
	return string(data)
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
