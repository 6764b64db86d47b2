package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/store"
)

type organizationJSON struct {
	ID               string `json:"id"`
	Name             string `json:"name"`
	DefaultHandshake string `json:"defaultHandshake,omitempty"`
	CreatedAt        int64  `json:"createdAt"`
}

func (a *app) organization() *cobra.Command {
	var id string
	add := &cobra.Command{
		Use: "add NAME", Short: "Add an organization and print its id", Args: cobra.ExactArgs(1),
		Example: `  lts org add "Example Corp"
  lts org add "Example Corp" --id 100001`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.administer(cmd.Context(), true, func(admin *administration.Administrator) error {
				o, err := admin.AddOrganization(cmd.Context(), args[0], id)
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), newOrganizationJSON(o))
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), o.ID)
				return err
			})
		},
	}
	add.Flags().StringVar(&id, "id", "", "the organization `id`, digits such as 100001; generated if absent")
	list := &cobra.Command{
		Use: "list", Short: "List organizations", Args: cobra.NoArgs, Example: `  lts org list --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withStore(cmd.Context(), false, func(s store.Store) error {
				organizations, err := s.Organizations(cmd.Context())
				if err != nil {
					return err
				}
				if a.json {
					rows := make([]organizationJSON, len(organizations))
					for i, o := range organizations {
						rows[i] = newOrganizationJSON(o)
					}
					return printJSON(cmd.OutOrStdout(), rows)
				}
				t := newTable(cmd.OutOrStdout(), "ID", "NAME", "DEFAULT HANDSHAKE CODE", "CREATED (UTC)")
				for _, o := range organizations {
					t.row(o.ID, o.Name, o.DefaultCode, formatTime(o.CreatedAt))
				}
				return t.end()
			})
		},
	}
	return group("org", "Organizations: the licensees", add, list)
}

func newOrganizationJSON(o store.Organization) organizationJSON {
	return organizationJSON{o.ID, o.Name, o.DefaultCode, o.CreatedAt}
}
