package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/administration"
)

func (a *app) handshake() *cobra.Command {
	return group("handshake", "Handshake codes: between applications and license items",
		a.addHandshake(), a.listHandshakes(), a.changeHandshake(), a.handshakeKey(), a.handshakePassword(),
		a.replaceHandshake(), a.archiveHandshake(true), a.archiveHandshake(false), a.removeHandshake())
}

func (a *app) addHandshake() *cobra.Command {
	var code administration.CodeInput
	var password passwordFlags
	cmd := &cobra.Command{
		Use: "add CUSTOM", Short: "Add a handshake code and print it", Args: cobra.ExactArgs(1),
		Long: `Add the handshake code <organization>-CUSTOM and print it.

The first code of an organization is its default: the one for applications that
name only the organization.

The server stores only the hash of a session password: note the password, or make a
license key at once. ` + passwordHelp,
		Example: `  lts handshake add reader --org 100001
  lts handshake add web --org 100001 --validation-field www.example.com --session-password-file password.txt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			code.Custom = args[0]
			var err error
			if code.SessionPassword, err = password.read(cmd); err != nil {
				return err
			}
			return a.work(cmd.Context(), false, func(s service) error {
				added, err := s.NewCode(cmd.Context(), code)
				if err != nil {
					return err
				}
				return a.added(cmd, added, added.Code)
			})
		},
	}
	cmd.Flags().StringVar(&code.Organization, "org", "", "the `id` of the organization (required)")
	password.add(cmd, "the application must give it, too")
	cmd.Flags().StringArrayVar(&code.ValidationFields, "validation-field", nil,
		"a `domain`, application id or process name that may use the code; may be repeated; none: any")
	cmd.Flags().BoolVar(&code.Default, "default", false, "make it the organization's default code")
	required(cmd, "org")
	return cmd
}

func (a *app) listHandshakes() *cobra.Command {
	return list(a, listing[administration.Code]{
		what: "handshake codes", example: "  lts handshake list --org 100001", flags: "oit", sorts: "created or code",
		read: service.Codes,
		columns: []string{"CODE", "ORGANIZATION", "DEFAULT", "PUBLIC TRIAL", "PASSWORD", "VALIDATION FIELDS", "ITEMS",
			"CREATED (UTC)", "ARCHIVED (UTC)"},
		row: func(c administration.Code) []any {
			return []any{
				c.Code, c.Organization, yes(c.Default), yes(c.PublicTrial), yes(c.HasSessionPassword),
				strings.Join(c.ValidationFields, ","), strings.Join(c.Items, ","), formatTime(c.CreatedAt),
				formatTime(c.ArchivedAt),
			}
		},
	})
}

func (a *app) changeHandshake() *cobra.Command {
	var change administration.CodeChange
	var fields []string
	var any, public bool
	cmd := &cobra.Command{
		Use: "change CODE", Short: "Change a handshake code", Args: cobra.ExactArgs(1),
		Long: `Change who may use a handshake code, or make it its organization's default. The
code itself never changes: it is built into applications.

With --public-trial, its trial items are for everybody: for requests that name neither
a code nor an organization, from devices that were never authorized before. Only one
code can have this; --public-trial=false ends it.`,
		Example: `  lts handshake change 100001-web --validation-field www.example.com --validation-field shop.example.com
  lts handshake change 100001-web --any
  lts handshake change 100001-web --default
  lts handshake change 100001-trial --public-trial`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("validation-field") {
				change.ValidationFields = &fields
			}
			if any {
				change.ValidationFields = &[]string{}
			}
			if cmd.Flags().Changed("public-trial") {
				change.PublicTrial = &public
			}
			return a.work(cmd.Context(), false, func(s service) error {
				if _, err := s.ChangeCode(cmd.Context(), args[0], change, nil); err != nil {
					return err
				}
				return a.done(cmd, args[0], "handshake code %s is changed", args[0])
			})
		},
	}
	cmd.Flags().StringArrayVar(&fields, "validation-field", nil,
		"the `domain`, application id or process name that may use the code; may be repeated")
	cmd.Flags().BoolVar(&any, "any", false, "any application may use the code")
	cmd.Flags().BoolVar(&change.Default, "default", false, "make it the organization's default code")
	cmd.Flags().BoolVar(&public, "public-trial", false,
		"its trials are for who names neither a code nor an organization")
	cmd.MarkFlagsOneRequired("validation-field", "any", "default", "public-trial")
	cmd.MarkFlagsMutuallyExclusive("validation-field", "any")
	return cmd
}

func (a *app) removeHandshake() *cobra.Command {
	return a.change("remove CODE", "Remove a handshake code under which no device was ever authorized",
		"", "  lts handshake remove 100001-web", "handshake code %s is removed",
		func(s service, cmd *cobra.Command, code string) error { return s.RemoveCode(cmd.Context(), code) })
}

func (a *app) handshakeKey() *cobra.Command {
	var standby string
	var password passwordFlags
	cmd := &cobra.Command{
		Use: "key CODE", Short: "Print the license key of a handshake code", Args: cobra.ExactArgs(1),
		Long: `Print the license key of a handshake code: one string that contains the addresses of
the servers, their public key ("lts key show"), the code and its session password. You
have to give the password, because the server stores only its hash. Treat the key like
a password. --server is the address of the main server in the key; with --token-file,
that server is asked for the key as well.

An SDK with this license key believes no other server. A standby server must have
the same key: run it on a copy of this server's database.

` + passwordHelp,
		Example: `  lts handshake key 100001-reader --server https://lts.example.com --standby https://standby.example.com`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.server == "" {
				return errors.New("--server is missing: the base URL by which clients reach the server, such as " +
					"https://lts.example.com")
			}
			sessionPassword, err := password.read(cmd)
			if err != nil {
				return err
			}
			return a.work(cmd.Context(), false, func(s service) error {
				key, err := s.CodeKey(cmd.Context(), args[0], administration.KeyInput{
					Server: a.server, Standby: standby, SessionPassword: sessionPassword,
				})
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), map[string]string{"licenseKey": key})
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), key)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&standby, "standby", "", "the base `URL` of the standby server")
	password.add(cmd, "that of the code, if it has one")
	return cmd
}

