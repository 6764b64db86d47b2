// Package view reads what a store holds at one moment, by SQL that is the same for
// all databases: statistics, and what verification goes through.
package view

import (
	"encoding/json"
	"errors"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/relational"
)

// Database is a database at one moment: what others change meanwhile is not seen.
type Database interface {
	// Query runs a query whose parameters are written '?'. Several may be open at
	// once.
	Query(query string, arguments ...any) (Rows, error)
	Dialect() *Dialect
}

// Rows are the rows of a query. They must be closed.
type Rows interface {
	Next() bool
	Scan(destinations ...any) error
	Err() error
	Close() error
}

// Dialect is where databases differ.
type Dialect struct {
	relational.Dialect

	// Pieces is a table (place, since, until) out of one parameter: a JSON array of
	// arrays of three numbers.
	Pieces string
	// Reported is a table (place, run, since, until) out of one: a JSON array of arrays of four.
	Reported string
	// NextPair are the code and the item of total_day that follow those of a row pair, by one
	// step through its key; NULL: none do.
	NextPair string
	// Join joins a table that is looked up for each row of what precedes it.
	Join string
	// In is the condition that a column, which precedes it, is one of a JSON array of
	// texts: one parameter.
	In string
}

// totalTables are the tables of totals.
var totalTables = map[store.Level]string{
	store.LevelSlot: "total", store.LevelHour: "total_hour", store.LevelDay: "total_day",
}

// texts are texts as a parameter.
func texts(list []string) string {
	data, err := json.Marshal(list)
	if err != nil { // texts always marshal
		panic(err)
	}
	return string(data)
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
