package main

import (
	"errors"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/doctor"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/database"
)

// askTime is how long the server may take to answer through its proxy.
const askTime = 15 * time.Second

func (a *app) doctor() *cobra.Command {
	var url string
	cmd := &cobra.Command{
		Use: "doctor", Short: "Check whether the server is set up well", Args: cobra.NoArgs,
		Long: `Check the clock, the disk, the owners of the files, the schema and the keys, and
with --url what a reverse proxy does to requests, by asking the running server
through it. Like every command it updates an old schema, but changes nothing else.
The exit status is 1 if something is wrong; warnings leave it 0.`,
		Example: `  lts doctor
  lts doctor --url https://lts.example.com`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			name, err := a.location.name()
			if err != nil {
				return err
			}
			return a.withStore(cmd.Context(), false, func(s store.Store) error {
				patient := &doctor.Patient{Store: s, Directory: database.Directory(name), Now: time.Now, URL: url,
					Client: &http.Client{Timeout: askTime}}
				findings := patient.Examine(cmd.Context())
				if err := a.printFindings(cmd, findings); err != nil {
					return err
				}
				for _, f := range findings {
					if f.State == doctor.Wrong {
						return errors.New("something is wrong; see above")
					}
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&url, "url", "", "the base `URL` by which clients reach the server")
	return cmd
}

func (a *app) printFindings(cmd *cobra.Command, findings []doctor.Finding) error {
	if a.json {
		return printJSON(cmd.OutOrStdout(), findings)
	}
	t := newTable(cmd.OutOrStdout(), "CHECK", "STATE", "WHAT")
	for _, f := range findings {
		t.row(f.Check, f.State, f.Text)
	}
	return t.end()
}
