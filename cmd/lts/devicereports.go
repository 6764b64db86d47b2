package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/administration"
)

func (a *app) deviceReports() *cobra.Command {
	var selection administration.Selection
	var since, until string
	var limit int
	cmd := &cobra.Command{
		Use: "reports UUID", Short: "List the reports of a device behind a figure", Args: cobra.ExactArgs(1),
		Long: `List what the server accepted from a device, slot by slot of each run, and when each
revision arrived: the reports behind a figure of "lts stats", which is their sum. "lts
stats --by device" shows from which devices a figure comes.`,
		Example: `  lts device reports 5f0c4a52-0d2b-4d0e-9b6c-1f2e3d4c5b6a --since 2026-11-03 --until 2026-11-04
  lts device reports 5f0c4a52-0d2b-4d0e-9b6c-1f2e3d4c5b6a --item scans --type QR_CODE --json`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if err := checkLimit(limit, 1); err != nil {
				return err
			}
			for name, moment := range map[string]struct {
				text string
				to   *int64
			}{"since": {since, &selection.Since}, "until": {until, &selection.Until}} {
				if moment.text == "" {
					continue
				}
				if *moment.to, err = parseTime(name, moment.text); err != nil {
					return err
				}
			}
			return a.work(cmd.Context(), false, func(s service) error {
				rows, err := all(cmd.Context(), selection, limit,
					func(ctx context.Context,
						selection administration.Selection) (administration.Page[administration.DeviceReport], error) {
						found, err := s.DeviceReports(ctx, args[0], selection)
						return found.Page, err
					})
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), rows)
				}
				t := newTable(cmd.OutOrStdout(), "SLOT (UTC)", "UNITS", "TYPES", "REVISION", "ARRIVED (UTC)",
					"HANDSHAKE CODE", "ITEM", "RUN")
				for _, r := range rows {
					types, arrived := []string{}, []string{}
					for _, kind := range slices.Sorted(maps.Keys(r.Counts)) {
						types = append(types, fmt.Sprintf("%s %d", kind, r.Counts[kind]))
					}
					for _, arrival := range r.Arrivals {
						arrived = append(arrived, formatTime(arrival.At))
					}
					t.row(formatTime(r.Slot), r.Units, strings.Join(types, ", "), r.Revision,
						strings.Join(arrived, ", "), r.Handshake, r.Item, r.Run)
				}
				return t.end()
			})
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&selection.Codes, "handshake", nil, "only of this handshake `code`; may be repeated")
	flags.StringArrayVar(&selection.Items, "item", nil, "only of the item with this `id`; may be repeated")
	flags.StringArrayVar(&selection.Kinds, "type", nil, "only of this operation `type`; may be repeated")
	flags.StringVar(&since, "since", "", "only slots from this `time` on: "+timeHelp)
	flags.StringVar(&until, "until", "", "only slots before this `time`")
	flags.IntVar(&limit, "limit", recordLimit, "at most so `many`")
	return cmd
}
