package pages

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/openlts/openlts/server/statistics"
	"github.com/openlts/openlts/server/store"
)

// filter says which operations to count.
type filter struct {
	Measure                  store.Measure // "": operations
	Code, Item, Organization string
	Types                    []string // none: all
}

// counted are counts by window and type.
type counted struct {
	Windows []statistics.Window
	Per     statistics.Per
	Types   []string  // the most frequent first; a single one for measures without types
	Units   [][]int64 // by window, then by type
	Late    int64     // units that arrived more than a day after they happened
	// Spans are the numbers for further periods, for measures of devices.
	Spans []*counted
}

// total sums up a type, or all with -1.
func (c *counted) total(kind int) (sum int64) {
	for _, row := range c.Units {
		for i, units := range row {
			if kind < 0 || i == kind {
				sum = store.SaturatingSum(sum, units)
			}
		}
	}
	return sum
}

// sums tells whether the windows of a measure can be added up: the devices of two days may be the
// same ones.
func sums(measure store.Measure) bool {
	return measure == "" || measure == store.MeasureOperations || measure == store.MeasureDenials
}

// apart is the property by which the figures of a measure are told apart; "" if there is none.
func apart(measure store.Measure) statistics.By {
	switch measure {
	case "", store.MeasureOperations:
		return statistics.ByType
	case store.MeasureDenials:
		return statistics.ByStatus
	}
	return ""
}

func one(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

// read reads what was counted. It is the only place where pages read statistics. A caller that may
// see only one organization gets what was counted for that one; nil: nothing.
func (r *request) read(f filter, q statistics.Query) (*statistics.Result, error) {
	if only := r.who().Organization; only != "" {
		if f.Organization != "" && f.Organization != only {
			return nil, nil //nolint:nilnil // nothing is an answer
		}
		f.Organization = only
	}
	q.Measure, q.Zone, q.Types = f.Measure, r.zone, f.Types
	q.Organizations, q.Codes, q.Items = one(f.Organization), one(f.Code), one(f.Item)
	result, err := statistics.Run(r.Context(), r.pages.Administrator.Store, q, r.admin.Now())
	var tooMany *statistics.RangeError
	var query statistics.QueryError
	if errors.As(err, &tooMany) || errors.As(err, &query) {
		return nil, mistake("per", err.Error())
	}
	return result, err
}

// count reads what was counted from one moment to another.
func (r *request) count(f filter, from, until time.Time, per statistics.Per,
	spans ...statistics.Span) (*counted, error) {
	query := statistics.Query{Per: per, From: from, Until: until, Spans: spans}
	by := apart(f.Measure)
	if by != "" {
		query.By = []statistics.By{by}
	}
	result, err := r.read(f, query)
	if err != nil || result == nil {
		nothing := &counted{Per: per}
		for range spans {
			nothing.Spans = append(nothing.Spans, &counted{})
		}
		return nothing, err
	}
	c := &counted{Windows: result.Windows, Per: per, Late: result.Late}
	kind := func(row statistics.Row) string {
		if by == "" {
			return string(f.Measure)
		}
		return row.Group.Text(by)
	}
	for _, rows := range result.Spans {
		span := &counted{}
		for _, row := range rows {
			span.Types, span.Units = []string{kind(row)}, [][]int64{{row.Count}}
		}
		c.Spans = append(c.Spans, span)
	}
	byType := map[string]int64{}
	for _, row := range result.Rows {
		byType[kind(row)] = store.SaturatingSum(byType[kind(row)], row.Count)
	}
	for name := range byType {
		c.Types = append(c.Types, name)
	}
	slices.SortFunc(c.Types, func(a, b string) int {
		return cmp.Or(cmp.Compare(byType[b], byType[a]), cmp.Compare(a, b))
	})
	place := make(map[string]int, len(c.Types))
	for i, name := range c.Types {
		place[name] = i
	}
	c.Units = make([][]int64, len(c.Windows))
	for i := range c.Units {
		c.Units[i] = make([]int64, len(c.Types))
	}
	for _, row := range result.Rows {
		units := &c.Units[row.Window][place[kind(row)]]
		*units = store.SaturatingSum(*units, row.Count)
	}
	return c, nil
}

// period is what was counted in all from one moment to another.
func (r *request) period(f filter, from, until time.Time) (*counted, error) {
	return r.count(f, from, until, statistics.PerPeriod)
}

// lastDays is the trend of the last days, today included.
func (r *request) lastDays(f filter, days int) (*trend, error) {
	now := r.admin.Now().In(r.zone)
	today := statistics.StartOfDay(now)
	c, err := r.count(f, statistics.AddDate(today, 0, 0, 1-days), statistics.AddDate(today, 0, 0, 1), statistics.PerDay)
	if err != nil {
		return nil, err
	}
	return newTrend(c, false), nil
}

// visible gives an error unless the caller may see everything that a filter names.
func (r *request) visible(f filter) error {
	for _, object := range []struct {
		id   string
		find func(string) error
	}{
		{f.Code, func(id string) error { _, err := r.admin.Code(r.Context(), id); return err }},
		{f.Item, func(id string) error { _, err := r.admin.Item(r.Context(), id); return err }},
		{f.Organization, func(id string) error { _, err := r.admin.Organization(r.Context(), id); return err }},
	} {
		if object.id != "" {
			if err := object.find(object.id); err != nil {
				return err
			}
		}
	}
	return nil
}

// label names a window by its beginning.
func label(w statistics.Window, per statistics.Per) string {
	switch per {
	case statistics.PerMonth:
		return w.Start.Format("2006-01")
	case statistics.PerDay:
		return w.Start.Format("2006-01-02")
	}
	return w.Start.Format("2006-01-02 15:04")
}
