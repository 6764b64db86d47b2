package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/licensefile"
)

func (a *app) license() *cobra.Command {
	return group("license", "License files: from a vendor to customers with servers of their own",
		a.issueLicense(), a.revokeLicense(), a.importLicense(), a.showLicense(), a.listLicenses())
}

func (a *app) issueLicense() *cobra.Command {
	var issue administration.IssueInput
	var before, out string
	cmd := &cobra.Command{
		Use: "issue", Short: "Sign a license file with items of yours", Args: cobra.NoArgs,
		Long: `Sign a license file with items of this server, for a customer who runs a server of
their own. With --server-uuid only that server imports it ("lts server id" prints
the UUID there); without, any server does.

--replaces makes the next revision of a file: where it is imported, it changes its
items, adds new ones, and archives those that it does not contain any more.`,
		Example: `  lts license issue --item scans --item ocr --server-uuid 5f0c4a52-0d2b-8d0e-9b6c-1f2e3d4c5b6a --out example.license
  lts license issue --item scans --replaces example.license --out example-2.license`,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if before != "" {
				if issue.Replaces, err = readLicense(cmd, before); err != nil {
					return err
				}
			}
			return a.work(cmd.Context(), false, func(s service) error {
				made, err := s.NewLicense(cmd.Context(), issue)
				if err != nil {
					return err
				}
				return a.writeLicense(cmd, out, made)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&issue.Items, "item", nil, "the `id` of an item; may be repeated (required)")
	flags.StringVar(&issue.ServerUUID, "server-uuid", "",
		"the `UUID` of the only server that may import it; absent: any")
	flags.StringVar(&issue.Alias, "alias", "", "a `name` for people")
	flags.IntVar(&issue.Days, "import-days", 90, "for how many `days` it may be imported; 0: for ever")
	flags.StringVar(&before, "replaces", "", "the `file` it is the next revision of")
	flags.StringVar(&out, "out", "-", "the `file` to write; -: standard output")
	required(cmd, "item")
	return cmd
}

func (a *app) revokeLicense() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "revoke FILE", Short: "Sign the revision of a license file that revokes it", Args: cobra.ExactArgs(1),
		Long: `Sign the next revision of a license file, which revokes it: where it is imported, all
items of the file are revoked for good. The customer has to import it.`,
		Example: `  lts license revoke example.license --out example-revoked.license`,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := readLicense(cmd, args[0])
			if err != nil {
				return err
			}
			return a.work(cmd.Context(), false, func(s service) error {
				made, err := s.RevokedLicense(cmd.Context(), text)
				if err != nil {
					return err
				}
				return a.writeLicense(cmd, out, made)
			})
		},
	}
	cmd.Flags().StringVar(&out, "out", "-", "the `file` to write; -: standard output")
	return cmd
}

func (a *app) importLicense() *cobra.Command {
	var in administration.LicenseInput
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Import the items of a license file", Args: cobra.ExactArgs(1),
		Long: `Import the items of a license file, and attach them to a handshake code: a new one,
named after the file or by --new-handshake, or with --handshake an existing one. The
command shows what it changes; with --show it changes nothing.

It refuses a file that was edited, one of a vendor that is not trusted ("lts vendor
trust"), one for another server, one that may not be imported any more, and a revision
that is older than an imported one. Importing a file again changes nothing.`,
		Example: `  lts license import example.license --show
  lts license import example.license
  lts license import example.license --handshake 100001-reader`,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := readLicense(cmd, args[0])
			if err != nil {
				return err
			}
			in.License = text
			return a.work(cmd.Context(), true, func(s service) error {
				content, err := s.Import(cmd.Context(), in)
				if err != nil {
					return err
				}
				return a.showContent(cmd, content, in.OnlyShow)
			})
		},
	}
	cmd.Flags().StringVar(&in.Handshake, "handshake", "", "attach the items to this handshake `code`")
	cmd.Flags().StringVar(&in.NewHandshake, "new-handshake", "",
		"attach the items to a new handshake code, <organization>-`NAME`")
	cmd.Flags().BoolVar(&in.OnlyShow, "show", false, "show what it would change, and change nothing")
	cmd.MarkFlagsMutuallyExclusive("handshake", "new-handshake")
	return cmd
}

