package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/statistics"
	"github.com/openlts/openlts/server/store"
)

type statisticsJSON struct {
	AsOf        int64            `json:"asOf"`
	Zone        string           `json:"zone"`
	Measure     store.Measure    `json:"measure"`
	Total       int64            `json:"total"`
	Late        int64            `json:"late"`
	Before      *int64           `json:"before,omitempty"`
	Lost        int64            `json:"lost"`
	LostByCause map[string]int64 `json:"lostByCause"`
	Rows        []statisticsRow  `json:"rows"`
}

// statisticsRow is a row with its window, which is told by its start, in seconds since 1970.
type statisticsRow struct {
	Slot       *int64 `json:"slot,omitempty"` // takes the place of the group's
	Hour       *int64 `json:"hour,omitempty"`
	Day        *int64 `json:"day,omitempty"`
	Month      *int64 `json:"month,omitempty"`
	End        *int64 `json:"end,omitempty"`
	Unfinished bool   `json:"unfinished,omitempty"`
	statistics.Group
	Count  int64  `json:"count"`
	Late   int64  `json:"late,omitempty"`
	Before *int64 `json:"before,omitempty"`
}

type statisticsFlags struct {
	by, since, until, zone string
	csv                    bool
	query                  statistics.Query
}

func (a *app) statistics() *cobra.Command {
	var f statisticsFlags
	cmd := &cobra.Command{
		Use: "stats", Short: "Sum up what was counted", Args: cobra.NoArgs,
		Long: `Sum up what was counted, grouped by columns. One of them may be slot, hour, day or
month: the windows of time, which are told by their beginnings. Days and months are
those of --zone. What belongs to windows that have not ended yet is marked with +,
as it may grow. Slots are those of the devices, of whatever length; where that makes
no sense (with --compare, --accumulated and other measures), of 3 minutes.

"late" is what came more than a day after it happened, "lost" what devices declared
as never to come. --measure counts something else: devices (different ones), concurrent
(the most devices at work in one slot) or denials (refused authorizations).`,
		Example: `  lts stats
  lts stats --by day,type --handshake 100001-reader --since 2026-01-01 --until 2026-02-01 --zone Europe/Berlin
  lts stats --by month --since 2026-10-01 --until 2026-11-01 --compare
  lts stats --by day --measure devices --csv
  lts stats --by device --item scans --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.parse(); err != nil {
				return err
			}
			return a.work(cmd.Context(), false, func(s service) error {
				result, err := s.Statistics(cmd.Context(), f.query)
				if err != nil {
					return err
				}
				switch {
				case f.csv:
					return result.WriteCSV(cmd.OutOrStdout(), f.query)
				case a.json:
					return printJSON(cmd.OutOrStdout(), newStatisticsJSON(&f.query, result))
				}
				return printStatistics(cmd, &f.query, result)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.by, "by", "", "comma-separated `columns` out of slot, hour, day, month, organization, "+
		"handshake, item, type, kind, import, device, report, "+
		"status "+
		"(default handshake,item,type; of other measures, none)")
	flags.StringVar((*string)(&f.query.Measure), "measure", "operations",
		"what is `counted`: operations, devices, concurrent or denials")
	flags.StringArrayVar(&f.query.Organizations, "org", nil,
		"only this organization, by its `id`; may be repeated, like those that follow")
	flags.StringArrayVar(&f.query.Codes, "handshake", nil, "only this handshake `code`")
	flags.StringArrayVar(&f.query.Items, "item", nil, "only the item with this `id`")
	flags.StringArrayVar(&f.query.Types, "type", nil, "only this operation `type`")
	flags.StringArrayVar(&f.query.Devices, "device", nil, "only the device with this `UUID`")
	flags.StringVar(&f.since, "since", "", "only slots from this `time` on: "+timeHelp+"; of days, in the zone")
	flags.StringVar(&f.until, "until", "", "only slots before this `time`")
	flags.StringVar(&f.zone, "zone", "UTC", "the `zone` of days and months, such as Europe/Berlin")
	flags.BoolVar(&f.query.Accumulated, "accumulated", false, "each window tells the sum up to it")
	flags.BoolVar(&f.query.Compare, "compare", false, "tell what there was in the period before, too")
	flags.BoolVar(&f.csv, "csv", false, "print a table for spreadsheets")
	return cmd
}

func (f *statisticsFlags) parse() (err error) {
	if f.by == "" && f.query.Measure == store.MeasureOperations {
		f.by = "handshake,item,type"
	}
	if f.query.By, f.query.Per, err = statistics.ParseBys(f.by); err != nil {
		return err
	}
	f.query.OwnSlots()
	if f.query.Zone, err = time.LoadLocation(f.zone); err != nil || f.zone == "Local" {
		return fmt.Errorf("--zone %q is not a time zone; give for example Europe/Berlin, or UTC", f.zone)
	}
	if f.query.From, err = parseTimeIn("since", f.since, f.query.Zone); err != nil {
		return err
	}
	if f.query.Until, err = parseTimeIn("until", f.until, f.query.Zone); err != nil {
		return err
	}
	if f.since != "" && f.until != "" && !f.query.From.Before(f.query.Until) {
		return fmt.Errorf("--until %s is not after --since %s", f.until, f.since)
	}
	return nil
}

// parseTimeIn reads a moment; a day is its first instant in a zone; "" is none.
func parseTimeIn(flag, text string, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := statistics.ParseDay(text, zone); err == nil && day.Unix() >= 0 {
		return day, nil
	}
	unix, err := parseTime(flag, text)
	return time.Unix(unix, 0), err
}

func newStatisticsJSON(query *statistics.Query, result *statistics.Result) statisticsJSON {
	output := statisticsJSON{
		AsOf: result.AsOf.Unix(), Zone: result.Zone, Measure: result.Measure, Total: result.Total, Late: result.Late,
		Before: result.Before, LostByCause: result.Lost, Rows: []statisticsRow{},
	}
	if output.LostByCause == nil {
		output.LostByCause = map[string]int64{}
	}
	for _, units := range result.Lost {
		output.Lost = store.SaturatingSum(output.Lost, units)
	}
	for _, counted := range result.Rows {
		row := statisticsRow{Group: counted.Group, Count: counted.Count, Late: counted.Late, Before: counted.Before}
		if slices.Contains(query.By, statistics.BySlot) {
			row.Slot = &counted.Group.Slot
		}
		if query.Per != statistics.PerPeriod {
			row.window(query.Per, result.Windows[counted.Window])
		}
		output.Rows = append(output.Rows, row)
	}
	return output
}

// window sets the columns of a window.
func (r *statisticsRow) window(per statistics.Per, of statistics.Window) {
	start, end := of.Start.Unix(), of.End.Unix()
	r.End, r.Unfinished = &end, of.Unfinished
	switch per {
	case statistics.PerSlot:
		r.Slot = &start
	case statistics.PerHour:
		r.Hour = &start
	case statistics.PerDay:
		r.Day = &start
	case statistics.PerMonth:
		r.Month = &start
	}
}

func printStatistics(cmd *cobra.Command, query *statistics.Query, result *statistics.Result) error {
	var titles []string
	if query.Per != statistics.PerPeriod {
		titles = append(titles, fmt.Sprintf("%s (%s)", strings.ToUpper(string(query.Per)), result.Zone))
	}
	for _, by := range query.By {
		title := strings.ToUpper(string(by))
		if by == statistics.BySlot {
			title = fmt.Sprintf("%s (%s)", title, result.Zone)
		}
		titles = append(titles, title)
	}
	titles = append(titles, "COUNT")
	if result.Late > 0 {
		titles = append(titles, "LATE")
	}
	if result.Previous != nil {
		titles = append(titles, "BEFORE")
	}
	t := newTable(cmd.OutOrStdout(), titles...)
	for _, row := range result.Rows {
		var values []any
		mark := ""
		if query.Per != statistics.PerPeriod {
			window := result.Windows[row.Window]
			values = append(values, window.Start.Format(time.DateTime))
			if window.Unfinished {
				mark = "+"
			}
		}
		for _, by := range query.By {
			value := row.Group.Text(by)
			if by == statistics.BySlot { // as people read it
				value = time.Unix(row.Group.Slot, 0).In(result.AsOf.Location()).Format(time.DateTime)
			}
			values = append(values, value)
		}
		values = append(values, fmt.Sprint(row.Count, mark))
		if result.Late > 0 {
			values = append(values, row.Late)
		}
		if result.Previous != nil {
			before := ""
			if row.Before != nil {
				before = fmt.Sprint(*row.Before)
			}
			values = append(values, before)
		}
		t.row(values...)
	}
	if err := t.end(); err != nil {
		return err
	}
	return printTotals(cmd, result)
}

func printTotals(cmd *cobra.Command, result *statistics.Result) error {
	if result.Measure != store.MeasureOperations && result.Measure != store.MeasureDenials {
		return nil
	}
	lines := []string{"", fmt.Sprintf("Total: %d", result.Total)}
	if result.Late > 0 {
		lines = append(lines, fmt.Sprintf("Of it late: %d", result.Late))
	}
	if result.Before != nil {
		lines = append(lines, fmt.Sprintf("In the period before (%s to %s): %d",
			result.Previous.Start.Format(time.DateTime), result.Previous.End.Format(time.DateTime), *result.Before))
	}
	for _, cause := range slices.Sorted(maps.Keys(result.Lost)) {
		lines = append(lines, fmt.Sprintf("Declared lost (%s): %d", cause, result.Lost[cause]))
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), strings.Join(lines, "\n"))
	return err
}
