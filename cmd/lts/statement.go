package main

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/statement"
)

type statementFlags struct {
	organization, month, zone, format, reports string
	close                                      bool
}

func (a *app) statement() *cobra.Command {
	var f statementFlags
	cmd := &cobra.Command{
		Use: "statement", Short: "What an organization used in a month, for billing", Args: cobra.NoArgs,
		Long: `Print what an organization used in a month of its time zone: the units by item, code
and operation type, late reports for earlier months, and the adjustments.

Without --close it is a draft, as of now. --close signs and stores it: a closed
statement never changes, and what arrives later is a correction in the next one. Close
months one after the other, all in the time zone of the first.

Anybody can check the file of --json without this server: "lts verify statement". It
contains the digest of the reports behind it. --reports writes these, for those who
want to check that the bill follows from them.`,
		Example: `  lts statement --org 100001 --month 2026-11
  lts statement --org 100001 --month 2026-11 --zone Europe/Berlin --close
  lts statement --org 100001 --month 2026-11 --json > statement.json
  lts statement --org 100001 --month 2026-11 --format html > statement.html
  lts statement --org 100001 --month 2026-11 --reports reports.jsonl`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.json {
				f.format = "json"
			}
			return a.work(cmd.Context(), false, func(s service) error {
				made, err := f.make(cmd.Context(), s)
				if err != nil {
					return err
				}
				if f.reports != "" {
					if err := f.writeReports(cmd.Context(), s, made); err != nil {
						return err
					}
				}
				return f.print(cmd.OutOrStdout(), made)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.organization, "org", "", "the `id` of the organization (required)")
	flags.StringVar(&f.month, "month", "", "the `month`, such as 2026-11 (required)")
	flags.StringVar(&f.zone, "zone", "",
		"the organization's time `zone`, such as Europe/Berlin (default: that of its statements before, or UTC)")
	flags.BoolVar(&f.close, "close", false, "close the month: sign the statement, and store it")
	flags.StringVar(&f.format, "format", "table", "table, csv, json or html (a page to print)")
	flags.StringVar(&f.reports, "reports", "", "write the reports behind a closed statement to this `file`")
	required(cmd, "org", "month")
	return cmd
}

// make returns the closed statement, closes it, or drafts it.
func (f *statementFlags) make(ctx context.Context, s service) (*administration.Statement, error) {
	made, err := s.Statement(ctx, f.organization, f.month)
	if mistakes := administration.Errors(err); len(mistakes) != 1 ||
		mistakes[0].Object != administration.ObjectStatement || mistakes[0].Kind != administration.NotFound {
		return made, err
	}
	if !f.close {
		return s.DraftStatement(ctx, f.organization, f.month, f.zone)
	}
	made, err = s.CloseStatement(ctx, f.organization, administration.StatementInput{Month: f.month, Zone: f.zone})
	if mistakes := administration.Errors(err); len(mistakes) == 1 &&
		mistakes[0].Object == administration.ObjectStatement && mistakes[0].Field == "month" {
		return nil, fmt.Errorf("%w; without --close you get a draft", err)
	}
	return made, err
}

// writeReports writes the reports behind a closed statement, as lines of JSON.
func (f *statementFlags) writeReports(ctx context.Context, s service, made *administration.Statement) error {
	if made.Signed == "" {
		return errors.New("--reports needs a closed statement: the reports of a month that is open are still coming in")
	}
	file, err := os.OpenFile(f.reports, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(file)
	err = s.StatementReports(ctx, f.organization, made.Month, func(line []byte) error {
		_, err := w.Write(line)
		return err
	})
	return errors.Join(err, w.Flush(), file.Close())
}

func (f *statementFlags) print(w io.Writer, s *administration.Statement) error {
	switch f.format {
	case "csv":
		return s.WriteCSV(w)
	case "html":
		return s.WriteHTML(w, s.Signed)
	case "json":
		return printJSON(w, s.File())
	case "table":
		return printStatement(w, s.Statement, s.Signed)
	}
	return fmt.Errorf("--format %q is not table, csv, json or html", f.format)
}

func printStatement(w io.Writer, s *statement.Statement, signed string) error {
	state := "closed"
	if signed == "" {
		state = "draft: the month is not closed"
	}
	if _, err := fmt.Fprintf(w, "%s (%s), %s, %s (%s)\n\n", s.Name, s.Organization, s.Month, s.Zone,
		state); err != nil {
		return err
	}
	t := newTable(w, "KIND", "MONTH", "ITEM", "HANDSHAKE", "TYPE", "UNITS", "REASON")
	for _, l := range s.Usage {
		t.row("usage", s.Month, l.Item, l.Code, l.Type, l.Units, "")
	}
	for _, l := range s.Corrections {
		t.row("correction", l.Month, l.Item, l.Code, l.Type, l.Units, "")
	}
	for _, l := range s.Adjustments {
		t.row("adjustment", s.Month, l.Item, "", "", l.Units, l.Reason)
	}
	for _, l := range s.Losses {
		t.row("lost", s.Month, l.Item, l.Code, l.Cause, l.Units, "")
	}
	if err := t.end(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nTotal: %d units, as of %s UTC, of %d reports with the digest %s\n", s.Total(),
		formatTime(s.AsOf), s.Reports, s.Digest)
	return err
}

func (a *app) verifyStatement() *cobra.Command {
	var key, reports, devices string
	cmd := &cobra.Command{
		Use: "statement FILE", Short: "Check a statement, without any server", Args: cobra.ExactArgs(1),
		Long: `Check that a statement (the file of "lts statement --json") is what the server signed
and, with --reports, that these are the reports behind it and add up to it. It needs
neither the server nor its database, so a customer can run it.

With --devices, the command compares those reports with what the devices say: a file
with a line of JSON for each time that a device was asked (LTS_GetLicenseInfo), such
as {"device": "UUID", "accepted": 1312}. The SDK of a device has receipts for what
it says was accepted. The command uses the difference between a device's last and
first line or, if there is only one, that line.

Give --key, the server's public key from your license keys or the vendor's
documentation; otherwise the check trusts the key in the file itself.

Exit status: 0 if it is proven, 2 if it is not what was signed, does not follow from
the reports or differs from what a device says, 1 if a file can't be read.`,
		Example: `  lts verify statement statement.json
  lts verify statement statement.json --key htxCOXacxhWXzokOEeyJPucgUnH3Gs1FPzSoFxHrWGI --reports reports.jsonl
  lts verify statement statement.json --reports reports.jsonl --devices devices.jsonl`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			var public ed25519.PublicKey
			if key != "" {
				if public, err = protocol.Encoding.DecodeString(key); err != nil ||
					len(public) != ed25519.PublicKeySize {
					return fmt.Errorf("--key %q is not a public key as `lts key show` prints it", key)
				}
			}
			file, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer func() { _ = file.Close() }() // it is only read
			var lines io.Reader
			if reports != "" {
				f, err := os.Open(reports)
				if err != nil {
					return err
				}
				defer func() { _ = f.Close() }() // it is only read
				lines = f
			}
			proof, err := statement.Prove(file, public, lines)
			if err != nil {
				return differsError(err.Error())
			}
			if err := printProof(cmd.OutOrStdout(), proof, public != nil); err != nil || devices == "" {
				return err
			}
			return compareDevices(cmd.OutOrStdout(), proof, devices)
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "the server's public `key`")
	cmd.Flags().StringVar(&reports, "reports", "", "the `file` with the reports behind it")
	cmd.Flags().StringVar(&devices, "devices", "",
		"a `file` with what devices say was accepted of them, to compare; needs --reports")
	return cmd
}

func printProof(w io.Writer, proof *statement.Proof, known bool) error {
	s := proof.Statement
	text := fmt.Sprintf("ok: %d units of organization %s in %s are what the server stated", s.Total(),
		s.Organization, s.Month)
	if proof.Reports {
		text += fmt.Sprintf(", and follow from %d reports", s.Reports)
	}
	if !known {
		text += "\nIt is signed with the key " + protocol.Encoding.EncodeToString(proof.Key) +
			", which the file itself names: compare it, or give --key."
	}
	_, err := fmt.Fprintln(w, text)
	return err
}

// compareDevices prints what a statement has of devices beside what these say.
func compareDevices(w io.Writer, proof *statement.Proof, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it is only read
	accounts, others, err := proof.CompareDevices(file)
	if err != nil {
		return err
	}
	t := newTable(w, "DEVICE", "STATED", "ACCEPTED", "DIFFERENCE")
	differ := 0
	for _, a := range accounts {
		if !a.Agrees() {
			differ++
		}
		t.row(a.Device, a.Stated, a.Accepted, a.Stated-a.Accepted)
	}
	if err := t.end(); err != nil {
		return err
	}
	if differ > 0 {
		return differsError(fmt.Sprintf("the statement differs from what %d of %d devices say; a device's lines are "+
			"to be from the beginning and the end of the month, each after it submitted", differ, len(accounts)))
	}
	_, err = fmt.Fprintf(w, "\nok: %d devices say the same; %d others are behind the statement\n", len(accounts),
		others)
	return err
}
