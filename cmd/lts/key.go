package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) key() *cobra.Command {
	show := &cobra.Command{
		Use: "show", Short: "Print the server's public key", Args: cobra.NoArgs,
		Long: `Print the key the server signs with: what clients know it by.

Build it into your SDK (the parameter serverPublicKey), or give out license keys,
which hold it ("lts handshake key"): then the SDK believes no other server, at
whatever address. Without it, an SDK believes the server that answers first. The
key stays the same for as long as the database does; a copy of the database, on a
standby server say, has the same key.`,
		Example: `  lts key show
  lts key show --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.work(cmd.Context(), false, func(s service) error {
				key, err := s.Server(cmd.Context())
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), key.PublicKey)
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), `id          %s
public key  %s

Put the public key into serverPublicKey of the connection parameters, where only
you can change it: that SDK believes no other server. License keys hold it.
`, key.ID, key.PublicKey.PublicKey)
				return err
			})
		},
	}
	return group("key", "The key that clients know the server by", show)
}
