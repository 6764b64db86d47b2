package pages

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/statistics"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

var statisticsPages = []page{{
	path: "/statistics", name: "statistics", title: "Statistics", nav: "/statistics", role: administration.Viewer,
	get: func(r *request) (any, error) { return r.showStatistics() },
	table: func(r *request) (*table, error) {
		shown, err := r.showStatistics()
		if err != nil {
			return nil, err
		}
		if shown.Wrong != "" {
			return nil, mistake("from", shown.Wrong)
		}
		return shown.file(), nil
	},
}}

// view of statistics, as the address says.
type statisticsShown struct {
	By                  string // code or item
	Filter              filter
	Range, From, Until  string
	Ahead               bool // the period has not begun
	Per                 statistics.Per
	Mode                string // split or accumulated
	Zone                string
	Items, Codes, Zones []string
	Names               map[string]string // of items
	Organizations       []administration.Organization
	Pies                []pie
	Trend               *trend
	Rows                []statisticsRow
	Total, Before       int64
	Rankings            []ranking
	Since, To           time.Time
	Sums                bool   // windows can be added up
	MayGrow             bool   // devices may still report for it
	Late                int64  // what came more than a day after it happened
	Wrong               string // what is wrong with the request
	UpdatedAt           int64
}

type statisticsRow struct {
	Label  string
	Window statistics.Window
	Units  []int64
	Total  int64
	SoFar  bool
}

// change is how much a figure differs from the previous one, in percent.
func change(now, before int64) string {
	if before == 0 {
		return ""
	}
	percent := (float64(now) - float64(before)) / float64(before) * 100
	sign := "+"
	if percent < 0 {
		sign, percent = "−", -percent
	}
	if percent > 9999 {
		return sign + "9999 %"
	}
	return fmt.Sprintf("%s%.0f %%", sign, percent)
}

// Change compares the period with the previous one.
func (s *statisticsShown) Change() string { return change(s.Total, s.Before) }

// ranges are the periods to choose from: from the beginning of one day to the beginning of another.
var ranges = []struct {
	Name, Text string
	of         func(today time.Time) (from, until time.Time)
}{
	{"today", "Today", func(t time.Time) (time.Time, time.Time) { return lastDays(t, 1) }},
	{"yesterday", "Yesterday", func(t time.Time) (time.Time, time.Time) { return statistics.AddDate(t, 0, 0, -1), t }},
	{"7d", "7 days", func(t time.Time) (time.Time, time.Time) { return lastDays(t, 7) }},
	{"30d", "30 days", func(t time.Time) (time.Time, time.Time) { return lastDays(t, 30) }},
	{"90d", "90 days", func(t time.Time) (time.Time, time.Time) { return lastDays(t, 90) }},
	{"month", "This month", func(t time.Time) (time.Time, time.Time) { return lastDays(t, t.Day()) }},
	{"last-month", "Last month", func(t time.Time) (time.Time, time.Time) {
		first := statistics.AddDate(t, 0, 0, 1-t.Day())
		return statistics.AddDate(first, 0, -1, 0), first
	}},
	{"year", "12 months", func(t time.Time) (time.Time, time.Time) {
		return statistics.AddDate(t, -1, 0, 1), statistics.AddDate(t, 0, 0, 1)
	}},
}

// lastDays are so many days, today included.
func lastDays(today time.Time, days int) (from, until time.Time) {
	return statistics.AddDate(today, 0, 0, 1-days), statistics.AddDate(today, 0, 0, 1)
}

// Ranges are the periods to choose from.
func (v *view) Ranges() (options []option) {
	for _, each := range ranges {
		options = append(options, option{Value: each.Name, Text: v.T(each.Text)})
	}
	return options
}

// measures are what the page can show.
var measures = []store.Measure{
	store.MeasureOperations, store.MeasureDevices, store.MeasureConcurrent, store.MeasureDenials,
}

