package statistics_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // zones, wherever the test runs

	"pgregory.net/rapid"

	"github.com/openlts/openlts/server/statistics"
	"github.com/openlts/openlts/server/store"
)

// operation is one operation of a list that stands for a store.
type operation struct {
	at         int64
	item, kind string
}

// list answers as a store does, by going through all operations.
type list []operation

func (l list) Statistics(_ context.Context, q store.StatisticsQuery) (store.Statistics, error) {
	type key struct {
		window int
		store.Group
	}
	counts := map[key]int64{}
	spans := q.Windows
	if len(spans) == 0 {
		spans = []store.Window{{Start: 0, End: store.EndOfTime}}
	}
	var result store.Statistics
	for _, o := range l {
		for i, w := range spans {
			if o.at < w.Start || o.at >= w.End {
				continue
			}
			k := key{window: i}
			for _, by := range q.By {
				switch by {
				case store.ByItem:
					k.Item = o.item
				case store.ByType:
					k.Type = o.kind
				case store.ByDay:
					k.Day = o.at - o.at%86400
				}
			}
			counts[k]++
			result.Total++
		}
	}
	for k, n := range counts {
		result.Rows = append(result.Rows, store.StatisticsRow{Window: k.window, Group: k.Group, Count: n})
	}
	slices.SortFunc(result.Rows, func(a, b store.StatisticsRow) int { return a.Window - b.Window })
	return result, nil
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// Windows of days and months begin at midnight of the zone, also where the clock is
// set forward or back, where hours are half ones, and where there is no midnight.
func TestWindows(t *testing.T) {
	for _, test := range []struct {
		zone, from, until string
		per               statistics.Per
		want              []string // the starts, in UTC
	}{
		{"Europe/Berlin", "2026-03-28T00:00:00", "2026-03-31T00:00:00", statistics.PerDay,
			[]string{"2026-03-27T23:00", "2026-03-28T23:00", "2026-03-29T22:00"}},
		{"Europe/Berlin", "2026-10-25T01:00:00", "2026-10-25T04:00:00", statistics.PerHour,
			[]string{"2026-10-24T23:00", "2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T02:00"}},
		{"Europe/Berlin", "2026-03-29T01:00:00", "2026-03-29T04:00:00", statistics.PerHour,
			[]string{"2026-03-29T00:00", "2026-03-29T01:00"}},
		{"America/New_York", "2026-10-01T00:00:00", "2026-12-01T00:00:00", statistics.PerMonth,
			[]string{"2026-10-01T04:00", "2026-11-01T04:00"}},
		{"Asia/Kolkata", "2026-01-01T00:00:00", "2026-01-01T02:00:00", statistics.PerHour,
			[]string{"2025-12-31T18:30", "2025-12-31T19:30"}},
		{"Asia/Kathmandu", "2026-01-01T00:00:00", "2026-01-02T00:00:00", statistics.PerDay,
			[]string{"2025-12-31T18:15"}},
		{"Australia/Lord_Howe", "2026-04-04T00:00:00", "2026-04-07T00:00:00", statistics.PerDay,
			[]string{"2026-04-03T13:00", "2026-04-04T13:00", "2026-04-05T13:30"}},
		// No midnight: the clock goes from 23:59:59 to 1:00.
		{"America/Santiago", "2026-09-05T00:00:00", "2026-09-07T12:00:00", statistics.PerDay,
			[]string{"2026-09-05T04:00", "2026-09-06T04:00", "2026-09-07T03:00"}},
		// Two midnights.
		{"America/Havana", "2026-10-31T00:00:00", "2026-11-02T12:00:00", statistics.PerDay,
			[]string{"2026-10-31T04:00", "2026-11-01T04:00", "2026-11-02T05:00"}},
		// A day that does not exist: the zone went to the other side of the date line.
		{
			"Pacific/Apia", "2011-12-29T00:00:00", "2012-01-01T00:00:00", statistics.PerDay,
			[]string{"2011-12-29T10:00", "2011-12-30T10:00"},
		},
		{"Pacific/Kwajalein", "1993-08-20T00:00:00", "1993-08-23T00:00:00", statistics.PerDay,
			[]string{"1993-08-20T12:00", "1993-08-21T12:00"}},
		{"UTC", "2026-01-01T00:01:00", "2026-01-01T00:07:00", statistics.PerSlot,
			[]string{"2026-01-01T00:01", "2026-01-01T00:03", "2026-01-01T00:06"}},
	} {
		z := zone(t, test.zone)
		parse := func(text string) time.Time {
			at, err := time.ParseInLocation("2006-01-02T15:04:05", text, z)
			if err != nil {
				t.Fatal(err)
			}
			return at
		}
		until := parse(test.until)
		r, err := statistics.Run(t.Context(), list{},
			statistics.Query{Per: test.per, From: parse(test.from), Until: until, Zone: z}, until)
		if err != nil {
			t.Errorf("%+v: %v", test, err)
			continue
		}
		var starts []string
		for i, w := range r.Windows {
			starts = append(starts, w.Start.UTC().Format("2006-01-02T15:04"))
			if i > 0 && !r.Windows[i-1].End.Equal(w.Start) {
				t.Errorf("%s: a gap before %v", test.zone, w.Start)
			}
		}
		if !slices.Equal(starts, test.want) {
			t.Errorf("%s by %s: %v, not %v", test.zone, test.per, starts, test.want)
		}
	}
}

// Each month begins at the first of its moments, whatever a zone does at that midnight.
func TestStartOfMonth(t *testing.T) {
	for _, test := range []struct {
		zone  string
		year  int
		month time.Month
		want  string // in UTC
	}{
		{"Europe/Berlin", 2026, time.April, "2026-03-31T22:00:00Z"},
		{"America/Sao_Paulo", 2018, time.November, "2018-11-01T03:00:00Z"},
		{"America/Asuncion", 2023, time.October, "2023-10-01T04:00:00Z"}, // no midnight
		{"America/Havana", 2026, time.November, "2026-11-01T04:00:00Z"},  // two
		{"Pacific/Kiritimati", 1995, time.January, "1994-12-31T10:00:00Z"},
	} {
		at := statistics.StartOfMonth(test.year, test.month, zone(t, test.zone))
		if got := at.UTC().Format(time.RFC3339); got != test.want {
			t.Errorf("%s %d-%02d begins at %s, not %s", test.zone, test.year, test.month, got, test.want)
		}
	}
}

// Whatever the zone and the period: windows have no gaps, and what is counted in
// them is what happened in the period.
func TestWindowsCoverThePeriod(t *testing.T) {
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe",
		"America/Santiago", "Africa/Casablanca"}
	rapid.Check(t, func(rt *rapid.T) {
		z := zone(t, rapid.SampledFrom(zones).Draw(rt, "zone"))
		from := time.Unix(rapid.Int64Range(1_000_000, 2_000_000).Draw(rt, "from")*900, 0)
		until := from.Add(time.Duration(rapid.Int64Range(1, 4000).Draw(rt, "length")) * 15 * time.Minute)
		var operations list
		inside := int64(0)
		for range rapid.IntRange(0, 30).Draw(rt, "operations") {
			at := from.Unix() + rapid.Int64Range(-100, 4100).Draw(rt, "at")*900
			operations = append(operations, operation{
				at: at, item: rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "item"),
			})
			if at >= from.Unix() && at < until.Unix() {
				inside++
			}
		}
		q := statistics.Query{
			Per: rapid.SampledFrom([]statistics.Per{statistics.PerHour, statistics.PerDay, statistics.PerMonth,
				statistics.PerPeriod}).Draw(rt, "per"),
			By: []statistics.By{statistics.ByItem}, From: from, Until: until, Zone: z,
		}
		r, err := statistics.Run(t.Context(), operations, q, until.Add(time.Hour))
		if err != nil {
			rt.Fatal(err)
		}
		for i, w := range r.Windows {
			if i == 0 && !w.Start.Equal(from) || i == len(r.Windows)-1 && !w.End.Equal(until) ||
				i > 0 && !w.Start.Equal(r.Windows[i-1].End) || !w.Start.Before(w.End) {
				rt.Fatalf("%d: %+v", i, w)
			}
		}
		if r.Total != inside {
			rt.Fatalf("%d, not %d", r.Total, inside)
		}
		if q.Per == statistics.PerPeriod {
			return
		}
		q.Accumulated = true
		if r, err = statistics.Run(t.Context(), operations, q, until.Add(time.Hour)); err != nil {
			rt.Fatal(err)
		}
		var last int64
		for _, row := range r.Rows {
			if row.Window == len(r.Windows)-1 {
				last += row.Count
			}
		}
		if last != inside {
			rt.Fatalf("accumulated %d, not %d", last, inside)
		}
	})
}

