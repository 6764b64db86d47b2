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

func (a *app) conformanceClient() *cobra.Command {
	o := trial.ClientOptions{}
	var listen string
	var patience time.Duration
	cmd := &cobra.Command{
		Use: "client [-- DRIVER [ARGUMENT...]]", Short: "Judge a client by what it sends",
		Long: `Judge a client by what it sends. This command is the License Tracking Server for it,
one for each scenario: one answers as it should, another loses a receipt, has a login
page in front of it, or is somebody else. Whatever is sent is held against the protocol,
and what was counted against what was recorded.

A driver is a program that uses the client. It does what it reads, a line of standard
input after the other, and answers each by a line, "ok" or "error CODE":

  open MAIN STANDBY CODE DIRECTORY   initialize; STANDBY is - if there is none
  record TYPE COUNT                  operations done now: QR_CODE or EAN_13
  submit                             submit everything now
  close                              end the license, submitting what is left

It ends when its input does. It is started anew for each life of a process, with the
same directory within a scenario, and killed where a crash is played. What it writes to
standard error is shown.

Without a driver, what to do is printed, and somebody does it, in any order, until this
command is interrupted, or --for is over. Scenarios for which nobody came are skipped.

The exit status is 2 if a scenario failed, and 1 if none could be played.`,
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
