package view

import (
	"errors"
	"fmt"
	"slices"

	"github.com/openlts/openlts/server/store"
)

// Statistics counts what a query asks for.
func Statistics(db Database, query store.StatisticsQuery) (store.Statistics, error) {
	q := &statistics{db: db, query: query, windows: query.Windows, sheet: newSheet()}
	q.result.Lost = map[string]int64{}
	if len(q.windows) == 0 {
		until := query.Until
		if until == 0 {
			until = store.EndOfTime
		}
		q.windows = []store.Window{{Start: query.Since, End: until}}
	}
	if len(query.By) > maxColumns {
		return q.result, fmt.Errorf("statistics can be grouped by %d columns, not %d", maxColumns, len(query.By))
	}
	if m := query.Measure; len(query.Spans) > 0 && m != store.MeasureDevices && m != store.MeasureConcurrent {
		return q.result, fmt.Errorf("windows of %q can be summed up: there are no spans of it", m)
	}
	err := q.readCatalog()
	if err == nil {
		err = q.beginSpans()
	}
	if err == nil {
		err = q.count()
	}
	if err == nil {
		err = q.finish()
	}
	return q.result, err
}

func (q *statistics) count() error {
	switch q.query.Measure {
	case "", store.MeasureOperations:
		if err := q.groupsBy(operationColumns); err != nil {
			return err
		}
		if q.groupedBy(store.ByDevice) || q.groupedBy(store.ByRun) || len(q.query.Devices) > 0 {
			return errors.Join(q.operationsOfDevices(), q.losses())
		}
		return errors.Join(q.operations(), q.losses())
	case store.MeasureDevices:
		if err := q.groupsBy(operationColumns); err != nil {
			return err
		}
		return q.devices()
	case store.MeasureConcurrent:
		return q.concurrent()
	case store.MeasureDenials:
		return q.denials()
	}
	return fmt.Errorf("there is no measure %q", q.query.Measure)
}

// operationColumns are the columns by which operations, and the devices that counted them, can be
// grouped.
var operationColumns = []store.Column{
	store.ByHandshake, store.ByItem, store.ByOrganization, store.ByType, store.ByDevice, store.ByRun, store.BySlot,
	store.ByHour, store.ByDay,
}

// groupsBy returns nil if the query groups only by some of these columns.
func (q *statistics) groupsBy(columns []store.Column) error {
	for _, by := range q.query.By {
		if !slices.Contains(columns, by) {
			measure := q.query.Measure
			if measure == "" {
				measure = store.MeasureOperations
			}
			return fmt.Errorf("%s can't be grouped by %s", measure, by)
		}
	}
	return nil
}

// statistics is the state of one query.
type statistics struct {
	db      Database
	query   store.StatisticsQuery
	windows []store.Window
	catalog catalog
	sheet   *sheet
	result  store.Statistics
}

// catalog contains what is known about the objects that are counted, as far as a query needs it.
type catalog struct {
	// merged are the devices that are shown as another one. They are few.
	merged map[store.ID]store.ID
	// owners are the organizations of items, or of codes where refusals are counted.
	owners map[store.ID]store.ID
	types  map[string]store.ID // by name
	// only are the types that the query names; nil: all.
	only map[store.ID]bool
}

func (q *statistics) readCatalog() error {
	c := &q.catalog
	c.merged, c.owners, c.types = map[store.ID]store.ID{}, map[store.ID]store.ID{}, map[string]store.ID{}
	if len(q.query.Types) > 0 {
		c.only = map[store.ID]bool{}
	}
	owned := ""
	if q.groupedBy(store.ByOrganization) {
		if owned = `item`; q.query.Measure == store.MeasureDenials {
			owned = `handshake_code`
		}
	}
	err := q.db.Numbers(`SELECT id, merged_into FROM device WHERE merged_into IS NOT NULL`, nil,
		func(n []int64) error {
			c.merged[store.ID(n[0])] = store.ID(n[1])
			return nil
		})
	if err == nil && owned != "" {
		err = q.db.Numbers(`SELECT id, organization FROM `+owned, nil, func(n []int64) error {
			c.owners[store.ID(n[0])] = store.ID(n[1])
			return nil
		})
	}
	if err != nil {
		return err
	}
	return each(q.db, `SELECT id, name FROM operation_type`, nil, func(rows Rows) error {
		var id store.ID
		var name string
		err := rows.Scan(&id, &name)
		if c.types[name] = id; slices.Contains(q.query.Types, name) {
			c.only[id] = true
		}
		return err
	})
}

// asks tells whether a query includes a type.
func (c *catalog) asks(kind store.ID) bool { return c.only == nil || c.only[kind] }

// asked returns the types that it names.
func (c *catalog) asked() (keys []int64) {
	for kind := range c.only {
		keys = append(keys, int64(kind))
	}
	slices.Sort(keys)
	return keys
}

// shownAs returns the device as which a device is shown.
func (c *catalog) shownAs(device store.ID) store.ID {
	if into, merged := c.merged[device]; merged {
		return into
	}
	return device
}

func (q *statistics) groupedBy(columns ...store.Column) bool {
	return slices.ContainsFunc(columns, func(by store.Column) bool { return slices.Contains(q.query.By, by) })
}

// filter returns the condition on codes c, items i and organizations o.
func (q *statistics) filter() (where string, arguments []any) {
	for _, f := range []struct {
		column string
		values []string
	}{{"o.public_id", q.query.Organizations}, {"c.code", q.query.HandshakeCodes}, {"i.public_id", q.query.Items}} {
		if len(f.values) == 0 {
			continue
		}
		if where += " AND "; where == " AND " {
			where = " WHERE "
		}
		where += f.column + q.db.Dialect().In
		arguments = append(arguments, texts(f.values))
	}
	return where, arguments
}