func TestUnfinished(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	r, err := statistics.Run(t.Context(), list{},
		statistics.Query{Per: statistics.PerMonth, From: now.AddDate(0, -2, 0), Until: now.AddDate(0, 1, 0)}, now)
	if err != nil {
		t.Fatal(err)
	}
	var unfinished, grow []bool
	for _, w := range r.Windows {
		unfinished, grow = append(unfinished, w.Unfinished), append(grow, w.MayGrow)
	}
	if !slices.Equal(unfinished, []bool{false, false, true, true}) ||
		!slices.Equal(grow, []bool{false, true, true, true}) {
		t.Errorf("%v, %v", unfinished, grow)
	}
}

// A period is compared with one of the same months, days or length; an unfinished
// one with as much of it.
func TestCompare(t *testing.T) {
	z := zone(t, "Europe/Berlin")
	day := func(month time.Month, d, hour int) time.Time { return time.Date(2026, month, d, hour, 0, 0, 0, z) }
	operations := list{}
	for d := day(1, 1, 0); d.Before(day(12, 1, 0)); d = d.Add(time.Hour) {
		operations = append(operations, operation{at: d.Unix(), item: "a"})
	}
	for _, test := range []struct {
		from, until, now, start, end time.Time
		before                       int64
	}{
		{day(3, 1, 0), day(4, 1, 0), day(11, 1, 0), day(2, 1, 0), day(3, 1, 0), 28 * 24},
		{day(4, 1, 0), day(5, 1, 0), day(11, 1, 0), day(3, 1, 0), day(4, 1, 0), 31*24 - 1},
		{day(3, 30, 0), day(3, 31, 0), day(11, 1, 0), day(3, 29, 0), day(3, 30, 0), 23},
		{day(6, 1, 6), day(6, 1, 12), day(11, 1, 0), day(6, 1, 0), day(6, 1, 6), 6},
		{day(6, 1, 0), day(7, 1, 0), day(6, 11, 0), day(5, 1, 0), day(5, 11, 0), 240},
	} {
		r, err := statistics.Run(t.Context(), operations, statistics.Query{Per: statistics.PerDay, From: test.from,
			Until: test.until, Zone: z, Compare: true}, test.now)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Previous.Start.Equal(test.start) || !r.Previous.End.Equal(test.end) || *r.Before != test.before {
			t.Errorf("%v to %v: %+v, %d", test.from, test.until, r.Previous, *r.Before)
		}
		var sum int64
		for _, row := range r.Rows {
			if row.Before != nil {
				sum += *row.Before
			}
		}
		// A longer month before has days that have no counterpart.
		if sum > test.before || sum < test.before-24 {
			t.Errorf("rows of %d, not %d", sum, test.before)
		}
	}
}

