package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/verification"
)

func (a *app) verify() *cobra.Command {
	var since string
	var quiet bool
	cmd := &cobra.Command{
		Use: "verify", Short: "Recompute all that is counted from the reports as they came", Args: cobra.NoArgs,
		Long: `Recompute what is stored from the reports as they came, and compare: each slot of
each run, the totals of slots, hours, days and devices, the usage of all items and
the declared losses. It changes nothing, and the server may go on meanwhile. What
does not fit into memory goes into temporary files.

Where reports were pruned it begins with the checkpoint that stands for them, whose
signature and sums it checks. --since begins with a later one.

Exit status: 0 if all agrees, 2 if something differs (it says what), 1 if that
can't be told, because the database can't be read, say.`,
		Example: `  lts verify
  lts verify --since 2026-06-01`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			options := verification.Options{}
			if since != "" {
				var err error
				if options.Since, err = parseTime("since", since); err != nil {
					return err
				}
			}
			if !quiet && !a.json {
				options.Progress = showProgress(cmd.ErrOrStderr(), time.Now)
			}
			return a.withStore(cmd.Context(), false, func(s store.Store) error {
				result, err := verification.Run(cmd.Context(), s, options)
				if err != nil {
					return err
				}
				if a.json {
					err = printJSON(cmd.OutOrStdout(), struct {
						OK bool `json:"ok"`
						verification.Result
					}{result.Different == 0, result})
				} else {
					err = printVerification(cmd, result)
				}
				if err == nil && result.Different > 0 {
					err = differsError(fmt.Sprintf("what is stored differs from the reports in %d places (the first "+
						"%d are named); keep a copy of the database and restore a backup",
						result.Different, len(result.Differences)))
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&since, "since", "", "begin with the checkpoint of this `time`")
	cmd.Flags().BoolVar(&quiet, "quiet", false, "tell no progress")
	cmd.AddCommand(a.verifyStatement())
	return cmd
}

// progressSeconds is the time between lines of progress, and before the first one.
const progressSeconds = 5

// showProgress shows the progress of a long operation now and then.
func showProgress(w io.Writer, now func() time.Time) func(done, of int64) {
	told := now()
	return func(done, of int64) {
		if now().Sub(told) >= progressSeconds*time.Second {
			told = now()
			_, _ = fmt.Fprintf(w, "%d of about %d reports read\n", done, of)
		}
	}
}

func printVerification(cmd *cobra.Command, result verification.Result) error {
	if len(result.Differences) > 0 {
		t := newTable(cmd.OutOrStdout(), "WHAT", "WHERE", "STORED", "RECOMPUTED")
		for _, d := range result.Differences {
			t.row(d.What, d.Where, d.Stored, d.Recomputed)
		}
		return t.end()
	}
	since := ""
	if result.Since != 0 {
		since = ", from the checkpoint of " + formatTime(result.Since) + " on"
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "ok: %d totals agree with %d reports%s\n", result.Totals,
		result.Reports, since)
	return err
}
