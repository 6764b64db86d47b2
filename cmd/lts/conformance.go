package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/conformance/trial"
)

func (a *app) conformance() *cobra.Command {
	return group("conformance", "Judge an implementation of the protocol, a server or a client", a.conformanceServer())
}

func (a *app) conformanceServer() *cobra.Command {
	o := trial.ServerOptions{}
	var password passwordFlags
	cmd := &cobra.Command{
		Use: "server", Short: "Judge a server by what it answers", Args: cobra.NoArgs,
		Long: `Judge a server by what it answers: devices that this command plays authorize
themselves, report, repeat, forge and garble, as the protocol has it, and hold each
answer against it. The golden vectors are in the command.

The server needs a handshake code with one item, charged by scans, of which some
hundred are used up. Nobody else may use it meanwhile. What asks for a default code
or a session password is skipped unless --org and --locked are given.

The exit status is 2 if a scenario failed, and 1 if it could not be played.

` + passwordHelp,
		Example: `  lts conformance server --url https://lts.example.com --handshake 100001-reader
  lts conformance server --url http://127.0.0.1:48080 --handshake 100001-reader --org 100001 \
    --locked 100001-locked --session-password-file password.txt --json`,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if o.SessionPassword, err = password.read(cmd); err != nil {
				return err
			}
			report, err := trial.Server(cmd.Context(), o)
			if err != nil {
				return err
			}
			return a.printTrial(cmd, report)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.URL, "url", "", "the base `URL` of the server")
	flags.StringVar(&o.HandshakeCode, "handshake", "", "the handshake `code` to use")
	flags.StringVar(&o.OrganizationID, "org", "", "the `organization` whose default code that is")
	flags.StringVar(&o.LockedCode, "locked", "", "a handshake `code` with a session password")
	password.add(cmd, "that of the code --locked names")
	return cmd
}

// printTrial prints the verdicts. That something failed is an error.
func (a *app) printTrial(cmd *cobra.Command, report *trial.Report) error {
	var err error
	if a.json {
		err = printJSON(cmd.OutOrStdout(), report)
	} else {
		err = report.Write(cmd.OutOrStdout())
	}
	if err == nil && report.Failed > 0 {
		err = differsError(fmt.Sprintf("%d of %d scenarios failed", report.Failed, len(report.Verdicts)))
	}
	return err
}
