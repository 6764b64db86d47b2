package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/api"
	"github.com/openlts/openlts/server/store"
)

// handshakeJSON tells of a session password only whether there is one; `lts
// handshake key` gives it out.
type handshakeJSON struct {
	Code               string   `json:"code"`
	Organization       string   `json:"organization"`
	Default            bool     `json:"default"`
	HasSessionPassword bool     `json:"hasSessionPassword"`
	ValidationFields   []string `json:"validationFields"`
	Items              []string `json:"items"`
	CreatedAt          int64    `json:"createdAt"`
}

func (a *app) handshake() *cobra.Command {
	return group("handshake", "Handshake codes: between applications and license items",
		a.addHandshake(), a.listHandshakes(), a.handshakeKey())
}

func (a *app) addHandshake() *cobra.Command {
	var code administration.HandshakeCode
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
			return a.administer(cmd.Context(), false, func(admin *administration.Administrator) error {
				added, err := admin.AddHandshakeCode(cmd.Context(), code)
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), newHandshakeJSON(store.HandshakeCodeUse{HandshakeCode: added}))
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), added.Code)
				return err
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
	return &cobra.Command{
		Use: "list", Short: "List handshake codes", Args: cobra.NoArgs, Example: `  lts handshake list`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withStore(cmd.Context(), false, func(s store.Store) error {
				codes, err := s.HandshakeCodes(cmd.Context())
				if err != nil {
					return err
				}
				if a.json {
					rows := make([]handshakeJSON, len(codes))
					for i, c := range codes {
						rows[i] = newHandshakeJSON(c)
					}
					return printJSON(cmd.OutOrStdout(), rows)
				}
				t := newTable(cmd.OutOrStdout(), "CODE", "ORGANIZATION", "DEFAULT", "PASSWORD", "VALIDATION FIELDS", "ITEMS", "CREATED (UTC)")
				for _, c := range codes {
					t.row(c.Code, c.Organization, yes(c.Default), yes(c.SessionPassword != ""),
						strings.Join(c.ValidationFields, ","), strings.Join(c.Items, ","), formatTime(c.CreatedAt))
				}
				return t.end()
			})
		},
	}
}

func (a *app) handshakeKey() *cobra.Command {
	var servers administration.KeyServers
	cmd := &cobra.Command{
		Use: "key CODE", Short: "Print the license key of a handshake code", Args: cobra.ExactArgs(1),
		Long: `Print the license key of a handshake code: one string that holds the addresses
of the servers, the public key they are known by ("lts key show"), the code and its
session password. Treat it as a password.

An SDK with this license key believes no other server. A standby server must have
the same key: run it on a copy of this server's database.`,
		Example: `  lts handshake key 100001-reader --server https://lts.example.com --standby https://standby.example.com`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.administer(cmd.Context(), false, func(admin *administration.Administrator) error {
				keys, err := api.LoadKeys(cmd.Context(), admin.Store)
				if err != nil {
					return err
				}
				servers.PublicKey = keys.Public()
				key, err := admin.LicenseKey(cmd.Context(), args[0], servers)
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
	cmd.Flags().StringVar(&servers.Main, "server", "", "the base `URL` of the main server (required)")
	cmd.Flags().StringVar(&servers.Standby, "standby", "", "the base `URL` of the standby server")
	required(cmd, "server")
	return cmd
}

func newHandshakeJSON(c store.HandshakeCodeUse) handshakeJSON {
	return handshakeJSON{
		Code: c.Code, Organization: c.Organization, Default: c.Default, HasSessionPassword: c.SessionPassword != "",
		ValidationFields: append([]string{}, c.ValidationFields...), Items: append([]string{}, c.Items...), CreatedAt: c.CreatedAt,
	}
}

// required marks flags a command can't do without.
func required(cmd *cobra.Command, flags ...string) {
	for _, flag := range flags {
		if err := cmd.MarkFlagRequired(flag); err != nil {
			panic(err) // there is no such flag: a mistake of ours
		}
	}
}
