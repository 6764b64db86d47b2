package main

import (
	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/store"
)

func (a *app) backup() *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "Write a consistent copy of the database to a new file", Args: cobra.ExactArgs(1),
		Long: `Write a consistent copy of the database to a new file, even while the server runs. The
copy contains the server's keys and the hashes of all passwords. To restore, stop the
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
