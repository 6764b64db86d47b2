package statistics

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/openlts/openlts/server/store"
)

// Source is where counts come from: a store.
type Source interface {
	Statistics(ctx context.Context, query store.StatisticsQuery) (store.Statistics, error)
}

// Result is the answer to a query.
type Result struct {
	AsOf    time.Time     `json:"asOf"`
	Zone    string        `json:"zone"`
	Measure store.Measure `json:"measure"`
	Windows []Window      `json:"windows"`
	// Previous is the previous period, for the Before of rows. If the period has not ended,
	// Previous is cut off after the same time; nil without a comparison.
	Previous *Window `json:"previous,omitempty"`
	// Total is the sum of the rows before accumulating; for devices there is no sum, and it is 0.
	// Late is the part that arrived more than a day after it happened.
	Total  int64  `json:"total"`
	Late   int64  `json:"late"`
	Before *int64 `json:"before,omitempty"` // the total of the previous period
	// Lost is what devices declared lost, by cause; for operations.
	Lost map[string]int64 `json:"lost,omitempty"`
	// Spans has the rows of each further period.
	Spans [][]Row `json:"-"`
	// Rows are in the order of windows and groups. There are no rows with 0, unless they are
	// accumulated or the previous period had something.
	Rows []Row `json:"rows"`
}

// Row is the count of a window and group.
type Row struct {
	Window int    `json:"window"` // its place among the windows
	Group  Group  `json:"group"`
	Count  int64  `json:"count"`
	Late   int64  `json:"late,omitempty"`
	Before *int64 `json:"before,omitempty"` // in the window of the same place of the previous period
}

// maxRows is how many rows accumulating may make.
const maxRows = 1_000_000

// Run answers a query as of now.
func Run(ctx context.Context, source Source, q Query, now time.Time) (*Result, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	if q.Measure == "" {
		q.Measure = store.MeasureOperations
	}
	now = now.In(q.zone())
	r := &Result{AsOf: now, Zone: q.zone().String(), Measure: q.Measure, Rows: []Row{}}
	from, until, lost, err := q.period(ctx, source, now)
	if err != nil {
		return nil, err
	}
	if r.Windows, err = windows(from, until, q.Per, q.zone(), now); err != nil {
		return nil, err
	}
	stored := q.stored(spans(r.Windows))
	for _, span := range q.Spans {
		stored.Spans = append(stored.Spans, spans([]Window{{Start: span.From, End: span.Until}})...)
	}
	counted, err := source.Statistics(ctx, stored)
	if err != nil {
		return nil, err
	}
	if r.Total, r.Late, r.Lost = counted.Total, counted.Late, counted.Lost; lost != nil {
		r.Lost = lost
	}
	r.Spans = make([][]Row, len(q.Spans))
	for _, row := range q.rows(counted.Rows) {
		if span := row.Window - len(r.Windows); span >= 0 {
			r.Spans[span] = append(r.Spans[span], Row{Group: row.Group, Count: row.Count})
		} else {
			r.Rows = append(r.Rows, row)
		}
	}
	r.trim(&q)
	if q.Compare {
		if err := r.compare(ctx, source, &q, now); err != nil {
			return nil, err
		}
	}
	if q.Accumulated {
		return r, r.accumulate(&q, now)
	}
	return r, nil
}

// stored is the query for a store.
func (q *Query) stored(spans []store.Window) store.StatisticsQuery {
	s := store.StatisticsQuery{
		Measure: q.Measure, Windows: spans, Organizations: q.Organizations,
		HandshakeCodes: q.Codes, Items: q.Items, Types: q.Types, Devices: q.Devices,
	}
	for _, by := range q.By {
		if !slices.Contains(s.By, columns[by]) { // kind and import come from the type
			s.By = append(s.By, columns[by])
		}
	}
	return s
}

// period is the query's period or, without limits, the one in which something was counted,
// including what was lost in it outside of all windows.
func (q *Query) period(ctx context.Context, source Source,
	now time.Time) (from, until time.Time, lost map[string]int64, err error) {
	from, until = q.From, q.Until
	if q.Per == PerPeriod {
		return from, until, nil, nil
	}
	if !from.IsZero() && !until.IsZero() {
		return from.In(q.zone()), until.In(q.zone()), nil, nil
	}
	first, last, lost, err := q.days(ctx, source, now)
	if err != nil {
		return from, until, nil, err
	}
	if from.IsZero() {
		from = q.Per.first(first, q.zone())
	}
	if until.IsZero() {
		until = q.Per.next(q.Per.first(last, q.zone()), 1, q.zone())
	}
	if !from.Before(until) {
		until = q.Per.next(q.Per.first(from, q.zone()), 1, q.zone())
	}
	return from.In(q.zone()), until.In(q.zone()), lost, nil
}

