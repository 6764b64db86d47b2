package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/api"
	"github.com/openlts/openlts/server/licensefile"
	"github.com/openlts/openlts/server/store"
)

func (a *app) license() *cobra.Command {
	return group("license", "License files: from a vendor to customers with servers of their own",
		a.issueLicense(), a.revokeLicense(), a.importLicense(), a.showLicense(), a.listLicenses())
}

func (a *app) issueLicense() *cobra.Command {
	var issue administration.Issue
	var before, out string
	cmd := &cobra.Command{
		Use: "issue", Short: "Sign a license file with items of yours", Args: cobra.NoArgs,
		Long: `Sign a license file that holds items of this server, for a customer who runs a server
of their own. With --server-uuid only that server imports it ("lts server id" prints
the UUID there); without, any server does.

--replaces makes the next revision of a file: it changes its items where it was
imported, adds new ones, and archives those it does not hold any more.`,
		Example: `  lts license issue --item scans --item ocr --server-uuid 5f0c4a52-0d2b-8d0e-9b6c-1f2e3d4c5b6a --out example.license
  lts license issue --item scans --replaces example.license --out example-2.license`,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if before != "" {
				if issue.Before, err = readLicense(cmd, before); err != nil {
					return err
				}
			}
			return a.administer(cmd.Context(), false, func(admin *administration.Administrator) error {
				file, text, err := admin.IssueLicense(cmd.Context(), issue)
				if err != nil {
					return err
				}
				return a.writeLicense(cmd, out, file, text)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&issue.Items, "item", nil, "the `id` of an item; may be repeated (required)")
	flags.StringVar(&issue.Server, "server-uuid", "", "the `UUID` of the only server that may import it; absent: any")
	flags.StringVar(&issue.Alias, "alias", "", "a `name` for people")
	flags.IntVar(&issue.Days, "import-days", 90, "for so many `days` it may be imported; 0: without end")
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
items of the file are taken out of force, for good. The customer has to import it.`,
		Example: `  lts license revoke example.license --out example-revoked.license`,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := readLicense(cmd, args[0])
			if err != nil {
				return err
			}
			return a.administer(cmd.Context(), false, func(admin *administration.Administrator) error {
				file, signed, err := admin.RevokeLicense(cmd.Context(), text)
				if err != nil {
					return err
				}
				return a.writeLicense(cmd, out, file, signed)
			})
		},
	}
	cmd.Flags().StringVar(&out, "out", "-", "the `file` to write; -: standard output")
	return cmd
}

func (a *app) importLicense() *cobra.Command {
	var how administration.Import
	var custom string
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Take over the items of a license file", Args: cobra.ExactArgs(1),
		Long: `Take over the items of a license file, and attach them to a handshake code: a new one,
named after the file or by --new-handshake, or with --handshake one that is there.
What it brings is shown; with --show nothing is changed.

Refused are a file that was edited, one of a vendor that is not trusted ("lts vendor
trust"), one for another server, one that may not be imported any more, and an older
revision than one that was imported. Importing a file again changes nothing.`,
		Example: `  lts license import example.license --show
  lts license import example.license
  lts license import example.license --handshake 100001-reader`,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := readLicense(cmd, args[0])
			if err != nil {
				return err
			}
			if how.New = custom != ""; how.New {
				how.Handshake = custom
			}
			return a.administer(cmd.Context(), true, func(admin *administration.Administrator) error {
				keys, err := api.LoadKeys(cmd.Context(), admin.Store)
				if err != nil {
					return err
				}
				how.Server = administration.ServerUUID(keys.Public())
				imported, err := admin.ImportLicense(cmd.Context(), text, how)
				if err != nil {
					return err
				}
				return a.showImported(cmd, imported, how.OnlyShow)
			})
		},
	}
	cmd.Flags().StringVar(&how.Handshake, "handshake", "", "attach the items to this handshake `code`")
	cmd.Flags().StringVar(&custom, "new-handshake", "", "attach the items to a new handshake code, <organization>-`NAME`")
	cmd.Flags().BoolVar(&how.OnlyShow, "show", false, "show what it brings, and change nothing")
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
			return a.administer(cmd.Context(), false, func(admin *administration.Administrator) error {
				file, err := admin.OpenLicense(cmd.Context(), text)
				if err != nil {
					return err
				}
				imported := &administration.Imported{File: file}
				for i := range file.Items {
					imported.Items = append(imported.Items, administration.ImportedItem{Item: administration.ItemOf(file, &file.Items[i])})
				}
				return a.showImported(cmd, imported, true)
			})
		},
	}
}

type licenseJSON struct {
	ID           string `json:"id"`
	Alias        string `json:"alias,omitempty"`
	Revision     int64  `json:"revision"`
	Revoked      bool   `json:"revoked"`
	Organization string `json:"organization"`
	Vendor       string `json:"vendor"`
	ImportedAt   int64  `json:"importedAt"`
}

func (a *app) listLicenses() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the license files that were imported", Args: cobra.NoArgs, Example: `  lts license list`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withStore(cmd.Context(), false, func(s store.Store) error {
				files, err := s.LicenseFiles(cmd.Context())
				if err != nil {
					return err
				}
				rows := make([]licenseJSON, len(files))
				for i, f := range files {
					rows[i] = licenseJSON{f.ID, f.Alias, f.Revision, f.Revoked, f.Organization, f.Vendor, f.ImportedAt}
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), rows)
				}
				t := newTable(cmd.OutOrStdout(), "ID", "ALIAS", "REVISION", "REVOKED", "ORGANIZATION", "VENDOR'S KEY", "IMPORTED (UTC)")
				for _, row := range rows {
					t.row(row.ID, row.Alias, row.Revision, yes(row.Revoked), row.Organization, row.Vendor, formatTime(row.ImportedAt))
				}
				return t.end()
			})
		},
	}
}

type importedJSON struct {
	License   string             `json:"license"`
	Revision  int64              `json:"revision"`
	Revoked   bool               `json:"revoked"`
	Again     bool               `json:"again"`
	Handshake string             `json:"handshake,omitempty"`
	Items     []importedItemJSON `json:"items"`
}

type importedItemJSON struct {
	administration.Item
	Change string `json:"change,omitempty"`
}

// showImported shows what a license file holds and what became of it.
func (a *app) showImported(cmd *cobra.Command, imported *administration.Imported, only bool) error {
	file, now := imported.File, time.Now()
	var products []store.Product
	for i := range file.Items {
		for _, product := range file.Items[i].OwnProducts {
			products = append(products, store.Product{Name: product.Name, Bit: product.Bit})
		}
	}
	out := importedJSON{file.ID, file.Revision, file.Status == licensefile.Revoked, imported.Again, imported.Handshake, []importedItemJSON{}}
	for _, item := range imported.Items {
		out.Items = append(out.Items, importedItemJSON{administration.ViewItem(store.ItemUse{Item: item.Item}, products, now), item.Change})
	}
	if a.json {
		return printJSON(cmd.OutOrStdout(), out)
	}
	t := newTable(cmd.OutOrStdout(), "LICENSE", "REVISION", "STATUS", "ALIAS", "ORGANIZATION", "FOR SERVER", "IMPORT UNTIL (UTC)")
	server := file.Server
	if server == "" {
		server = "any"
	}
	t.row(file.ID, file.Revision, string(file.Status), file.Alias, named(file.Organization, file.OrganizationName), server, formatTime(file.ImportUntil))
	if err := t.end(); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(cmd.OutOrStdout()); err != nil {
		return err
	}
	t = newTable(cmd.OutOrStdout(), "ITEM", "NAME", "CHARGE WAY", "QUOTA", "PRODUCTS", "VERSION", "STARTS (UTC)", "EXPIRES (UTC)", "CHANGE")
	for _, item := range out.Items {
		t.row(item.ID, item.Name, item.ChargeWay, formatQuota(item.Quota.Limit), item.Products, item.Version, formatTime(item.StartsAt), formatTime(item.ExpiresAt), item.Change)
	}
	if err := t.end(); err != nil || only {
		return err
	}
	said := "Nothing was changed: it was imported before."
	if !imported.Again {
		said = "It was imported."
	}
	if imported.Handshake != "" {
		said += " Its items belong to the handshake code " + imported.Handshake + "."
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "\n%s\n", said)
	return err
}

// readLicense reads a license file, or standard input.
func readLicense(cmd *cobra.Command, path string) ([]byte, error) {
	source := cmd.InOrStdin()
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("reading the license file: %w", err)
		}
		defer func() { _ = f.Close() }() // it is only read
		source = f
	}
	text, err := io.ReadAll(io.LimitReader(source, licensefile.MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading the license file: %w", err)
	}
	return text, nil
}

// writeLicense writes a license file, which must not be there yet, or prints it.
func (a *app) writeLicense(cmd *cobra.Command, path string, file *licensefile.File, text []byte) error {
	if path == "-" {
		_, err := cmd.OutOrStdout().Write(text)
		return err
	}
	f, err := os.OpenFile(filepath.Clean(path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("writing the license file: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing the license file: %w", errors.Join(err, os.Remove(path)))
	}
	return a.done(cmd, file.ID, "license file %s, revision %d, is in %s", file.ID, file.Revision, path)
}
