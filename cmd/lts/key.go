package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) key() *cobra.Command {
	show := &cobra.Command{
		Use: "show", Short: "Print the server's public key", Args: cobra.NoArgs,
		Long: `Print the key by which clients recognize the server: its public signing key.

Build it into your SDK (the parameter serverPublicKey), or give out license keys,
which contain it ("lts handshake key"): then the SDK believes no other server,
whatever its address. Without the key, an SDK believes the first server that answers.
The key stays the same as long as the database exists; a copy of the database, for
example on a standby server, has the same key.`,
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
