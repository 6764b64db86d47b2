// Package view reads the contents of a store at one moment, with SQL that is the same for all
// databases: statistics, and everything that verification needs.
package view

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/relational"
)

// Database is a database at one moment: later changes are not visible.
type Database interface {
	// Query runs a query whose parameters are written '?'. Several queries may be open at once.
	Query(query string, arguments ...any) (Rows, error)
	// Numbers calls row for each row of a query that returns only numbers, none of them NULL. It is
	// made for many rows. What row receives is valid only until row returns.
	Numbers(query string, arguments []any, row func(numbers []int64) error) error
	// Blobs does the same for a query whose last column contains bytes.
	Blobs(query string, arguments []any, row func(numbers []int64, data []byte) error) error
	Dialect() *Dialect
}

// Rows are the rows of a query. They must be closed.
type Rows interface {
	Next() bool
	Scan(destinations ...any) error
	Err() error
	Close() error
}

// Dialect contains what differs between databases.
type Dialect struct {
	relational.Dialect

	// Spans is a table (since, until) made from one parameter: a JSON array of arrays of two
	// numbers. Keys is a table (id) made from a JSON array of numbers.
	Spans, Keys string
	// Reported is a table (place, run, since, until) made from one parameter: a JSON array of
	// arrays of three numbers and an array of runs, for each of which there is a row.
	Reported string
	// Join joins a table that is looked up for each row of what precedes it.
	Join string
	// Together is like Lookup, for the totals of organizations, whose parts may be summed up.
	Together func(condition string) string
	// Summed is a query for columns of each row of a table expression, and for the sums of the
	// counts and late parts of the rows t of totals that meet a condition: a text, as bytes, of
	// two numbers; NULL if there are none. It may fail if a sum is too large.
	Summed func(columns, from, totals, condition string) string
	// Joined is a query for columns of each row of a table expression, and for the counts of the
	// rows t of reports that meet a condition, all in one: lists of stored counts, one after the
	// other; NULL or empty if there are none.
	Joined func(columns, from, condition string) string
	// In is the condition that the column before it is one of a JSON array of texts, which is one
	// parameter.
	In string
}

// texts returns texts as a parameter.
func texts(list []string) string {
	data, err := json.Marshal(list)
	if err != nil { // texts always marshal
		panic(err)
	}
	return string(data)
}

// spansJSON returns spans as a parameter.
func spansJSON(spans []span) string {
	text := []byte{'['}
	for i, s := range spans {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(append(text, '['), s.start, 10)
		text = strconv.AppendInt(append(text, ','), s.end, 10)
		text = append(text, ']')
	}
	return string(append(text, ']'))
}

// keysJSON returns keys as a parameter.
func keysJSON(keys []int64) string {
	text := []byte{'['}
	for i, key := range keys {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, key, 10)
	}
	return string(append(text, ']'))
}

// each calls scan for each row of a query.
func each(db Database, query string, arguments []any, scan func(Rows) error) (err error) {
	rows, err := db.Query(query, arguments...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// get reads the first row of a query; store.ErrNotFound if there is none.
func get(db Database, query string, arguments []any, destinations ...any) error {
	found := false
	err := each(db, query, arguments, func(rows Rows) error {
		if found {
			return nil
		}
		found = true
		return rows.Scan(destinations...)
	})
	if err == nil && !found {
		return store.ErrNotFound
	}
	return err
}
