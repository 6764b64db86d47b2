package pages

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/openlts/openlts/server/store"
)

// filter says whose operations are counted.
type filter struct {
	Code, Item, Organization string
	Types                    []string // none: all
}

// counted are operations by window and type.
type counted struct {
	Windows []window
	Step    string
	Types   []string  // those with most operations first
	Units   [][]int64 // by window, then by type
}

// total sums up a type, or all with -1.
func (c *counted) total(kind int) (sum int64) {
	for _, row := range c.Units {
		for i, units := range row {
			if kind < 0 || i == kind {
				sum = add(sum, units)
			}
		}
	}
	return sum
}

// add adds numbers that are not negative, and stops at the largest.
func add(a, b int64) int64 {
	if c := a + b; c >= a {
		return c
	}
	return 1<<63 - 1
}

// count reads operations. It is the one place where pages read statistics.
func (r *request) count(f filter, list []window, step string) (*counted, error) {
	c := &counted{Windows: list, Step: step}
	if len(list) == 0 {
		return c, nil
	}
	column := store.ByHour
	for _, w := range []window{list[0], list[len(list)-1]} {
		// Hours are those of UTC: in a zone whose hours begin elsewhere they don't do.
		if _, offset := w.From.Zone(); offset%3600 != 0 {
			column = store.BySlot
		}
	}
	if step == perSlot {
		column = store.BySlot
	}
	if len(list) == 1 {
		column = store.ByItem // nothing to tell apart by time
	}
	result, err := r.statistics(f, column, list[0].From, list[len(list)-1].To)
	if err != nil {
		return nil, err
	}
	sums := map[string]int64{}
	for _, each := range result {
		sums[each.kind] = add(sums[each.kind], each.units)
	}
	for kind := range sums {
		c.Types = append(c.Types, kind)
	}
	slices.SortFunc(c.Types, func(a, b string) int { return cmp.Or(cmp.Compare(sums[b], sums[a]), cmp.Compare(a, b)) })
	place := make(map[string]int, len(c.Types))
	for i, kind := range c.Types {
		place[kind] = i
	}
	c.Units = make([][]int64, len(list))
	for i := range c.Units {
		c.Units[i] = make([]int64, len(c.Types))
	}
	for _, each := range result {
		i := 0
		if len(list) > 1 {
			i = sort.Search(len(list), func(i int) bool { return list[i].To.Unix() > each.at })
		}
		if i < len(list) {
			units := &c.Units[i][place[each.kind]]
			*units = add(*units, each.units)
		}
	}
	return c, nil
}

// part is a sum of operations of a type at a moment.
type part struct {
	at    int64
	kind  string
	units int64
}

// statistics reads sums by a column of time and by type. Who sees one organization
// gets what is counted under its codes.
func (r *request) statistics(f filter, column store.Column, from, to time.Time) ([]part, error) {
	if only := r.who().Organization; only != "" {
		if f.Organization != "" && f.Organization != only {
			return nil, nil
		}
		f.Organization = only
	}
	by := []store.Column{column, store.ByType}
	if f.Organization != "" {
		by = append(by, store.ByHandshake)
	}
	result, err := r.pages.Administrator.Store.Statistics(r.Context(), store.StatisticsQuery{
		By: by, HandshakeCode: f.Code, Item: f.Item, Since: from.Unix(), Until: to.Unix(),
	})
	if err != nil {
		return nil, err
	}
	parts := make([]part, 0, len(result.Rows))
	for _, row := range result.Rows {
		at, _ := row.Values[0].(int64)
		kind, _ := row.Values[1].(string)
		if f.Organization != "" {
			// A code begins with its organization's id, which is all digits.
			code, _ := row.Values[2].(string)
			if !strings.HasPrefix(code, f.Organization+"-") {
				continue
			}
		}
		if len(f.Types) > 0 && !slices.Contains(f.Types, kind) {
			continue
		}
		parts = append(parts, part{at, kind, row.Count})
	}
	return parts, nil
}

// sums are what is counted of each type from one moment to another.
func (r *request) sums(f filter, from, to time.Time) (*counted, error) {
	return r.count(f, []window{{from, to}}, perDay)
}

// lastDays is the trend of the last days, today included.
func (r *request) lastDays(f filter, days int) (*trend, error) {
	now := r.admin.Now().In(r.zone)
	list, _ := windows(now.AddDate(0, 0, 1-days), now, perDay)
	c, err := r.count(f, list, perDay)
	if err != nil {
		return nil, err
	}
	return newTrend(c, now, false), nil
}

// visible gives an error unless what a filter names exists for who asks.
func (r *request) visible(f filter) error {
	if f.Code != "" {
		if _, err := r.admin.Code(r.Context(), f.Code); err != nil {
			return err
		}
	}
	if f.Item != "" {
		if _, err := r.admin.Item(r.Context(), f.Item); err != nil {
			return err
		}
	}
	if f.Organization != "" {
		if _, err := r.admin.Organization(r.Context(), f.Organization); err != nil {
			return err
		}
	}
	return nil
}
