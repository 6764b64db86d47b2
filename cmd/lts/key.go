package main

import (
	"crypto/ed25519"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/api"
	"github.com/openlts/openlts/server/store"
)

type keyJSON struct {
	ID        string `json:"id"`
	PublicKey string `json:"publicKey"`
}

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
			return a.withStore(cmd.Context(), false, func(s store.Store) error {
				keys, err := api.LoadKeys(cmd.Context(), s)
				if err != nil {
					return err
				}
				key := newKeyJSON(keys.Public())
				if a.json {
					return printJSON(cmd.OutOrStdout(), key)
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), `id          %s
public key  %s

Put the public key into serverPublicKey of the connection parameters, where only
you can change it: that SDK believes no other server. License keys hold it.
`, key.ID, key.PublicKey)
				return err
			})
		},
	}
	return group("key", "The key that clients know the server by", show)
}

func newKeyJSON(key ed25519.PublicKey) keyJSON {
	return keyJSON{protocol.SigningKeyID(key), protocol.Encoding.EncodeToString(key)}
}
