package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/store"
)

type productJSON struct {
	Name    string           `json:"name"`
	Bit     protocol.Product `json:"bit"`
	BuiltIn bool             `json:"builtIn"`
}

func (a *app) product() *cobra.Command {
	var bit int32
	add := &cobra.Command{
		Use: "add NAME", Short: "Name a product of your own and print its bit", Args: cobra.ExactArgs(1),
		Long: `Name a product of your own, beside those that are built in, and print its bit: what
its SDK puts into the field "products" of the connection parameters. Items can be
limited to it by its name from then on.`,
		Example: `  lts product add ACME-OCR
  lts item add ocr --org 100001 --charge-way page --quota 5000 --products ACME-OCR`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.administer(cmd.Context(), true, func(admin *administration.Administrator) error {
				product, err := admin.AddProduct(cmd.Context(), args[0], protocol.Product(bit))
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), productJSON{product.Name, product.Bit, false})
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), product.Bit)
				return err
			})
		},
	}
	add.Flags().Int32Var(&bit, "bit", 0, "the `bit` its SDK sends, a power of two from 32 on; absent: the next free one")
	list := &cobra.Command{
		Use: "list", Short: "List products and their bits", Args: cobra.NoArgs, Example: `  lts product list`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withStore(cmd.Context(), false, func(s store.Store) error {
				own, err := s.Products(cmd.Context())
				if err != nil {
					return err
				}
				var rows []productJSON
				for _, product := range administration.BuiltInProducts() {
					rows = append(rows, productJSON{product.Name, product.Bit, true})
				}
				for _, product := range own {
					rows = append(rows, productJSON{product.Name, product.Bit, false})
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), rows)
				}
				t := newTable(cmd.OutOrStdout(), "NAME", "BIT", "BUILT IN")
				for _, row := range rows {
					t.row(row.Name, int32(row.Bit), yes(row.BuiltIn))
				}
				return t.end()
			})
		},
	}
	return group("product", "Products: what items may be limited to", add, list)
}