func (a *app) showLicense() *cobra.Command {
	return &cobra.Command{
		Use: "show FILE", Short: "Show a license file that a trusted vendor signed", Args: cobra.ExactArgs(1),
		Example: `  lts license show example.license`,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := readLicense(cmd, args[0])
			if err != nil {
				return err
			}
			return a.work(cmd.Context(), false, func(s service) error {
				content, err := s.ShowLicense(cmd.Context(), text)
				if err != nil {
					return err
				}
				return a.showContent(cmd, content, true)
			})
		},
	}
}

func (a *app) listLicenses() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the license files that were imported", Args: cobra.NoArgs,
		Example: `  lts license list`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.work(cmd.Context(), false, func(s service) error {
				rows, err := s.Licenses(cmd.Context())
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), rows)
				}
				t := newTable(cmd.OutOrStdout(), "ID", "ALIAS", "REVISION", "REVOKED", "ORGANIZATION", "VENDOR'S KEY",
					"IMPORTED (UTC)")
				for _, row := range rows {
					t.row(row.ID, row.Alias, row.Revision, yes(row.Revoked), row.Organization, row.Vendor,
						formatTime(row.ImportedAt))
				}
				return t.end()
			})
		},
	}
}

// contentJSON is a license file as programs read it.
type contentJSON struct {
	License   string                       `json:"license"`
	Revision  int64                        `json:"revision"`
	Revoked   bool                         `json:"revoked"`
	Again     bool                         `json:"again"`
	Handshake string                       `json:"handshake,omitempty"`
	Items     []administration.LicenseItem `json:"items"`
}

// showContent shows what a license file holds and what became of it.
func (a *app) showContent(cmd *cobra.Command, c administration.LicenseContent, only bool) error {
	if a.json {
		return printJSON(cmd.OutOrStdout(), contentJSON{
			c.License, c.Revision, c.Revoked, c.Again, c.Handshake, c.Items,
		})
	}
	t := newTable(cmd.OutOrStdout(), "LICENSE", "REVISION", "STATUS", "ALIAS", "ORGANIZATION", "FOR SERVER",
		"IMPORT UNTIL (UTC)")
	t.row(c.License, c.Revision, string(c.Status), c.Alias, named(c.Organization, c.OrganizationName),
		cmp.Or(c.ForServer, "any"), formatTime(c.ImportUntil))
	if err := t.end(); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(cmd.OutOrStdout()); err != nil {
		return err
	}
	t = newTable(cmd.OutOrStdout(), "ITEM", "NAME", "CHARGE WAY", "QUOTA", "PRODUCTS", "VERSION", "STARTS (UTC)",
		"EXPIRES (UTC)", "CHANGE")
	for _, item := range c.Items {
		t.row(item.ID, item.Name, item.ChargeWay, administration.FormatQuota(item.Quota.Limit), item.Products,
			item.Version, formatTime(item.StartsAt), formatTime(item.ExpiresAt), item.Change)
	}
	if err := t.end(); err != nil || only {
		return err
	}
	said := "Nothing was changed: it was imported before."
	if !c.Again {
		said = "It was imported."
	}
	if c.Handshake != "" {
		said += " Its items belong to the handshake code " + c.Handshake + "."
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "\n%s\n", said)
	return err
}

// readLicense reads a license file, or standard input.
func readLicense(cmd *cobra.Command, path string) (string, error) {
	source := cmd.InOrStdin()
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("reading the license file: %w", err)
		}
		defer func() { _ = f.Close() }() // it is only read
		source = f
	}
	text, err := io.ReadAll(io.LimitReader(source, licensefile.MaxSize+1))
	if err != nil {
		return "", fmt.Errorf("reading the license file: %w", err)
	}
	return string(text), nil
}

// writeLicense writes a license file, which must not be there yet, or prints it.
func (a *app) writeLicense(cmd *cobra.Command, path string, made administration.Issued) error {
	if path == "-" {
		_, err := io.WriteString(cmd.OutOrStdout(), made.License)
		return err
	}
	f, err := os.OpenFile(filepath.Clean(path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("writing the license file: %w", err)
	}
	_, err = f.WriteString(made.License)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing the license file: %w", errors.Join(err, os.Remove(path)))
	}
	return a.done(cmd, made.ID, "license file %s, revision %d, is in %s", made.ID, made.Revision, path)
}
