package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/administration"
)

func (a *app) showItem() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show a license item, how much of it is used, and by what numbers it is charged",
		Args: cobra.ExactArgs(1),
		Example: `  lts item show scans
  lts item show scans --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.work(cmd.Context(), false, func(s service) error {
				item, err := s.Item(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), item)
				}
				return showRow(newTable(cmd.OutOrStdout(), "ITEM", item.ID), item)
			})
		},
	}
}

// showRow shows an item, with a line for each property.
func showRow(t table, r administration.Item) error {
	lines := [][2]any{
		{"name", r.Name}, {"organization", r.Organization}, {"handshake codes", strings.Join(r.Handshakes, ",")},
		{"state", r.State}, {"starts (UTC)", formatTime(r.StartsAt)}, {"expires (UTC)", formatTime(r.ExpiresAt)},
		{"charge way", r.ChargeWay}, {"quota", administration.FormatQuota(r.Quota.Limit)}, {"used", r.Quota.Used},
		{"used %", percent(r.Quota)},
		{"left beyond the quota", left(r.Quota)},
	}
	if r.Charging.Window != nil {
		lines = append(lines, [2]any{"live seats", r.Live})
	}
	if r.Charging.Exceptions != nil {
		lines = append(lines, [2]any{"exceptions", fmt.Sprintf("%d of %d", r.Quota.Exceptions, *r.Charging.Exceptions)})
	}
	for _, lasting := range []struct {
		name  string
		value *int64
	}{
		{"slot", r.Charging.Slot}, {"a seat lasts", r.Charging.Window}, {"at least", r.Charging.Least},
		{"without a home at most", r.Charging.Brief},
	} {
		if lasting.value != nil {
			lines = append(lines, [2]any{lasting.name, administration.FormatLasting(*lasting.value)})
		}
	}
	for _, line := range lines {
		t.row(line[0], line[1])
	}
	return t.end()
}
