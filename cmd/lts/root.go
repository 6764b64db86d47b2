package main

import (
	"context"
	"errors"
	"os"
	"os/user"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/api"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/database"
)

// app is what all commands share: the persistent flags.
type app struct {
	location          location
	server, tokenFile string // of a server elsewhere
	json              bool
}

func newRoot() *cobra.Command {
	a := &app{}
	root := &cobra.Command{
		Use:   "lts",
		Short: "License Tracking Server: authorizes devices and counts what they use",
		Long: `lts is the License Tracking Server and its administration.

Its state lives in a database: SQLite in a directory, named by --data, or
PostgreSQL, named by --database. All commands work directly on it, also while
"lts serve" runs on it; what they change holds from the next request on.

Errors go to stderr with exit status 1.`,
		Example: `  lts org add "Example Corp" --id 100001
  lts handshake add reader --org 100001
  lts item add "Reader scans" --org 100001 --charge-way scan --quota 1000000 --handshake 100001-reader
  lts serve --listen 127.0.0.1:48080
  lts stats`,
		Version:       version(),
		SilenceErrors: true, // main prints it
		SilenceUsage:  true,
	}
	a.location.addFlags(root.PersistentFlags())
	root.PersistentFlags().StringVar(&a.server, "server", "",
		"the base `URL` of a server to work on, instead of a directory")
	root.PersistentFlags().StringVar(&a.tokenFile, "token-file", "",
		"the `file` with the API token for --server; -: standard input")
	root.PersistentFlags().BoolVar(&a.json, "json", false, "print JSON instead of tables")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		// For license keys, --server has another meaning.
		if a.server != "" && a.tokenFile == "" && cmd.CommandPath() != "lts handshake key" {
			return errors.New(
				"--server needs --token-file, the file with an API token; `lts token add` makes one on the server")
		}
		return nil
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return errors.New(err.Error() + "; see `" + cmd.CommandPath() + " --help`")
	})
	root.AddCommand(
		a.serve(), a.organization(), a.handshake(), a.key(), a.item(), a.product(), a.vendor(), a.license(),
		a.serverID(), a.statistics(), a.device(), a.denial(), a.anomaly(), a.audit(), a.account(), a.token(),
		a.statement(), a.policy(), a.alert(), a.config(), a.doctor(), a.verify(), a.retention(), a.checkpoint(),
		a.prune(), a.backup(), a.copy(), a.simulate(), a.conformance(),
	)
	return root
}

// release is the version of the sources; build/generate writes it.
const release = "0.1.0"

// version returns the version of the sources, and the commit if the build knows it, because a build
// between releases is not the release.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" ||
		strings.TrimPrefix(info.Main.Version, "v") == release {
		return release
	}
	return release + " (" + info.Main.Version + ")"
}

// group is a command that only has others below it.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("say what to do; see `" + cmd.CommandPath() + " --help`")
			}
			return errors.New("there is no command " + strconv.Quote(args[0]) + "; see `" +
				cmd.CommandPath() + " --help`")
		},
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	cmd.AddCommand(commands...)
	return cmd
}

// withStore opens the store, runs f and closes the store.
func (a *app) withStore(ctx context.Context, create bool, f func(store.Store) error) error {
	if a.tokenFile != "" {
		return errors.New("this works on the server's machine only; leave out --server and --token-file")
	}
	name, err := a.location.name()
	if err != nil {
		return err
	}
	s, err := database.Open(ctx, name, create)
	if err != nil {
		return err
	}
	if create {
		// The keys exist from the first command on, so that a backup before the first start
		// contains them.
		_, err = api.LoadKeys(ctx, s)
	}
	if err == nil {
		err = f(s)
	}
	return errors.Join(err, s.Close())
}

// actor returns the account as which this process runs.
func actor() string {
	if current, err := user.Current(); err == nil && current.Username != "" {
		return current.Username
	}
	return "uid " + strconv.Itoa(os.Getuid())
}
