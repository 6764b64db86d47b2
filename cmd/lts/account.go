package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/store"
)

// administer runs f with the administrator of the data directory. create makes a missing
// database.
func (a *app) administer(ctx context.Context, create bool, f func(*administration.Administrator) error) error {
	return hinted(a.withStore(ctx, create, func(s store.Store) error { return f(a.administrator(s)) }))
}

func (a *app) account() *cobra.Command {
	return group("admin", "Accounts of those who may use the pages",
		a.addAccount(), a.listAccounts(), a.changeAccount(), a.resetPassword(), a.removeAccount())
}

// passwordOf returns the password in a file, or a new one if no file is named.
func passwordOf(cmd *cobra.Command, file string) (password string, made bool, err error) {
	if file == "" {
		return administration.RandomPassword(), true, nil
	}
	if password, err = readPassword(cmd, file); err != nil {
		return "", false, fmt.Errorf("reading the password: %w", err)
	}
	return password, false, nil
}

// printPassword prints a new password.
func (a *app) printPassword(cmd *cobra.Command, name, password string, made bool, text string) error {
	switch {
	case a.json && made:
		return printJSON(cmd.OutOrStdout(), map[string]string{"name": name, "password": password})
	case made:
		_, err := fmt.Fprintln(cmd.OutOrStdout(), password)
		return err
	}
	return a.done(cmd, name, text, name)
}

