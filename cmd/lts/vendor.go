package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
)

func (a *app) vendor() *cobra.Command {
	key := &cobra.Command{
		Use: "key", Short: "Print the key that license files are signed with here, making it at the first time",
		Args: cobra.NoArgs,
		Long: `Print the public key that license files are signed with here ("lts license issue"),
making the key at the first time. It is another key than the one clients know the
server by. With --server, the key has to be there. Give it to your customers by a way they trust: each says once on a server
of theirs, with "lts vendor trust", that it believes your license files.`,
		Example: `  lts vendor key`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.work(cmd.Context(), true, func(s service) error {
				key, err := s.VendorKeyShown(cmd.Context())
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), key)
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "id          %s\npublic key  %s\n", key.ID, key.PublicKey)
				return err
			})
		},
	}
	var name, publicKey string
	trust := &cobra.Command{
		Use: "trust", Short: "Believe the license files of a vendor", Args: cobra.NoArgs,
		Example: `  lts vendor trust --key oOSYP5bqYSUgHHC9S6dOZeqZyGvIyjdC1UcFuhrNFO8 --name "Acme SDKs"`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.administer(cmd.Context(), true, func(admin *administration.Administrator) error {
				vendor, err := admin.TrustVendor(cmd.Context(), publicKey, name)
				if err != nil {
					return err
				}
				return a.done(cmd, protocol.SigningKeyID(vendor.PublicKey),
					"license files of %s are believed; the key is %s", name, protocol.SigningKeyID(vendor.PublicKey))
			})
		},
	}
	trust.Flags().StringVar(&name, "name", "", "the vendor's `name` (required)")
	// not an argument: it may begin with a dash
	trust.Flags().StringVar(&publicKey, "key", "", "the vendor's `public key` (required)")
	required(trust, "key", "name")
	list := &cobra.Command{
		Use: "list", Short: "List the vendors whose license files are believed", Args: cobra.NoArgs,
		Example: `  lts vendor list`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.work(cmd.Context(), false, func(s service) error {
				rows, err := s.Vendors(cmd.Context())
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), rows)
				}
				t := newTable(cmd.OutOrStdout(), "KEY", "NAME", "TRUSTED (UTC)", "PUBLIC KEY")
				for _, row := range rows {
					t.row(row.ID, row.Name, formatTime(row.TrustedAt), row.PublicKey.PublicKey)
				}
				return t.end()
			})
		},
	}
	return group("vendor", "Vendors: who signs license files", key, trust, list)
}

func (a *app) serverID() *cobra.Command {
	id := &cobra.Command{
		Use: "id", Short: "Print the UUID that license files name this server by", Args: cobra.NoArgs,
		Long: `Print the UUID that license files name this server by. It comes from the key that
clients know the server by, so it stays the same for as long as the database does, on
whatever machine.`,
		Example: `  lts server id`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.work(cmd.Context(), true, func(s service) error {
				known, err := s.Server(cmd.Context())
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), map[string]string{"id": known.UUID})
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), known.UUID)
				return err
			})
		},
	}
	return group("server", "This server", id)
}
