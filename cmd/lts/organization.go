package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/administration"
)

func (a *app) organization() *cobra.Command {
	return group("org", "Organizations: the licensees", a.addOrganization(), a.changeOrganization(),
		a.archiveOrganization(true),
		a.archiveOrganization(false), a.removeOrganization(),
		list(a, listing[administration.Organization]{
			what: "organizations", example: "  lts org list --json", flags: "t", sorts: "created, name or id",
			read:    service.Organizations,
			columns: []string{"ID", "NAME", "DEFAULT HANDSHAKE CODE", "CREATED (UTC)", "ARCHIVED (UTC)"},
			row: func(o administration.Organization) []any {
				return []any{o.ID, o.Name, o.DefaultHandshake, formatTime(o.CreatedAt), formatTime(o.ArchivedAt)}
			},
		}))
}

func (a *app) addOrganization() *cobra.Command {
	var in administration.OrganizationInput
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Add an organization and print its id", Args: cobra.ExactArgs(1),
		Example: `  lts org add "Example Corp"
  lts org add "Example Corp" --id 100001`,
		RunE: func(cmd *cobra.Command, args []string) error {
			in.Name = args[0]
			return a.work(cmd.Context(), true, func(s service) error {
				o, err := s.NewOrganization(cmd.Context(), in)
				if err != nil {
					return err
				}
				return a.added(cmd, o, o.ID)
			})
		},
	}
	cmd.Flags().StringVar(&in.ID, "id", "", "the organization `id`, digits such as 100001; generated if absent")
	return cmd
}

// added prints an object that was added: all of it for programs, its id for people.
func (a *app) added(cmd *cobra.Command, object any, id string) error {
	if a.json {
		return printJSON(cmd.OutOrStdout(), object)
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), id)
	return err
}

func (a *app) changeOrganization() *cobra.Command {
	var name, code string
	cmd := &cobra.Command{
		Use: "change ID", Short: "Rename an organization, or change its default handshake code",
		Args: cobra.ExactArgs(1),
		Example: `  lts org change 100001 --name "Example Corporation"
  lts org change 100001 --default 100001-web`,
		RunE: func(cmd *cobra.Command, args []string) error {
			var change administration.OrganizationChange
			if cmd.Flags().Changed("name") {
				change.Name = &name
			}
			if cmd.Flags().Changed("default") {
				change.DefaultHandshake = &code
			}
			return a.work(cmd.Context(), false, func(s service) error {
				if _, err := s.ChangeOrganization(cmd.Context(), args[0], change, nil); err != nil {
					return err
				}
				return a.done(cmd, args[0], "organization %s is changed", args[0])
			})
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "its new `name`")
	cmd.Flags().StringVar(&code, "default", "", "the handshake `code` for applications that name only the organization")
	cmd.MarkFlagsOneRequired("name", "default")
	return cmd
}

// change makes a command that does something to the one object it names.
func (a *app) change(use, short, long, example, done string,
	do func(service, *cobra.Command, string) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Long: long, Args: cobra.ExactArgs(1), Example: example,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.work(cmd.Context(), false, func(s service) error {
				if err := do(s, cmd, args[0]); err != nil {
					return err
				}
				return a.done(cmd, args[0], done, args[0])
			})
		},
	}
}

func (a *app) archiveOrganization(archive bool) *cobra.Command {
	cmd := &cobra.Command{
		Use: "archive ID", Short: "Archive an organization; nothing is lost", Args: cobra.ExactArgs(1),
		Long: `Archive an organization, for example a customer who left. While it is archived, its
handshake codes authorize nobody (-20101). What devices report still counts, and its
statistics and statements stay.`,
		Example: `  lts org archive 100001`,
	}
	if !archive {
		cmd.Use, cmd.Short, cmd.Long, cmd.Example = "unarchive ID", "Take an archived organization back", "",
			`  lts org unarchive 100001`
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.work(cmd.Context(), false, func(s service) error {
			if err := s.ArchiveOrganization(cmd.Context(), args[0], archive); err != nil {
				return err
			}
			return a.done(cmd, args[0], "organization %s is %s", args[0], archived(archive))
		})
	}
	return cmd
}

func (a *app) removeOrganization() *cobra.Command {
	return a.change("remove ID", "Remove an organization that has no handshake codes and items",
		"", "  lts org remove 100001", "organization %s is removed",
		func(s service, cmd *cobra.Command, id string) error { return s.RemoveOrganization(cmd.Context(), id) })
}