func (r *request) showStatistics() (*statisticsShown, error) {
	q := r.URL.Query()
	s := &statisticsShown{
		By: q.Get("by"), Per: statistics.Per(q.Get("per")), Mode: q.Get("mode"), Range: q.Get("range"),
		Zone: q.Get("tz"), Zones: zones, UpdatedAt: r.admin.Now().Unix(),
		Filter: filter{Measure: store.Measure(q.Get("measure")), Code: q.Get("handshake"), Item: q.Get("item"),
			Organization: q.Get("org")},
	}
	if !slices.Contains(measures, s.Filter.Measure) {
		s.Filter.Measure = store.MeasureOperations
	}
	if s.By != "item" {
		s.By = "code"
	}
	if s.Filter.Measure == store.MeasureDenials && s.Filter.Item != "" {
		s.Wrong = "refusals are counted by handshake code, not by license item"
	}
	if s.Mode != "accumulated" {
		s.Mode = "split"
	}
	if s.Zone != "" && s.Zone != "Local" {
		location, err := time.LoadLocation(s.Zone)
		if err != nil {
			s.Wrong = "this is not a time zone, such as Europe/Berlin or UTC"
		} else {
			r.zone = location
		}
	}
	s.Zone = r.zone.String()
	for _, kind := range strings.Split(q.Get("types"), ",") {
		if kind != "" {
			s.Filter.Types = append(s.Filter.Types, kind)
		}
	}
	if err := r.visible(s.Filter); err != nil {
		return nil, err
	}
	if err := s.choices(r); err != nil {
		return nil, err
	}
	s.choosePeriod(r, q.Get("from"), q.Get("until"))
	s.Trend = newTrend(&counted{}, false)
	if s.Wrong != "" {
		return s, nil
	}
	err := s.figures(r)
	if mistakes := administration.Errors(err); len(mistakes) > 0 {
		s.Wrong, err = mistakes[0].Text, nil
	}
	return s, err
}

// choices are what the page offers to filter by.
func (s *statisticsShown) choices(r *request) error {
	ctx := r.Context()
	of := administration.Selection{Limit: records.MaxLimit, Sort: "name"}
	items, err := r.admin.Items(ctx, of)
	if err != nil {
		return err
	}
	s.Names = map[string]string{}
	for _, item := range items.Items {
		s.Items, s.Names[item.ID] = append(s.Items, item.ID), item.Name
	}
	of.Sort = "code"
	codes, err := r.admin.Codes(ctx, of)
	for _, code := range codes.Items {
		s.Codes = append(s.Codes, code.Code)
	}
	if err != nil {
		return err
	}
	of.Sort = "name"
	organizations, err := r.admin.Organizations(ctx, of)
	s.Organizations = organizations.Items
	return err
}

// choosePeriod determines the period and its steps.
func (s *statisticsShown) choosePeriod(r *request, from, until string) {
	now := r.admin.Now().In(r.zone)
	today := statistics.StartOfDay(now)
	s.To = statistics.AddDate(today, 0, 0, 1)
	if from != "" || until != "" {
		s.Range = "custom"
		var err error
		if s.Since, err = statistics.ParseDay(from, r.zone); err != nil {
			s.Wrong = "the first day is not a date such as 2026-01-31"
			return
		}
		last := today
		if until != "" {
			if last, err = statistics.ParseDay(until, r.zone); err != nil {
				s.Wrong = "the last day is not a date such as 2026-01-31"
				return
			}
		}
		if s.To = statistics.AddDate(last, 0, 0, 1); !s.To.After(s.Since) {
			s.Wrong = "the last day is before the first"
			return
		}
	} else {
		chosen := ranges[3]
		for _, each := range ranges {
			if each.Name == s.Range {
				chosen = each
			}
		}
		s.Range = chosen.Name
		s.Since, s.To = chosen.of(today)
	}
	s.Ahead = s.Since.After(now)
	s.From, s.Until = s.Since.Format(time.DateOnly), statistics.AddDate(s.To, 0, 0, -1).Format(time.DateOnly)
	days := int(s.To.Sub(s.Since).Hours()/24 + 0.5)
	if !slices.Contains(
		[]statistics.Per{statistics.PerSlot, statistics.PerHour, statistics.PerDay, statistics.PerMonth}, s.Per) {
		s.Per = statistics.PerDay
		switch {
		case days <= 2:
			s.Per = statistics.PerHour
		case days > 120:
			s.Per = statistics.PerMonth
		}
	}
}

// maxRows is how many rows the page shows; files have all.
const maxRows = 1000

