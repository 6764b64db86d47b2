package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/view"
)

// planned is a database that explains each query before it runs it.
type planned struct {
	*moment
	plans []string
}

func (p *planned) Query(query string, arguments ...any) (view.Rows, error) {
	if err := p.explain(query, arguments); err != nil {
		return nil, err
	}
	return p.moment.Query(query, arguments...)
}

func (p *planned) Numbers(query string, arguments []any, row func([]int64) error) error {
	if err := p.explain(query, arguments); err != nil {
		return err
	}
	return p.moment.Numbers(query, arguments, row)
}

func (p *planned) Blobs(query string, arguments []any, row func([]int64, []byte) error) error {
	if err := p.explain(query, arguments); err != nil {
		return err
	}
	return p.moment.Blobs(query, arguments, row)
}

func (p *planned) explain(query string, arguments []any) error {
	rows, err := p.tx.QueryContext(p.ctx, "EXPLAIN QUERY PLAN "+query, arguments...)
	if err != nil {
		return err
	}
	return eachRow(rows, func(rows *sql.Rows) error {
		var id, parent, unused int64
		var step string
		err := rows.Scan(&id, &parent, &unused, &step)
		if p.plans = append(p.plans, step); strings.Contains(step, "TEMP B-TREE") && sums.MatchString(query) {
			err = fmt.Errorf("sorts the totals it sums up: %s", query)
		}
		return err
	})
}

// sums matches a question that reads totals: there may be so many that they must come in the
// order in which they are kept.
var sums = regexp.MustCompile(`(FROM|JOIN) total\w* t`)

// large are the tables with a row for each report, run, or run and day: to go through one of
// them takes the longer the more was ever reported.
var large = regexp.MustCompile(`SCAN (report|r|raw_report|run|total|total_quarter_hour|total_hour|total_organization|total_device|total_device_quarter|arrival|t)( |$)`)

// No question of the statistics goes through a table that grows with each report.
func TestStatisticsScanNoReports(t *testing.T) {
	s, _ := open(t)
	const day = 1_763_856_000
	kolkata := time.FixedZone("", 5*3600+1800)
	windows := map[string][]store.Window{
		"all": nil, "days": {{Start: day, End: day + 86400}, {Start: day + 86400, End: day + 2*86400}},
		"days of another zone": {{Start: day - 3600, End: day + 82800}, {Start: day + 82800, End: day + 82800 + 86400}},
		"a year":               {{Start: day - 3600, End: day + 365*86400}},
		"a month of another zone": {{Start: time.Date(2025, 11, 1, 0, 0, 0, 0, kolkata).Unix(),
			End: time.Date(2025, 12, 1, 0, 0, 0, 0, kolkata).Unix()}},
	}
	for i := range int64(manySlots) {
		windows["slots"] = append(windows["slots"], store.Window{Start: day + i*180, End: day + i*180 + 180})
	}
	for name, windows := range windows {
		for _, query := range []store.StatisticsQuery{
			{}, {By: []store.Column{store.ByType}},
			{By: []store.Column{store.ByHandshake, store.ByItem}, Items: []string{"scans"}, Types: []string{"QR_CODE"}},
			{By: []store.Column{store.ByDevice}}, {Devices: []string{"a"}, By: []store.Column{store.ByRun}},
			{Measure: store.MeasureDevices},
			{Measure: store.MeasureDevices, Types: []string{"QR_CODE"}, Organizations: []string{"100001"}},
			{Measure: store.MeasureConcurrent, HandshakeCodes: []string{"a"}}, {Measure: store.MeasureDenials},
		} {
			query.Windows = windows
			plans := plansOf(t, s, query)
			for _, step := range plans {
				if large.MatchString(step) && !strings.Contains(step, "USING INTEGER PRIMARY KEY") {
					t.Errorf("%s, %+v: %s: %s", name, query, step, strings.Join(plans, "\n"))
				}
			}
		}
	}
}

// What is asked about devices by name is looked up by their keys, whatever the period: no step goes
// through what others reported.
func TestNamedDevicesAreLookedUp(t *testing.T) {
	s, _ := open(t)
	const day = 1_763_856_000
	var days []store.Window
	for n := range int64(365) {
		days = append(days, store.Window{Start: day + n*86400 - 3600, End: day + (n+1)*86400 - 3600})
	}
	tables := regexp.MustCompile(`\bt (USING|VIRTUAL)|\b(SCAN|SEARCH) t$`)
	key := regexp.MustCompile(`slot=\? AND device=\?|INDEX run_key \(device=\?|run=\? AND slot>\? AND slot<\?`)
	for _, query := range []store.StatisticsQuery{
		{}, {By: []store.Column{store.ByDay}}, {By: []store.Column{store.ByRun, store.BySlot}},
		{By: []store.Column{store.ByType}, Types: []string{"QR_CODE"}, Items: []string{"scans"}},
		{Measure: store.MeasureDevices, By: []store.Column{store.ByDevice}},
		{Measure: store.MeasureDevices}, {Measure: store.MeasureDevices, By: []store.Column{store.ByItem}},
		{Measure: store.MeasureConcurrent, By: []store.Column{store.ByItem}},
	} {
		for _, windows := range [][]store.Window{nil, days, days[:1]} {
			query.Devices, query.Windows = []string{"a"}, windows
			looked := 0
			for _, step := range plansOf(t, s, query) {
				if tables.MatchString(step) {
					if looked++; !key.MatchString(step) {
						t.Errorf("%s by %v in %d windows: %s", query.Measure, query.By, len(windows), step)
					}
				}
			}
			if looked == 0 {
				t.Errorf("%s by %v in %d windows: nothing was looked up", query.Measure, query.By, len(windows))
			}
		}
	}
}

// plansOf returns the plans of all that a question of the statistics asks the database.
func plansOf(t *testing.T, s *Store, query store.StatisticsQuery) []string {
	t.Helper()
	var p *planned
	if err := s.reading(t.Context(), func(tx *sql.Tx) error {
		p = &planned{moment: &moment{context.Background(), tx}}
		_, err := view.Statistics(p, query)
		return err
	}); err != nil {
		t.Fatalf("%+v: %v", query, err)
	}
	return p.plans
}

// manySlots is more than are looked for one by one.
const manySlots = 1000
