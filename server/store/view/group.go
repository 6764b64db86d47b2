package view

import (
	"cmp"
	"math"
	"slices"

	"github.com/openlts/openlts/server/store"
)

// maxColumns is the maximum number of columns by which a query can group.
const maxColumns = 8

// group contains the values of the query's columns: moments, or else keys, which get their names at
// the end, each only once.
type group [maxColumns]int64

// counted tells to what a count belongs, as far as this is known.
type counted struct {
	organization, code, item, kind, device, run store.ID
	slot, status                                int64
}

// groupOf returns the group of a count.
func (q *statistics) groupOf(of *counted) (g group) {
	for i, by := range q.query.By {
		switch by {
		case store.ByHandshake:
			g[i] = int64(of.code)
		case store.ByItem:
			g[i] = int64(of.item)
		case store.ByOrganization:
			g[i] = int64(of.organization)
		case store.ByType:
			g[i] = int64(of.kind)
		case store.ByDevice:
			g[i] = int64(q.catalog.shownAs(of.device))
		case store.ByRun:
			g[i] = int64(of.run)
		case store.BySlot:
			g[i] = of.slot
		case store.ByHour:
			g[i] = store.LevelHour.Start(of.slot)
		case store.ByDay:
			g[i] = store.LevelDay.Start(of.slot)
		case store.ByStatus:
			g[i] = of.status
		}
	}
	return g
}

// sheet are the sums of windows and groups.
type sheet struct {
	places map[group]int32
	groups []group
	cells  map[cellKey]int32
	sums   []cell
	// The last group that was found, because counts of a group often follow one another.
	lastGroup group
	lastPlace int32
	lastKey   cellKey
	lastCell  int32
}

// cellKey is a window and the place of a group in one number, which sorts in the same order.
type cellKey uint64

func newCellKey(window int, group int32) cellKey {
	return cellKey(window)<<32 | cellKey(group) //nolint:gosec // places are not negative
}

func (k cellKey) window() int  { return int(k >> 32) }             //nolint:gosec // as it was given
func (k cellKey) group() int32 { return int32(k & math.MaxInt32) } //nolint:gosec // likewise

// cell is what is added, and what is subtracted from it in the end.
type cell struct{ plus, minus store.Units }

// units returns the difference. A sum that stopped at the largest number stays as it is, because
// its true value is unknown.
func (c *cell) units() store.Units {
	left := func(sum, part int64) int64 {
		if sum == math.MaxInt64 {
			return sum
		}
		return max(sum-part, 0)
	}
	return store.Units{All: left(c.plus.All, c.minus.All), Late: left(c.plus.Late, c.minus.Late)}
}

func newSheet() *sheet {
	return &sheet{places: map[group]int32{}, cells: map[cellKey]int32{}, lastPlace: -1, lastCell: -1}
}

// of returns the cell of a window and a group; it is valid only until the next call.
func (s *sheet) of(window int, g group) *cell {
	if s.lastPlace < 0 || g != s.lastGroup {
		place, known := s.places[g]
		if !known {
			place = int32(len(s.groups)) //nolint:gosec // not so many fit into memory
			s.places[g] = place
			s.groups = append(s.groups, g)
		}
		s.lastGroup, s.lastPlace = g, place
	}
	key := newCellKey(window, s.lastPlace)
	if s.lastCell < 0 || key != s.lastKey {
		at, known := s.cells[key]
		if !known {
			at = int32(len(s.sums)) //nolint:gosec // likewise
			s.cells[key] = at
			s.sums = append(s.sums, cell{})
		}
		s.lastKey, s.lastCell = key, at
	}
	return &s.sums[s.lastCell]
}

// add adds to a window and a group.
func (s *sheet) add(window int, g group, units store.Units) {
	c := s.of(window, g)
	c.plus = c.plus.Plus(units)
}

// take subtracts from a window and a group, in the end.
func (s *sheet) take(window int, g group, units store.Units) {
	c := s.of(window, g)
	c.minus = c.minus.Plus(units)
}

// finish names the values of the rows, and sorts the rows by window, then by the columns.
func (q *statistics) finish() error {
	columns := make([]column, len(q.query.By))
	for i, by := range q.query.By {
		var err error
		if columns[i], err = q.column(i, by); err != nil {
			return err
		}
	}
	ordered := slices.Clone(q.sheet.groups)
	slices.SortFunc(ordered, func(a, b group) int {
		for i := range columns {
			if a[i] != b[i] {
				return columns[i].compare(a[i], b[i])
			}
		}
		return 0
	})
	ranks := make([]int32, len(ordered)) // by the places of groups
	for rank, g := range ordered {
		ranks[q.sheet.places[g]] = int32(rank) //nolint:gosec // as many as there are places
	}
	type ranked struct {
		key  cellKey
		cell int32
	}
	order := make([]ranked, 0, len(q.sheet.sums))
	for key, at := range q.sheet.cells {
		order = append(order, ranked{newCellKey(key.window(), ranks[key.group()]), at})
	}
	slices.SortFunc(order, func(a, b ranked) int { return cmp.Compare(a.key, b.key) })
	summed := q.query.Measure != store.MeasureDevices && q.query.Measure != store.MeasureConcurrent
	q.result.Rows = make([]store.StatisticsRow, 0, len(order))
	for _, cell := range order {
		units := q.sheet.sums[cell.cell].units()
		if units.All == 0 {
			continue
		}
		row := store.StatisticsRow{Window: cell.key.window(), Count: units.All, Late: units.Late}
		for i, by := range q.query.By {
			value := ordered[cell.key.group()][i]
			if number := row.Number(by); number != nil {
				*number = value
			} else {
				*row.Text(by) = columns[i].names[value]
			}
		}
		q.result.Rows = append(q.result.Rows, row)
		if summed {
			q.result.Total = store.SaturatingSum(q.result.Total, units.All)
			q.result.Late = store.SaturatingSum(q.result.Late, units.Late)
		}
	}
	return nil
}

// column is a column of the rows: the names of its values, and their places in the order of the
// names. Both are nil if the values are numbers.
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

// named are the tables and columns that contain the names for columns of a query.
var named = map[store.Column][2]string{
	store.ByHandshake: {"handshake_code", "code"}, store.ByItem: {"item", "public_id"},
	store.ByOrganization: {"organization", "public_id"}, store.ByType: {"operation_type", "name"},
	store.ByDevice: {"device", "uuid"}, store.ByRun: {"run", "uuid"},
}

// column names the values that rows have in a column. Deleted objects have no name.
func (q *statistics) column(place int, by store.Column) (c column, err error) {
	from, isNamed := named[by]
	if !isNamed {
		return c, nil
	}
	c.names, c.places = map[int64]string{}, map[int64]int{}
	var values []int64
	for _, g := range q.sheet.groups {
		value := g[place]
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
