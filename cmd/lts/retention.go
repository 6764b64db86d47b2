package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/api"
	"github.com/openlts/openlts/server/retention"
	"github.com/openlts/openlts/server/store"
)

// forever is the word for no end of time.
const forever = "forever"

func (a *app) retention() *cobra.Command {
	list := &cobra.Command{
		Use: "list", Short: "List how long records are kept", Args: cobra.NoArgs, Example: `  lts retention list`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.work(cmd.Context(), false, func(s service) error {
				kept, err := s.Retentions(cmd.Context())
				if err != nil {
					return err
				}
				if a.json {
					days := map[store.Record]int64{}
					for _, each := range kept {
						days[each.Record] = each.Days
					}
					return printJSON(cmd.OutOrStdout(), days)
				}
				t := newTable(cmd.OutOrStdout(), "RECORDS", "DAYS")
				for _, each := range kept {
					shown := forever
					if each.Days > 0 {
						shown = strconv.FormatInt(each.Days, 10)
					}
					t.row(each.Record, shown)
				}
				return t.end()
			})
		},
	}
	set := &cobra.Command{
		Use: "set RECORDS DAYS", Short: "Set how many days records are kept, or forever", Args: cobra.ExactArgs(2),
		Long: `Set how many days records are kept, or "forever", the default: reports (as they came,
and what is stored for each slot of each device; at least 40 days), denials,
anomalies, audit, seats (that ended; at least 365 days), tokens (that expired). "lts
serve" deletes older records every hour, "lts prune" at once.

Reports are deleted by whole months in UTC. Before that, everything that is counted is
verified, and a checkpoint is made: the sums of the month's reports, signed by the
server, in a chain. Totals do not change, but reports for these months are not
accepted any more, and statistics by device have only whole days in UTC there.`,
		Example: `  lts retention set reports 400
  lts retention set denials 90
  lts retention set audit forever`,
		RunE: func(cmd *cobra.Command, args []string) error {
			var days int64
			if args[1] != forever {
				var err error
				if days, err = strconv.ParseInt(args[1], 10, 64); err != nil || days < 1 {
					return fmt.Errorf("%q is not a number of days from 1 on, or %q", args[1], forever)
				}
			}
			return a.work(cmd.Context(), false, func(s service) error {
				if err := s.SetRetention(cmd.Context(), store.Record(args[0]), days); err != nil {
					return err
				}
				if days == 0 {
					return a.done(cmd, args[0], "%s are kept forever", args[0])
				}
				return a.done(cmd, args[0], "%s are kept for %d days", args[0], days)
			})
		},
	}
	return group("retention", "For how long records are kept", list, set)
}

func (a *app) prune() *cobra.Command {
	return &cobra.Command{
		Use: "prune", Short: "Delete records that were kept long enough", Args: cobra.NoArgs,
		Long: `Delete records that were kept longer than "lts retention" says. "lts serve" does so
every hour; this command does it now. The server may continue to run.`,
		Example: `  lts prune`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withStore(cmd.Context(), false, func(s store.Store) error {
				keys, err := api.LoadKeys(cmd.Context(), s)
				if err != nil {
					return err
				}
				pruner := &retention.Pruner{Store: s, Key: keys.Signing, Now: time.Now}
				if !a.json {
					pruner.Progress = showProgress(cmd.ErrOrStderr(), time.Now)
				}
				outcome, err := pruner.Prune(cmd.Context())
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), outcome)
				}
				if outcome.Checkpoint != 0 {
					if _, err := fmt.Fprintf(cmd.OutOrStdout(), "a checkpoint stands for the reports before %s\n",
						formatTime(outcome.Checkpoint)); err != nil {
						return err
					}
				}
				var total int64
				for _, record := range slices.Sorted(maps.Keys(outcome.Removed)) {
					if n := outcome.Removed[record]; n > 0 {
						total += n
						if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %d rows deleted\n", record, n); err != nil {
							return err
						}
					}
				}
				if total == 0 {
					_, err = fmt.Fprintln(cmd.OutOrStdout(), "nothing was kept for longer than it should be")
				}
				return err
			})
		},
	}
}

func (a *app) checkpoint() *cobra.Command {
	return &cobra.Command{
		Use: "checkpoint", Short: "Close past months and sign their sums", Args: cobra.NoArgs,
		Long: `Verify the months that ended 40 days ago or earlier, close them (reports for them are
refused from then on), and sign the sums of their reports. Nothing is deleted. "lts
verify --since" may begin there and takes less time then. "lts prune" makes a
checkpoint by itself.`,
		Example: `  lts checkpoint`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withStore(cmd.Context(), false, func(s store.Store) error {
				keys, err := api.LoadKeys(cmd.Context(), s)
				if err != nil {
					return err
				}
				pruner := &retention.Pruner{
					Store: s, Key: keys.Signing, Now: time.Now, Progress: showProgress(cmd.ErrOrStderr(), time.Now),
				}
				before, err := pruner.Checkpoint(cmd.Context())
				if err != nil {
					return err
				}
				if before == 0 {
					return a.done(cmd, "", "there is a checkpoint of all months that may be closed")
				}
				date := time.Unix(before, 0).UTC().Format(time.DateOnly)
				return a.done(cmd, date, "a checkpoint stands for the reports before %s", date)
			})
		},
	}
}
