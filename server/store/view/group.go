package view

import (
	"cmp"
	"math"
	"slices"

	"github.com/openlts/openlts/server/store"
)

// maxColumns is by how many columns a query can group.
const maxColumns = 8

// group is a window and the values of the query's columns: moments as they are, and else
// keys, which get their names last, each of them once.
type group struct {
	window int
	values [maxColumns]int64
}

// counted is of what something is counted, as far as it is known.
type counted struct {
	organization, code, item, kind, device, run store.ID
	slot, status                                int64
}

// groupOf is the group of something in a window.
func (q *statistics) groupOf(window int, of *counted) group {
	g := group{window: window}
	for i, by := range q.query.By {
		switch by {
		case store.ByHandshake:
			g.values[i] = int64(of.code)
		case store.ByItem:
			g.values[i] = int64(of.item)
		case store.ByOrganization:
			g.values[i] = int64(of.organization)
		case store.ByType:
			g.values[i] = int64(of.kind)
		case store.ByDevice:
			g.values[i] = int64(q.catalog.shownAs(of.device))
		case store.ByRun:
			g.values[i] = int64(of.run)
		case store.BySlot:
			g.values[i] = of.slot
		case store.ByHour:
			g.values[i] = store.LevelHour.Start(of.slot)
		case store.ByDay:
			g.values[i] = store.LevelDay.Start(of.slot)
		case store.ByStatus:
			g.values[i] = of.status
		}
	}
	return g
}

// add adds to a group, or takes off it.
func (q *statistics) add(g group, units store.Units) {
	if q.lastRow == nil || g != q.last {
		if q.last, q.lastRow = g, q.rows[g]; q.lastRow == nil {
			q.lastRow = &store.Units{}
			q.rows[g] = q.lastRow
		}
	}
	if q.minus {
		q.lastRow.All, q.lastRow.Late = lessened(q.lastRow.All, units.All), lessened(q.lastRow.Late, units.Late)
		return
	}
	*q.lastRow = q.lastRow.Plus(units)
}

// lessened takes a part off a sum. Of one that stopped at the largest number, nobody knows
// how much it would be.
func lessened(sum, part int64) int64 {
	if sum == math.MaxInt64 {
		return sum
	}
	return max(sum-part, 0)
}

// takeOff has what is counted meanwhile taken off. Of what is there no more, there is no
// row.
func (q *statistics) takeOff(count func() error) error {
	q.minus = true
	err := count()
	q.minus, q.lastRow = false, nil
	for g, row := range q.rows {
		if row.All == 0 {
			delete(q.rows, g)
		}
	}
	return err
}

// finish names the values of the rows, and puts these in order: by window, then by the
// columns.
func (q *statistics) finish() error {
	columns := make([]column, len(q.query.By))
	for i, by := range q.query.By {
		var err error
		if columns[i], err = q.column(i, by); err != nil {
			return err
		}
	}
	order := make([]group, 0, len(q.rows))
	for g := range q.rows {
		order = append(order, g)
	}
	slices.SortFunc(order, func(a, b group) int {
		if a.window != b.window {
			return cmp.Compare(a.window, b.window)
		}
		for i := range columns {
			if x, y := a.values[i], b.values[i]; x != y {
				return columns[i].compare(x, y)
			}
		}
		return 0
	})
	summed := q.query.Measure != store.MeasureDevices && q.query.Measure != store.MeasureConcurrent
	q.result.Rows = make([]store.StatisticsRow, len(order))
	for n, g := range order {
		units, row := q.rows[g], &q.result.Rows[n]
		row.Window, row.Count, row.Late = g.window, units.All, units.Late
		for i, by := range q.query.By {
			if number := row.Number(by); number != nil {
				*number = g.values[i]
			} else {
				*row.Text(by) = columns[i].names[g.values[i]]
			}
		}
		if summed {
			q.result.Total = store.SaturatingSum(q.result.Total, units.All)
			q.result.Late = store.SaturatingSum(q.result.Late, units.Late)
		}
	}
	return nil
}

// column is a column of the rows: what its values are called, and their places in the order
// of the names. Both are nil where the values are numbers.
type column struct {
	names  map[int64]string
	places map[int64]int
}

func (c *column) compare(a, b int64) int {
	if c.names == nil {
		return cmp.Compare(a, b)
	}
	return cmp.Compare(c.places[a], c.places[b])
}

// named are the tables and columns in which columns of a query have their names.
var named = map[store.Column][2]string{
	store.ByHandshake: {"handshake_code", "code"}, store.ByItem: {"item", "public_id"},
	store.ByOrganization: {"organization", "public_id"}, store.ByType: {"operation_type", "name"},
	store.ByDevice: {"device", "uuid"}, store.ByRun: {"run", "uuid"},
}

// column names the values that rows have in a column. What is gone is called nothing.
func (q *statistics) column(place int, by store.Column) (c column, err error) {
	from, isNamed := named[by]
	if !isNamed {
		return c, nil
	}
	c.names, c.places = map[int64]string{}, map[int64]int{}
	var values []int64
	for g := range q.rows {
		value := g.values[place]
		if _, met := c.names[value]; !met {
			c.names[value] = ""
			values = append(values, value)
		}
	}
	err = each(q.db, `SELECT n.id, n.`+from[1]+` FROM `+q.db.Dialect().Keys+` k `+q.db.Dialect().Join+` `+from[0]+
		` n ON n.id = k.id`, []any{keysJSON(values)}, func(rows Rows) error {
		var id int64
		var name string
		err := rows.Scan(&id, &name)
		c.names[id] = name
		return err
	})
	slices.SortFunc(values, func(a, b int64) int {
		return cmp.Or(cmp.Compare(c.names[a], c.names[b]), cmp.Compare(a, b))
	})
	for i, value := range values {
		c.places[value] = i
	}
	return c, err
}
