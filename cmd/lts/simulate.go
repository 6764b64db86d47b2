package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/simulation"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/verification"
)

func (a *app) simulate() *cobra.Command {
	o := simulation.Options{}
	var until string
	var quiet bool
	cmd := &cobra.Command{
		Use: "simulate", Short: "Fill a new database with the history of simulated devices", Args: cobra.NoArgs,
		Long: `Fill a new database with a history to look at and to try things on: devices of several
customers in several time zones get authorizations and report usage, by the protocol
that real devices speak, in simulated time. There are working
days, outages of devices and of the server, reports that come late, a copied
machine, a clock that is wrong, usage that was lost, refusals, and items that are
almost used up or about to end.

The same --seed, --devices, --days and --until give the same history. The command
refuses a database that has organizations, because simulated usage can't be removed
again. At the end it recomputes everything from the reports, like "lts verify".`,
		Example: `  lts simulate --data simulated
  lts simulate --data small --devices 100 --days 14 --seed 7
  lts serve --data simulated`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Until = time.Now()
			if until != "" {
				moment, err := parseTime("until", until)
				if err != nil {
					return err
				}
				o.Until = time.Unix(moment, 0)
			}
			var verifying func(done, of int64)
			if !quiet && !a.json {
				o.Progress = showSimulated(cmd, time.Now)
				verifying = showProgress(cmd.ErrOrStderr(), time.Now)
			}
			return a.withStore(cmd.Context(), true, func(s store.Store) error {
				if err := o.Check(); err != nil {
					return err
				}
				if o.Progress != nil {
					if _, err := fmt.Fprintf(cmd.ErrOrStderr(), "simulating about %d devices over %d days, until %s "+
						"UTC, with the seed %d; --quiet tells no progress\n", o.Devices, o.Days,
						formatTime(o.Until.Unix()), o.Seed); err != nil {
						return err
					}
				}
				result, err := simulation.Run(cmd.Context(), s, o)
				if err != nil {
					return err
				}
				verified, err := verification.Run(cmd.Context(), s, verification.Options{Progress: verifying})
				if err != nil {
					return err
				}
				if verified.Different > 0 {
					return differsError(fmt.Sprintf(
						"what is stored differs from the reports in %d places; please report this", verified.Different))
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), result)
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), `%d organizations, %d devices, %d requests, %d refusals
%d operations in %d reports, verified
`, result.Organizations, result.Devices, result.Requests, result.Refusals, result.Operations, result.Reports)
				return err
			})
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&o.Devices, "devices", 2000,
		fmt.Sprintf("about how `many` devices, from %d to %d", simulation.MinDevices, simulation.MaxDevices))
	flags.IntVar(&o.Days, "days", 60,
		fmt.Sprintf("over how many `days`, from %d to %d", simulation.MinDays, simulation.MaxDays))
	flags.Uint64Var(&o.Seed, "seed", 1, "a `number` that chooses one of many histories")
	flags.StringVar(&until, "until", "", "the `moment` at which it ends: "+timeHelp+"; empty: now")
	flags.BoolVar(&quiet, "quiet", false, "show no progress")
	return cmd
}

// showSimulated shows the first progress at once, and then every few seconds.
func showSimulated(cmd *cobra.Command, now func() time.Time) func(done, of int) {
	var told time.Time
	return func(done, of int) {
		if now().Sub(told) >= progressSeconds*time.Second {
			told = now()
			_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "simulated %d %%\n", 100*int64(done)/int64(max(of, 1)))
		}
	}
}