func TestQueriesThatMakeNoSense(t *testing.T) {
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, q := range map[string]statistics.Query{
		"windows":    {Per: "week"},
		"group":      {By: []statistics.By{"colour"}},
		"twice":      {By: []statistics.By{statistics.ByItem, statistics.ByItem}},
		"backwards":  {From: day, Until: day},
		"devices":    {Measure: store.MeasureDevices, Per: statistics.PerDay, Accumulated: true},
		"no windows": {Accumulated: true},
		"compare":    {Compare: true, From: day},
		"before":     {From: time.Unix(-1, 0)},
		"measure":    {Measure: "noise"},
		"denials":    {Measure: store.MeasureDenials, By: []statistics.By{statistics.ByItem}},
		"concurrent": {Measure: store.MeasureConcurrent, Types: []string{"QR_CODE"}},
		"status":     {By: []statistics.By{statistics.ByStatus}},
	} {
		var bad statistics.QueryError
		if _, err := statistics.Run(t.Context(), list{}, q, day); !errors.As(err, &bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var large *statistics.RangeError
	if _, err := statistics.Run(t.Context(), list{}, statistics.Query{Per: statistics.PerSlot, From: day,
		Until: day.AddDate(1, 0, 0)}, day); !errors.As(err, &large) {
		t.Error(err)
	}
	for list, ok := range map[string]bool{"item, type": true, "": true, "day,type": true, "item,item": false,
		"day,hour": false, "colour": false} {
		if _, _, err := statistics.ParseBys(list); (err == nil) != ok {
			t.Errorf("%q: %v", list, err)
		}
	}
}

// A table for spreadsheets has no formulas, and tells the offsets of its times.
// No part of a text is a formula, wherever a spreadsheet takes cells to end.
func TestCell(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "Gate 14": "Gate 14", "a-b=c": "a-b=c", "a; b": "a; b", "=1+1": "'=1+1", "-5": "'-5", "＝1+1": "'＝1+1",
		" =1": " '=1", "a;=1+1": "a;'=1+1", "a\n@x": "a\n'@x", "\t=1": "'\t'=1", "x; +1;y": "x; '+1;y", "\r": "'\r",
	} {
		if got := statistics.Cell(text); got != want {
			t.Errorf("%q becomes %q, not %q", text, got, want)
		}
	}
}

func TestCSV(t *testing.T) {
	z := zone(t, "Europe/Berlin")
	operations := list{{at: time.Date(2026, 8, 20, 3, 0, 0, 0, z).Unix(), item: "=1+1"}}
	q := statistics.Query{Per: statistics.PerDay, By: []statistics.By{statistics.ByItem}, Zone: z}
	r, err := statistics.Run(t.Context(), operations, q, time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	want := "start,end,item,operations,late\n2026-08-20T00:00:00+02:00,2026-08-21T00:00:00+02:00,'=1+1,1,0\n"
	if err := r.WriteCSV(&text, q); err != nil || text.String() != want {
		t.Errorf("%q, %v", text.String(), err)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

// All history begins with the month in which something was counted first.
func TestAllHistory(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	operations := list{{at: time.Date(2026, 8, 20, 3, 0, 0, 0, time.UTC).Unix(), item: "a"},
		{at: now.Unix(), item: "a"}}
	r, err := statistics.Run(t.Context(), operations, statistics.Query{Per: statistics.PerMonth}, now)
	if err != nil || len(r.Windows) != 4 || r.Total != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
	if r, err = statistics.Run(t.Context(), operations, statistics.Query{}, now); err != nil || len(r.Windows) != 1 ||
		r.Total != 2 {
		t.Errorf("%+v, %v", r, err)
	}
}
