package pages

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openlts/openlts/server/administration"
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
	Per                 string
	Mode                string // split or accumulated
	Zone                string
	Items, Codes, Zones []string
	Names               map[string]string // of items
	Organizations       []administration.Organization
	Pies                []pie
	Trend               *trend
	Rows                []statisticsRow
	Total, Before       int64
	HasBefore           bool
	Since, To           time.Time
	Late                bool   // devices may still report on it
	Wrong               string // what is wrong with what was asked for
	UpdatedAt           int64
}

type statisticsRow struct {
	Label  string
	Window window
	Units  []int64
	Total  int64
	SoFar  bool
}

// change is by how much a figure differs from the one before, in percent.
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

// Change compares the period with the one before.
func (s *statisticsShown) Change() string { return change(s.Total, s.Before) }

// ranges are periods to choose from, each from its first day, counted back from today.
var ranges = []struct {
	Name, Text string
	from       func(today time.Time) time.Time
}{
	{"today", "Today", func(t time.Time) time.Time { return t }},
	{"7d", "7 days", func(t time.Time) time.Time { return t.AddDate(0, 0, -6) }},
	{"30d", "30 days", func(t time.Time) time.Time { return t.AddDate(0, 0, -29) }},
	{"90d", "90 days", func(t time.Time) time.Time { return t.AddDate(0, 0, -89) }},
	{"month", "This month", func(t time.Time) time.Time { return t.AddDate(0, 0, 1-t.Day()) }},
	{"year", "12 months", func(t time.Time) time.Time { return t.AddDate(-1, 0, 1) }},
}

// Ranges are the periods to choose from.
func (v *view) Ranges() (options []option) {
	for _, each := range ranges {
		options = append(options, option{Value: each.Name, Text: v.T(each.Text)})
	}
	return options
}

// lateTime is how late a device may report.
const lateTime = 30 * 24 * time.Hour

func (r *request) showStatistics() (*statisticsShown, error) {
	q := r.URL.Query()
	s := &statisticsShown{
		By: q.Get("by"), Per: q.Get("per"), Mode: q.Get("mode"), Range: q.Get("range"), Zone: q.Get("tz"), Zones: zones, UpdatedAt: r.admin.Now().Unix(),
		Filter: filter{Code: q.Get("handshake"), Item: q.Get("item"), Organization: q.Get("org")},
	}
	if s.By != "item" {
		s.By = "code"
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
	s.period(r, q.Get("from"), q.Get("until"))
	if s.Wrong != "" {
		s.Trend = newTrend(&counted{}, r.admin.Now(), false)
		return s, nil
	}
	return s, s.figures(r)
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

// period finds out from when until when, and in which steps.
func (s *statisticsShown) period(r *request, from, until string) {
	now := r.admin.Now().In(r.zone)
	today := begin(now, perDay)
	s.To = today.AddDate(0, 0, 1)
	if from != "" || until != "" {
		s.Range = "custom"
		var err error
		if s.Since, err = time.ParseInLocation(time.DateOnly, from, r.zone); err != nil {
			s.Wrong = "the first day is not a date such as 2026-01-31"
			return
		}
		last := today
		if until != "" {
			if last, err = time.ParseInLocation(time.DateOnly, until, r.zone); err != nil {
				s.Wrong = "the last day is not a date such as 2026-01-31"
				return
			}
		}
		if s.To = last.AddDate(0, 0, 1); !s.To.After(s.Since) {
			s.Wrong = "the last day is before the first"
			return
		}
	} else {
		i := slices.IndexFunc(ranges, func(each struct {
			Name, Text string
			from       func(time.Time) time.Time
		}) bool {
			return each.Name == s.Range
		})
		if i < 0 {
			s.Range, i = "30d", 2
		}
		s.Since = ranges[i].from(today)
	}
	s.From, s.Until = s.Since.Format(time.DateOnly), s.To.AddDate(0, 0, -1).Format(time.DateOnly)
	days := int(s.To.Sub(s.Since).Hours()/24 + 0.5)
	limits := map[string]int{perSlot: 31, perHour: 400, perDay: 4000, perMonth: 40000}
	if _, known := limits[s.Per]; !known {
		s.Per = perDay
		switch {
		case days <= 2:
			s.Per = perHour
		case days > 120:
			s.Per = perMonth
		}
	}
	if days > limits[s.Per] {
		s.Wrong = fmt.Sprintf("%d days by %s are too many: at most %d; choose longer steps or a shorter period", days, s.Per, limits[s.Per])
	}
}

// maxRows is how many rows the page shows; files have all.
const maxRows = 1000

func (s *statisticsShown) figures(r *request) error {
	now := r.admin.Now().In(r.zone)
	list, ok := windows(s.Since, s.To, s.Per)
	if !ok {
		s.Wrong = "these are too many periods; choose longer steps or a shorter time"
		s.Trend = newTrend(&counted{}, now, false)
		return nil
	}
	c, err := r.count(s.Filter, list, s.Per)
	if err != nil {
		return err
	}
	s.Trend = newTrend(c, now, s.Mode == "accumulated")
	s.Total = c.total(-1)
	var running []int64
	for w, row := range c.Units {
		units := slices.Clone(row)
		if s.Mode == "accumulated" {
			for i := range units {
				if w > 0 {
					units[i] = add(units[i], running[i])
				}
			}
			running = units
		}
		if list[w].From.After(now) {
			break // is to come
		}
		shown := statisticsRow{Label: list[w].label(s.Per), Window: list[w], Units: units, SoFar: w == s.Trend.Unfinished}
		for _, each := range units {
			shown.Total = add(shown.Total, each)
		}
		if shown.Total > 0 || s.Per == perDay || s.Per == perMonth {
			s.Rows = append(s.Rows, shown)
		}
	}
	slices.Reverse(s.Rows) // the newest first
	ever, err := r.sums(s.Filter, time.Unix(0, 0).In(r.zone), s.To)
	if err != nil {
		return err
	}
	today, err := r.sums(s.Filter, begin(now, perDay), now)
	if err != nil {
		return err
	}
	order := ever.Types
	s.Pies = []pie{newPie("All history", ever, order), newPie("Selected period", c, order), newPie("Today", today, order)}
	end := s.To
	if now.Before(end) {
		end = now // like spans: what is so far, with as much of the period before
	}
	days := int(s.To.Sub(s.Since).Hours()/24 + 0.5)
	before, err := r.sums(s.Filter, s.Since.AddDate(0, 0, -days), end.AddDate(0, 0, -days))
	if err != nil {
		return err
	}
	s.Before, s.HasBefore = before.total(-1), true
	s.Late = now.Sub(s.To) < lateTime
	return nil
}

// More tells how many rows only files have.
func (s *statisticsShown) More() int { return max(0, len(s.Rows)-maxRows) }

// Shown are the rows of the page.
func (s *statisticsShown) Shown() []statisticsRow { return s.Rows[:min(len(s.Rows), maxRows)] }

// file is the table for programs: what the page shows, all of it.
func (s *statisticsShown) file() *table {
	columns := append([]string{"from", "to", "timeZone"}, s.Trend.Types...)
	return &table{name: "statistics", columns: append(columns, "total", "finished"), rows: func(each func([]any) error) error {
		for _, row := range s.Rows {
			cells := []any{row.Window.From.Format(time.RFC3339), row.Window.To.Format(time.RFC3339), s.Zone}
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
