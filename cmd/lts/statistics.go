package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/store"
)

type statisticsJSON struct {
	Total       int64            `json:"total"`
	Lost        int64            `json:"lost"`
	LostByCause map[string]int64 `json:"lostByCause"`
	Rows        []map[string]any `json:"rows"`
}

func (a *app) statistics() *cobra.Command {
	var by, since, until string
	var query store.StatisticsQuery
	cmd := &cobra.Command{
		Use: "stats", Short: "Sum up what was counted", Args: cobra.NoArgs,
		Long: `Sum up what was counted, grouped by columns. Times are UTC; slot, hour and day
are their beginnings. "lost" is what devices declared as never to come.`,
		Example: `  lts stats
  lts stats --by day,type --handshake 100001-reader --since 2026-01-01 --until 2026-02-01
  lts stats --by device --item scans --json`,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if query.By, err = store.ParseColumns(by); err != nil {
				return err
			}
			if since != "" {
				if query.Since, err = parseTime("since", since); err != nil {
					return err
				}
			}
			if until != "" {
				if query.Until, err = parseTime("until", until); err != nil {
					return err
				}
				if query.Until <= query.Since {
					return fmt.Errorf("--until %s is not after --since %s", until, since)
				}
			}
			return a.withStore(cmd.Context(), false, func(s store.Store) error {
				if err := checkFilter(cmd, s, query); err != nil {
					return err
				}
				result, err := s.Statistics(cmd.Context(), query)
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), newStatisticsJSON(query, result))
				}
				return printStatistics(cmd, query, result)
			})
		},
	}
	cmd.Flags().StringVar(&by, "by", "handshake,item,type", "comma-separated `columns` out of handshake, item, type, slot, hour, day, device")
	cmd.Flags().StringArrayVar(&query.HandshakeCodes, "handshake", nil, "only this handshake `code`; may be repeated")
	cmd.Flags().StringArrayVar(&query.Items, "item", nil, "only the item with this `id`; may be repeated")
	cmd.Flags().StringVar(&since, "since", "", "only slots from this `time` on: "+timeHelp)
	cmd.Flags().StringVar(&until, "until", "", "only slots before this `time`")
	return cmd
}

// checkFilter turns a misspelt code or item into an error: no rows would look
// like no use.
func checkFilter(cmd *cobra.Command, s store.Store, query store.StatisticsQuery) error {
	if len(query.HandshakeCodes) > 0 {
		codes, err := s.HandshakeCodes(cmd.Context())
		if err != nil {
			return err
		}
		for _, code := range query.HandshakeCodes {
			if !slices.ContainsFunc(codes, func(c store.HandshakeCodeUse) bool { return c.Code == code }) {
				return fmt.Errorf("there is no handshake code %q; see `lts handshake list`", code)
			}
		}
	}
	if len(query.Items) > 0 {
		items, err := s.Items(cmd.Context(), time.Now().Unix())
		if err != nil {
			return err
		}
		for _, id := range query.Items {
			if !slices.ContainsFunc(items, func(i store.ItemUse) bool { return i.ID == id }) {
				return fmt.Errorf("there is no item %q; see `lts item list`", id)
			}
		}
	}
	return nil
}

func newStatisticsJSON(query store.StatisticsQuery, result store.Statistics) statisticsJSON {
	output := statisticsJSON{Total: result.Total, LostByCause: result.Lost, Rows: []map[string]any{}}
	for _, units := range result.Lost {
		output.Lost += units
	}
	for _, row := range result.Rows {
		values := map[string]any{"count": row.Count}
		for i, column := range query.By {
			values[string(column)] = row.Values[i]
		}
		output.Rows = append(output.Rows, values)
	}
	return output
}

func printStatistics(cmd *cobra.Command, query store.StatisticsQuery, result store.Statistics) error {
	titles := make([]string, 0, len(query.By)+1)
	for _, column := range query.By {
		title := strings.ToUpper(string(column))
		if column.Time() {
			title += " (UTC)"
		}
		titles = append(titles, title)
	}
	t := newTable(cmd.OutOrStdout(), append(titles, "COUNT")...)
	for _, row := range result.Rows {
		values := slices.Clone(row.Values)
		for i, column := range query.By {
			if column.Time() {
				values[i] = formatTime(row.Values[i].(int64))
			}
		}
		t.row(append(values, row.Count)...)
	}
	if err := t.end(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "\nTotal: %d\n", result.Total)
	for _, cause := range slices.Sorted(maps.Keys(result.Lost)) {
		if err == nil {
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "Declared lost (%s): %d\n", cause, result.Lost[cause])
		}
	}
	return err
}
