package main

import "github.com/spf13/cobra"

func (a *app) adjustItem() *cobra.Command {
	var units int64
	var reason string
	cmd := &cobra.Command{
		Use: "adjust ID", Short: "Adjust how many units of an item are used, for a reason", Args: cobra.ExactArgs(1),
		Long: `Adjust how many units of an item are used, for example after a refund or because a
device counted tests. Reports never change: the usage is the sum of what they charge
and of the adjustments, which "lts verify" checks. The server signs adjustments. They
are in the audit, and the customer sees them in the month's statement.`,
		Example: `  lts item adjust scans --units -500 --reason "tests of 2026-11-20, ticket 4711"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.work(cmd.Context(), false, func(s service) error {
				if err := s.Adjust(cmd.Context(), args[0], units, reason); err != nil {
					return err
				}
				return a.done(cmd, args[0], "item %s is adjusted by %+d units", args[0], units)
			})
		},
	}
	cmd.Flags().Int64Var(&units, "units", 0, "how `many` units are added; with a minus, taken off (required)")
	cmd.Flags().StringVar(&reason, "reason", "", "the `reason`, which the customer sees (required)")
	required(cmd, "units", "reason")
	return cmd
}
