package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
)

func (a *app) product() *cobra.Command {
	var bit int32
	add := &cobra.Command{
		Use: "add NAME", Short: "Add a product of your own and print its bit", Args: cobra.ExactArgs(1),
		Long: `Add a product of your own to the built-in ones, and print its bit, which its SDK sets
in the connection parameter "products". From then on, items can be limited to it by
its name.`,
		Example: `  lts product add ACME-OCR
  lts item add ocr --org 100001 --charge-way page --quota 5000 --products ACME-OCR`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.work(cmd.Context(), true, func(s service) error {
				product, err := s.NewProduct(cmd.Context(), administration.ProductInput{
					Name: args[0], Bit: protocol.Product(bit),
				})
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), product)
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), product.Bit)
				return err
			})
		},
	}
	add.Flags().Int32Var(&bit, "bit", 0,
		"the `bit` its SDK sends, a power of two from 32 on; absent: the next free one")
	list := &cobra.Command{
		Use: "list", Short: "List products and their bits", Args: cobra.NoArgs, Example: `  lts product list`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.work(cmd.Context(), false, func(s service) error {
				rows, err := s.Products(cmd.Context())
				if err != nil {
					return err
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
	rename := &cobra.Command{
		Use: "rename NAME NEW", Short: "Rename a product of your own", Args: cobra.ExactArgs(2),
		Long: `Rename a product of your own. Its bit stays, so nothing changes for SDKs and items.
Customers who imported license files with it get the new name with the next revision.`,
		Example: `  lts product rename ACME-OCR ACME-READER`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.work(cmd.Context(), false, func(s service) error {
				product, err := s.ChangeProduct(cmd.Context(), args[0], administration.ProductChange{Name: args[1]})
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), product)
				}
				return a.done(cmd, product.Name, "the product with the bit %d is %s", product.Bit, product.Name)
			})
		},
	}
	return group("product", "Products: what items may be limited to", add, list, rename)
}
