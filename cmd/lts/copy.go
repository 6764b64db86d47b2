package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/store/copying"
	"github.com/openlts/openlts/server/store/database"
	"github.com/openlts/openlts/server/store/postgres"
	"github.com/openlts/openlts/server/store/sqlite"
)

func (a *app) copy() *cobra.Command {
	var from, to, toFile string
	cmd := &cobra.Command{
		Use: "copy --from sqlite:DIRECTORY --to postgres://...", Short: "Move everything from SQLite to PostgreSQL",
		Args: cobra.NoArgs,
		Long: `Copy everything from a SQLite database into a PostgreSQL database that is empty, and
compare the two. Stop the servers on the source for good before you start: what they
count afterwards is not in the copy. (While the command runs, nobody can change the
source.)

If the copy is interrupted, run the command again and it continues. Until it has
finished, nobody can use the target.`,
		Example: `  lts copy --from sqlite:/var/lib/lts --to postgres://lts@db.example.com/lts`,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			target, err := copyTarget(to, toFile)
			if err != nil {
				return err
			}
			directory := database.Directory(from)
			if directory == "" {
				return fmt.Errorf("--from %q is not sqlite:DIRECTORY", from)
			}
			source, err := sqlite.Open(cmd.Context(), directory, false)
			if err != nil {
				return err
			}
			defer func() {
				if closed := source.Close(); err == nil {
					err = closed
				}
			}()
			err = copying.Copy(cmd.Context(), source, target, func(what, table string, rows int64) {
				_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "%s %s: %d rows\n", what, table, rows)
			})
			if err != nil {
				return err
			}
			return a.done(cmd, directory, "all of %s was copied and compared", directory)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "the `database` to copy: sqlite:DIRECTORY")
	cmd.Flags().StringVar(&to, "to", "",
		"the `database` to copy into, empty: postgres://...; also "+databaseVariable+" in the environment")
	cmd.Flags().StringVar(&toFile, "to-file", "", "a `file` whose first line is that database, for one with a password")
	cmd.MarkFlagsMutuallyExclusive("to", "to-file")
	_ = cmd.MarkFlagRequired("from") // it exists
	return cmd
}

func copyTarget(to, file string) (name string, err error) {
	switch fromEnvironment := os.Getenv(databaseVariable); {
	case to != "":
		name, err = checked("--to", to, true)
	case file != "":
		if name, err = database.ReadFile(file); err == nil {
			name, err = checked("--to-file", name, false)
		}
	case fromEnvironment != "":
		name, err = checked(databaseVariable, fromEnvironment, false)
	default:
		err = fmt.Errorf("name the database to copy into by --to or --to-file")
	}
	if err == nil && !postgres.IsURL(name) {
		err = fmt.Errorf("the database to copy into is postgres://..., not SQLite")
	}
	return name, err
}