func (s *statisticsShown) figures(r *request) error {
	now := r.admin.Now().In(r.zone)
	c, periods, err := s.count(r, now)
	if err != nil {
		return err
	}
	s.Late = c.Late
	accumulated := s.Mode == "accumulated" && s.Sums
	s.Trend = newTrend(c, accumulated)
	running := make([]int64, len(c.Types))
	for w, row := range c.Units {
		units := slices.Clone(row)
		if accumulated {
			for i := range units {
				running[i] = store.SaturatingSum(running[i], units[i])
			}
			units = slices.Clone(running)
		}
		if c.Windows[w].Start.After(now) {
			break // is to come
		}
		s.MayGrow = s.MayGrow || c.Windows[w].MayGrow
		shown := statisticsRow{
			Label: label(c.Windows[w], s.Per), Window: c.Windows[w], Units: units, SoFar: w == s.Trend.Unfinished,
		}
		for _, each := range units {
			shown.Total = store.SaturatingSum(shown.Total, each)
		}
		if shown.Total > 0 || s.Per == statistics.PerDay || s.Per == statistics.PerMonth {
			s.Rows = append(s.Rows, shown)
		}
	}
	slices.Reverse(s.Rows)            // the newest first
	s.Total = periods.whole.total(-1) // for devices, the number in the whole period, not the sum
	s.Pies = []pie{
		newPie("All history", periods.ever, periods.ever.Types),
		newPie("Selected period", periods.whole, periods.ever.Types),
		newPie("Today", periods.today, periods.ever.Types),
	}
	s.Before = periods.before.total(-1)
	s.rankKinds(r, periods.whole)
	return s.rank(r)
}

// periods are what the page compares.
type periods struct{ ever, whole, today, before *counted }

// count counts in windows and in periods. The number of devices in a period does not follow from
// its windows, so count asks for all periods at once, which takes as long as the longest one.
func (s *statisticsShown) count(r *request, now time.Time) (c *counted, p periods, err error) {
	s.Sums = sums(s.Filter.Measure)
	days := int(s.To.Sub(s.Since).Hours()/24 + 0.5)
	from, until := statistics.Previous(s.Since, s.To, r.zone)
	if now.Before(s.To) {
		until = now.AddDate(0, 0, -days) // as with spans: compare the same part of both periods
	}
	today := statistics.StartOfDay(now)
	spans := []statistics.Span{
		{Until: statistics.AddDate(now, 0, 0, 1)}, {From: s.Since, Until: s.To}, {From: today, Until: now},
		{From: from, Until: until},
	}
	if !s.Sums {
		if c, err = r.count(s.Filter, s.Since, s.To, s.Per, spans...); err == nil {
			p = periods{c.Spans[0], c.Spans[1], c.Spans[2], c.Spans[3]}
		}
		return c, p, err
	}
	if c, err = r.count(s.Filter, s.Since, s.To, s.Per); err != nil {
		return nil, p, err
	}
	p.whole = c
	for place, to := range map[int]**counted{0: &p.ever, 2: &p.today, 3: &p.before} {
		*to = &counted{}
		if !spans[place].Until.After(spans[place].From) { // the first instant of a day
			continue
		}
		if *to, err = r.period(s.Filter, spans[place].From, spans[place].Until); err != nil {
			return nil, p, err
		}
	}
	return c, p, nil
}

// More tells how many rows only files have.
func (s *statisticsShown) More() int { return max(0, len(s.Rows)-maxRows) }

// Shown are the rows of the page.
func (s *statisticsShown) Shown() []statisticsRow { return s.Rows[:min(len(s.Rows), maxRows)] }

// file is the table for programs: everything that the page shows.
func (s *statisticsShown) file() *table {
	columns := append([]string{"from", "to", "timeZone"}, s.Trend.Types...)
	return &table{name: "statistics", columns: append(columns, "total", "finished"),
		rows: func(each func([]any) error) error {
			for _, row := range s.Rows {
				cells := []any{row.Window.Start.Format(time.RFC3339), row.Window.End.Format(time.RFC3339), s.Zone}
				for _, units := range row.Units {
					cells = append(cells, units)
				}
				finished := "yes"
				if row.SoFar {
					finished = "no"
				}
				if err := each(append(cells, row.Total, finished)); err != nil {
					return err
				}
			}
			return nil
		}}
}