// required marks flags that a command needs.
func required(cmd *cobra.Command, flags ...string) {
	for _, flag := range flags {
		if err := cmd.MarkFlagRequired(flag); err != nil {
			panic(err) // there is no such flag: a mistake of ours
		}
	}
}

func (a *app) handshakePassword() *cobra.Command {
	var password passwordFlags
	var none bool
	var overlapDays int
	cmd := &cobra.Command{
		Use: "password CODE", Short: "Give a handshake code another session password", Args: cobra.ExactArgs(1),
		Long: `Give a handshake code another session password, or none. With --overlap-days, the
former one stays valid for that time, so that applications can be updated one by
one. License keys contain the password: make new ones.

` + passwordHelp,
		Example: `  lts handshake password 100001-web --session-password-file new-password.txt --overlap-days 30
  lts handshake password 100001-web --none`,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := password.read(cmd)
			if err != nil {
				return err
			}
			if (text == "") != none {
				return errors.New("give the password with --session-password-file, or --none for none")
			}
			return a.work(cmd.Context(), false, func(s service) error {
				if err := s.SetPassword(cmd.Context(), args[0], text, int64(overlapDays)); err != nil {
					return err
				}
				return a.done(cmd, args[0], "the session password of %s was changed", args[0])
			})
		},
	}
	password.add(cmd, "the new one")
	cmd.Flags().BoolVar(&none, "none", false, "remove the session password")
	cmd.Flags().IntVar(&overlapDays, "overlap-days", 0, "how many `days` the former one stays valid")
	return cmd
}

func (a *app) replaceHandshake() *cobra.Command {
	var in administration.CodeReplacement
	var password passwordFlags
	cmd := &cobra.Command{
		Use: "replace CODE", Short: "Add a code that takes the place of another one, and print it",
		Args: cobra.ExactArgs(1),
		Long: `Add the handshake code <organization>-CUSTOM, named by --by, in place of CODE, for
example because a license key leaked. It has the same items, in the same order, and is
open to the same applications; it is the organization's default if CODE was. Both work
for --overlap-days, so that applications can be updated one by one; then CODE is
archived. It authorizes nobody from then on (-20101), also offline. What was counted
under it stays.

Whoever has a license key knows its session password: if CODE has one, give the new
code another one. Make license keys of the new code afterwards.

` + passwordHelp,
		Example: `  lts handshake replace 100001-web --by web-2 --overlap-days 30
  lts handshake replace 100001-web --by web-2 --overlap-days 30 --session-password-file new-password.txt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if in.SessionPassword, err = password.read(cmd); err != nil {
				return err
			}
			return a.work(cmd.Context(), false, func(s service) error {
				added, err := s.ReplaceCode(cmd.Context(), args[0], in)
				if err != nil {
					return err
				}
				return a.added(cmd, added, added.Code)
			})
		},
	}
	cmd.Flags().StringVar(&in.Custom, "by", "", "the `CUSTOM` part of the new code (required)")
	cmd.Flags().Int64Var(&in.OverlapDays, "overlap-days", 0, "how many `days` both codes work")
	password.add(cmd, "that of the new code")
	required(cmd, "by")
	return cmd
}

func (a *app) archiveHandshake(archive bool) *cobra.Command {
	cmd := &cobra.Command{
		Use: "archive CODE", Short: "Archive a handshake code; nothing is lost", Args: cobra.ExactArgs(1),
		Long: `Archive a handshake code. While it is archived, it authorizes nobody (-20101). What
devices report for it still counts, and nothing is lost.`,
		Example: `  lts handshake archive 100001-web`,
	}
	if !archive {
		cmd.Use, cmd.Short, cmd.Long, cmd.Example = "unarchive CODE", "Take an archived handshake code back", "",
			`  lts handshake unarchive 100001-web`
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.work(cmd.Context(), false, func(s service) error {
			if err := s.ArchiveHandshakeCode(cmd.Context(), args[0], archive); err != nil {
				return err
			}
			return a.done(cmd, args[0], "handshake code %s is %s", args[0], archived(archive))
		})
	}
	return cmd
}