// days gives the first and the last day in UTC, within the query's limits, on which something was
// counted; now if there is none.
func (q *Query) days(ctx context.Context, source Source,
	now time.Time) (first, last time.Time, lost map[string]int64, err error) {
	days := q.stored([]store.Window{{Start: 0, End: store.EndOfTime}})
	days.Measure, days.By = store.MeasureOperations, []store.Column{store.ByDay}
	if q.Measure == store.MeasureDenials {
		days.Measure = store.MeasureDenials
	}
	if !q.From.IsZero() {
		days.Windows[0].Start = q.From.Unix()
	}
	if !q.Until.IsZero() {
		days.Windows[0].End = q.Until.Unix()
	}
	counted, err := source.Statistics(ctx, days)
	if err != nil || len(counted.Rows) == 0 {
		return now, now, counted.Lost, err
	}
	low, high := counted.Rows[0].Day, counted.Rows[0].Day
	for _, row := range counted.Rows {
		low, high = min(low, row.Day), max(high, row.Day)
	}
	return time.Unix(low, 0), time.Unix(high+int64(store.LevelDay)-1, 0), counted.Lost, nil
}

// trim removes empty windows at the ends without a limit.
func (r *Result) trim(q *Query) {
	if q.Per == PerPeriod || len(r.Rows) == 0 {
		return
	}
	low, high := r.Rows[0].Window, r.Rows[0].Window
	for _, row := range r.Rows {
		low, high = min(low, row.Window), max(high, row.Window)
	}
	if q.Until.IsZero() {
		r.Windows = r.Windows[:high+1]
	}
	if q.From.IsZero() {
		r.Windows = r.Windows[low:]
		for i := range r.Rows {
			r.Rows[i].Window -= low
		}
	}
}

// Previous is the previous period of the same length by the calendar.
func Previous(from, until time.Time, zone *time.Location) (time.Time, time.Time) {
	from, until = from.In(zone), until.In(zone)
	if PerMonth.first(from, zone).Equal(from) && PerMonth.first(until, zone).Equal(until) {
		months := (until.Year()-from.Year())*12 + int(until.Month()) - int(from.Month())
		return PerMonth.next(from, -months, zone), from
	}
	if PerDay.first(from, zone).Equal(from) && PerDay.first(until, zone).Equal(until) {
		return PerDay.next(from, -daysBetween(from, until), zone), from
	}
	return from.Add(-until.Sub(from)), from
}

// daysBetween counts days of the calendar.
func daysBetween(from, until time.Time) int {
	date := func(t time.Time) time.Time {
		year, month, day := t.Date()
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	}
	return int(date(until).Sub(date(from)) / (24 * time.Hour))
}

// compare adds the counts of the previous period.
func (r *Result) compare(ctx context.Context, source Source, q *Query, now time.Time) error {
	from, until := Previous(q.From, q.Until, q.zone())
	before, err := windows(from, until, q.Per, q.zone(), now)
	if err != nil {
		return err
	}
	if q.Until.After(now) && now.After(q.From) {
		// Compare equal parts: as much of it as has passed of this one.
		if cut := from.Add(now.Sub(q.From)); cut.Before(until) {
			until = cut
		}
	}
	for len(before) > 0 && !before[len(before)-1].Start.Before(until) {
		before = before[:len(before)-1]
	}
	if n := len(before); n > 0 && before[n-1].End.After(until) {
		before[n-1].End = until
	}
	r.Previous = &Window{Start: from.In(q.zone()), End: until.In(q.zone())}
	counted, err := source.Statistics(ctx, q.stored(spans(before)))
	if err != nil {
		return err
	}
	if q.Measure == store.MeasureOperations || q.Measure == store.MeasureDenials {
		r.Before = &counted.Total
	}
	known := map[place]int{}
	for i := range r.Rows {
		known[r.Rows[i].place()] = i
	}
	for _, past := range q.rows(counted.Rows) {
		if past.Window >= len(r.Windows) {
			continue // a longer month: only the total has it
		}
		at, met := known[past.place()]
		if !met {
			at = len(r.Rows)
			r.Rows = append(r.Rows, Row{Window: past.Window, Group: past.Group})
		}
		r.Rows[at].Before = &past.Count
	}
	q.sort(r.Rows)
	return nil
}

// accumulate makes each row the sum up to its window. Windows that have not begun yet have no rows.
func (r *Result) accumulate(q *Query, now time.Time) error {
	byGroup := map[Group][]Row{}
	var order []Group
	for _, row := range r.Rows {
		if byGroup[row.Group] == nil {
			order = append(order, row.Group)
		}
		byGroup[row.Group] = append(byGroup[row.Group], row)
	}
	if len(order)*len(r.Windows) > maxRows {
		return QueryError(fmt.Sprintf("%d groups in %d windows are too many to accumulate; choose longer windows "+
			"or fewer groups", len(order), len(r.Windows)))
	}
	rows := []Row{}
	for _, group := range order {
		own, sum, past := byGroup[group], Row{Group: group}, int64(0)
		compared := r.Previous != nil
		for w := range r.Windows {
			if r.Windows[w].Start.After(now) {
				break
			}
			for len(own) > 0 && own[0].Window == w {
				sum.Count, sum.Late = store.SaturatingSum(sum.Count, own[0].Count),
					store.SaturatingSum(sum.Late, own[0].Late)
				if own[0].Before != nil {
					past = store.SaturatingSum(past, *own[0].Before)
				}
				own = own[1:]
			}
			row := sum
			row.Window = w
			if compared {
				before := past
				row.Before = &before
			}
			rows = append(rows, row)
		}
	}
	q.sort(rows)
	r.Rows = rows
	return nil
}