func (a *app) addAccount() *cobra.Command {
	var in administration.AccountInput
	var role, file string
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Add an account, and print its password unless a file has it", Args: cobra.ExactArgs(1),
		Long: `Add an account for the pages. Owners may do everything; administrators may change
everything except accounts, tokens and settings; viewers only read. A viewer with
--org sees only that organization, for example a customer.`,
		Example: `  lts admin add olga@example.com --role owner
  lts admin add customer@example.com --role viewer --org 100001 --password-file password.txt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			password, made, err := passwordOf(cmd, file)
			if err != nil {
				return err
			}
			in.Name, in.Role, in.Password = args[0], administration.Role(role), password
			return a.administer(cmd.Context(), true, func(admin *administration.Administrator) error {
				if _, err := admin.AddAccount(cmd.Context(), in); err != nil {
					return err
				}
				return a.printPassword(cmd, in.Name, password, made, "account %s is added")
			})
		},
	}
	cmd.Flags().StringVar(&role, "role", string(administration.Viewer), "owner, administrator or viewer")
	cmd.Flags().StringVar(&in.Organization, "org", "", "a viewer of the organization with this `id` only")
	cmd.Flags().StringVar(&file, "password-file", "",
		"the `file` whose first line is the password; -: standard input; absent: one is made")
	return cmd
}

func (a *app) listAccounts() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List accounts", Args: cobra.NoArgs, Example: `  lts admin list`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.administer(cmd.Context(), false, func(admin *administration.Administrator) error {
				accounts, err := admin.Accounts(cmd.Context())
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), accounts)
				}
				t := newTable(cmd.OutOrStdout(), "NAME", "ROLE", "ORGANIZATION", "CREATED (UTC)", "LAST SEEN (UTC)")
				for _, account := range accounts {
					t.row(account.Name, account.Role, account.Organization, formatTime(account.CreatedAt),
						formatTime(account.SeenAt))
				}
				return t.end()
			})
		},
	}
}

func (a *app) changeAccount() *cobra.Command {
	var role, organization string
	cmd := &cobra.Command{
		Use: "change NAME", Short: "Change the role of an account, and what it sees", Args: cobra.ExactArgs(1),
		Long: `Change the role of an account, and what it sees: a viewer with --org sees only that
organization, everybody else sees all. It holds from the next request on, also for who
is signed in.`,
		Example: `  lts admin change vera@example.com --role administrator
  lts admin change customer@example.com --role viewer --org 100001`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.administer(cmd.Context(), false, func(admin *administration.Administrator) error {
				if err := admin.ChangeAccount(cmd.Context(), args[0], administration.Role(role),
					organization); err != nil {
					return err
				}
				return a.done(cmd, args[0], "account %s is changed", args[0])
			})
		},
	}
	cmd.Flags().StringVar(&role, "role", "", "owner, administrator or viewer (required)")
	cmd.Flags().StringVar(&organization, "org", "", "a viewer of the organization with this `id` only")
	required(cmd, "role")
	return cmd
}

func (a *app) resetPassword() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "reset-password NAME", Short: "Give an account another password, and end its sessions",
		Args: cobra.ExactArgs(1),
		Long: `Give an account another password, and end its sessions. The command prints the new
password unless it comes from a file.`,
		Example: `  lts admin reset-password olga@example.com`,
		RunE: func(cmd *cobra.Command, args []string) error {
			password, made, err := passwordOf(cmd, file)
			if err != nil {
				return err
			}
			return a.administer(cmd.Context(), false, func(admin *administration.Administrator) error {
				if err := admin.ResetPassword(cmd.Context(), args[0], password); err != nil {
					return err
				}
				return a.printPassword(cmd, args[0], password, made, "%s has another password")
			})
		},
	}
	cmd.Flags().StringVar(&file, "password-file", "",
		"the `file` whose first line is the password; -: standard input; absent: one is made")
	return cmd
}

func (a *app) removeAccount() *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "Remove an account, and end its sessions", Args: cobra.ExactArgs(1),
		Example: `  lts admin remove olga@example.com`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.administer(cmd.Context(), false, func(admin *administration.Administrator) error {
				if err := admin.RemoveAccount(cmd.Context(), args[0]); err != nil {
					return err
				}
				return a.done(cmd, args[0], "account %s is removed", args[0])
			})
		},
	}
}

func (a *app) token() *cobra.Command {
	return group("token", "Tokens for programs that use the API", a.addToken(), a.listTokens(), a.revokeToken())
}

func (a *app) addToken() *cobra.Command {
	var in administration.TokenInput
	var scope, expires string
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Add a token and print it", Args: cobra.ExactArgs(1),
		Long: `Add a token for the API and print it. It is shown only now, because only a digest of
it is stored. --scope read only reads; write may also make changes. With --org, it
sees only that organization.`,
		Example: `  lts token add ci --scope write --expires 2099-01-01
  lts token add dashboard --org 100001`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			in.Name, in.Scope = args[0], administration.Scope(scope)
			if expires != "" {
				if in.ExpiresAt, err = parseTime("expires", expires); err != nil {
					return err
				}
			}
			return a.administer(cmd.Context(), false, func(admin *administration.Administrator) error {
				token, secret, err := admin.AddToken(cmd.Context(), in)
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), struct {
						administration.Token
						Secret string `json:"token"`
					}{token, secret})
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), secret)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&scope, "scope", string(administration.ScopeRead), "read or write")
	cmd.Flags().StringVar(&in.Organization, "org", "", "only the organization with this `id`")
	cmd.Flags().StringVar(&expires, "expires", "", "the `moment` it ends: "+timeHelp+"; absent: never")
	return cmd
}

func (a *app) listTokens() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List tokens", Args: cobra.NoArgs, Example: `  lts token list`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.administer(cmd.Context(), false, func(admin *administration.Administrator) error {
				tokens, err := admin.Tokens(cmd.Context())
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), tokens)
				}
				t := newTable(cmd.OutOrStdout(), "ID", "NAME", "SCOPE", "ORGANIZATION", "CREATED BY", "CREATED (UTC)",
					"EXPIRES (UTC)", "LAST USED (UTC)")
				for _, token := range tokens {
					t.row(token.ID, token.Name, token.Scope, token.Organization, token.CreatedBy,
						formatTime(token.CreatedAt), formatTime(token.ExpiresAt), formatTime(token.SeenAt))
				}
				return t.end()
			})
		},
	}
}

func (a *app) revokeToken() *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "Revoke a token", Args: cobra.ExactArgs(1),
		Example: `  lts token revoke token-abcdefghijkl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.administer(cmd.Context(), false, func(admin *administration.Administrator) error {
				if err := admin.RemoveToken(cmd.Context(), args[0]); err != nil {
					return err
				}
				return a.done(cmd, args[0], "token %s is revoked", args[0])
			})
		},
	}
}
