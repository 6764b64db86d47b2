package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/conformance/trial"
)

func (a *app) conformance() *cobra.Command {
	return group("conformance", "Judge an implementation of the protocol, a server or a client", a.conformanceServer(),
		a.conformanceClient())
}

func (a *app) conformanceServer() *cobra.Command {
	o := trial.ServerOptions{}
	var password passwordFlags
	cmd := &cobra.Command{
		Use: "server", Short: "Check whether a server follows the protocol", Args: cobra.NoArgs,
		Long: `Check whether a server follows the protocol. This command plays devices that ask for
authorizations and report, and that repeat, forge and garble requests, and compares
each answer with the protocol. It contains the golden vectors.

The server needs a handshake code with one item that is charged by scans. The command
uses up some hundred scans, and nobody else may use the item meanwhile. It skips what
needs a default code or a session password unless --org and --locked are given.

The exit status is 2 if a scenario failed, and 1 if the scenarios could not be run.

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

func (a *app) conformanceClient() *cobra.Command {
	o := trial.ClientOptions{}
	var listen string
	var patience time.Duration
	cmd := &cobra.Command{
		Use: "client [-- DRIVER [ARGUMENT...]]", Short: "Check whether a client follows the protocol",
		Long: `Check whether a client follows the protocol. This command plays a License Tracking
Server, a separate one for each scenario: one answers as it should, others lose a
receipt, have a login page in front of them, or turn out to be another server. It
compares every request with the protocol, and what was counted with what was recorded.

A driver is a program that uses the client. It reads commands from standard input,
line by line, executes each, and answers it with a line, "ok" or "error CODE":

  open MAIN STANDBY CODE DIRECTORY   initialize; STANDBY is - if there is none
  record TYPE COUNT                  operations done now: QR_CODE or EAN_13
  submit                             submit everything now
  close                              close the license and submit what is left

The driver ends when its input ends. It is started again for each life of a process,
with the same directory within a scenario, and killed to play a crash. What it writes
to standard error is shown.

Without a driver, the command prints what to do. Do it by hand, in any order, until
you interrupt the command or the time of --for is over. It skips scenarios for which
no client came.

The exit status is 2 if a scenario failed, and 1 if none could be run.`,
		Example: `  lts conformance client -- python3 driver.py
  lts conformance client --scenario kill,outage --json -- ./driver
  lts conformance client --listen 192.0.2.1:48080 --for 10m`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			o.Driver, o.Instructions, o.Log = args, cmd.ErrOrStderr(), cmd.ErrOrStderr()
			if patience < 0 {
				return errors.New("--for: the time is negative")
			}
			o.Listener, err = new(net.ListenConfig).Listen(cmd.Context(), "tcp", listen)
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			if len(args) == 0 && patience > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, patience)
				defer cancel()
			}
			report, err := trial.Client(ctx, o)
			if err != nil {
				return err
			}
			return a.printTrial(cmd, report)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&listen, "listen", "127.0.0.1:0", "the `address` to listen on; port 0: any")
	flags.StringVar(&o.URL, "public-url", "", "the `URL` by which the client reaches that; empty: the address")
	flags.StringSliceVar(&o.Only, "scenario", nil, "the `scenarios` to play; none: all")
	flags.DurationVar(&patience, "for", 0, "without a driver: how `long`, such as 10m; 0: until interrupted")
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
