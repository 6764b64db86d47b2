package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/administration"
)

func (a *app) handshake() *cobra.Command {
	return group("handshake", "Handshake codes: between applications and license items",
		a.addHandshake(), a.listHandshakes(), a.changeHandshake(), a.handshakeKey(), a.removeHandshake())
}

func (a *app) addHandshake() *cobra.Command {
	var code administration.CodeInput
	var passwordFile string
	cmd := &cobra.Command{
		Use: "add CUSTOM", Short: "Add a handshake code and print it", Args: cobra.ExactArgs(1),
		Long: `Add the handshake code <organization>-CUSTOM and print it.

The first code of an organization is its default: the one for applications that
name only the organization.

A password on the command line can be read by everybody on this machine, and stays
in the shell's history; --session-password-file takes it from a file, or with "-"
from standard input.`,
		Example: `  lts handshake add reader --org 100001
  lts handshake add web --org 100001 --validation-field www.example.com --session-password-file password.txt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			code.Custom = args[0]
			if passwordFile != "" {
				var err error
				if code.SessionPassword, err = readPassword(cmd.InOrStdin(), passwordFile); err != nil {
					return fmt.Errorf("reading the session password: %w", err)
				}
			}
			return a.administer(cmd.Context(), false, func(s service) error {
				added, err := s.NewCode(cmd.Context(), code)
				if err != nil {
					return err
				}
				return a.added(cmd, added, added.Code)
			})
		},
	}
	cmd.Flags().StringVar(&code.Organization, "org", "", "the `id` of the organization (required)")
	cmd.Flags().StringVar(&code.SessionPassword, "session-password", "", "a `password` which the application must give, too")
	cmd.Flags().StringVar(&passwordFile, "session-password-file", "", "the `file` whose first line is the session password; -: standard input")
	cmd.MarkFlagsMutuallyExclusive("session-password", "session-password-file")
	cmd.Flags().StringArrayVar(&code.ValidationFields, "validation-field", nil,
		"a `domain`, application id or process name that may use the code; may be repeated; none: any")
	cmd.Flags().BoolVar(&code.Default, "default", false, "make it the organization's default code")
	required(cmd, "org")
	return cmd
}

// maxPasswordFile is more than any password has.
const maxPasswordFile = 4096

// readPassword reads the first and only line of a file, or of standard input.
func readPassword(stdin io.Reader, path string) (string, error) {
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer func() { _ = f.Close() }() // it is only read
		stdin = f
	}
	content, err := io.ReadAll(io.LimitReader(stdin, maxPasswordFile+1))
	if err != nil {
		return "", err
	}
	password := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	switch {
	case password == "":
		return "", fmt.Errorf("there is none in %s", path)
	case len(content) > maxPasswordFile || strings.Contains(password, "\n"):
		return "", fmt.Errorf("%s holds more than one line", path)
	}
	return password, nil
}

func (a *app) listHandshakes() *cobra.Command {
	return list(a, listing[administration.Code]{
		what: "handshake codes", example: "  lts handshake list --org 100001", flags: "oit", sorts: "created or code", read: service.Codes,
		columns: []string{"CODE", "ORGANIZATION", "DEFAULT", "PASSWORD", "VALIDATION FIELDS", "ITEMS", "CREATED (UTC)"},
		row: func(c administration.Code) []any {
			return []any{
				c.Code, c.Organization, yes(c.Default), yes(c.HasSessionPassword),
				strings.Join(c.ValidationFields, ","), strings.Join(c.Items, ","), formatTime(c.CreatedAt),
			}
		},
	})
}

func (a *app) changeHandshake() *cobra.Command {
	var change administration.CodeChange
	var fields []string
	var any bool
	cmd := &cobra.Command{
		Use: "change CODE", Short: "Change a handshake code", Args: cobra.ExactArgs(1),
		Long: `Change who may use a handshake code, or make it its organization's default. The
code itself never changes: it is built into applications.`,
		Example: `  lts handshake change 100001-web --validation-field www.example.com --validation-field shop.example.com
  lts handshake change 100001-web --any
  lts handshake change 100001-web --default`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("validation-field") {
				change.ValidationFields = &fields
			}
			if any {
				change.ValidationFields = &[]string{}
			}
			return a.administer(cmd.Context(), false, func(s service) error {
				if _, err := s.ChangeCode(cmd.Context(), args[0], change, ""); err != nil {
					return err
				}
				return a.done(cmd, args[0], "handshake code %s is changed", args[0])
			})
		},
	}
	cmd.Flags().StringArrayVar(&fields, "validation-field", nil, "the `domain`, application id or process name that may use the code; may be repeated")
	cmd.Flags().BoolVar(&any, "any", false, "any application may use the code")
	cmd.Flags().BoolVar(&change.Default, "default", false, "make it the organization's default code")
	cmd.MarkFlagsOneRequired("validation-field", "any", "default")
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
	cmd := &cobra.Command{
		Use: "key CODE", Short: "Print the license key of a handshake code", Args: cobra.ExactArgs(1),
		Long: `Print the license key of a handshake code: one string that holds the addresses
of the servers, the public key they are known by ("lts key show"), the code and its
session password. Treat it as a password. --server is the address of the main server
in the key; with --token-file, that server is asked for the key as well.

An SDK with this license key believes no other server. A standby server must have
the same key: run it on a copy of this server's database.`,
		Example: `  lts handshake key 100001-reader --server https://lts.example.com --standby https://standby.example.com`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.server == "" {
				return errors.New("--server is missing: the base URL by which clients reach the server, such as https://lts.example.com")
			}
			return a.administer(cmd.Context(), false, func(s service) error {
				key, err := s.CodeKey(cmd.Context(), args[0], a.server, standby)
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
	return cmd
}

// required marks flags a command can't do without.
func required(cmd *cobra.Command, flags ...string) {
	for _, flag := range flags {
		if err := cmd.MarkFlagRequired(flag); err != nil {
			panic(err) // there is no such flag: a mistake of ours
		}
	}
}
