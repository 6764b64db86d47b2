package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/store"
)

func (a *app) verify() *cobra.Command {
	return &cobra.Command{
		Use: "verify", Short: "Recompute all totals from the reports as they came", Args: cobra.NoArgs,
		Long: `Recompute all totals, the usage of all items and the declared losses from the
reports as they came, and compare. It changes nothing, and the server may go on
meanwhile. If something differs it says where, and the exit status is 1.`,
		Example: `  lts verify`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withStore(cmd.Context(), false, func(s store.Store) error {
				result, err := s.Verify(cmd.Context())
				if err != nil {
					return err
				}
				if a.json {
					err = printJSON(cmd.OutOrStdout(), struct {
						OK bool `json:"ok"`
						store.Verification
					}{len(result.Differences) == 0, result})
				} else {
					err = printVerification(cmd, result)
				}
				if err == nil && len(result.Differences) > 0 {
					err = fmt.Errorf("what is stored differs from the reports in %d places (at most 1000 are named); keep a copy of the data directory and restore a backup", len(result.Differences))
				}
				return err
			})
		},
	}
}

func printVerification(cmd *cobra.Command, result store.Verification) error {
	if len(result.Differences) > 0 {
		t := newTable(cmd.OutOrStdout(), "WHAT", "WHERE", "STORED", "RECOMPUTED")
		for _, d := range result.Differences {
			t.row(d.What, d.Where, d.Stored, d.Recomputed)
		}
		return t.end()
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "ok: %d totals agree with %d reports\n", result.Totals, result.Reports)
	return err
}

func (a *app) backup() *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "Write a consistent copy of the database to a new file", Args: cobra.ExactArgs(1),
		Long: `Write a consistent copy of the database to a new file, also while the server
runs. The copy holds the server's keys and all passwords. To restore, stop the
server and put the copy into an empty data directory as lts.db.`,
		Example: `  lts backup /backup/lts-2026-01-31.db`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withStore(cmd.Context(), false, func(s store.Store) error {
				if err := s.Backup(cmd.Context(), args[0]); err != nil {
					return err
				}
				return a.done(cmd, args[0], "the database was copied to %s", args[0])
			})
		},
	}
}
