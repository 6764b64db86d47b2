package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/store"
)

// records is a command that lists the newest of some records.
func records[R any](a *app, what, example string, read func(store.Store, context.Context, int) ([]R, error), columns []string, row func(R) []any) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List " + what + ", the newest first", Args: cobra.NoArgs, Example: example,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 {
				return fmt.Errorf("--limit %d is not 1 or more", limit)
			}
			return a.withStore(cmd.Context(), false, func(s store.Store) error {
				list, err := read(s, cmd.Context(), limit)
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), list)
				}
				t := newTable(cmd.OutOrStdout(), columns...)
				for _, r := range list {
					t.row(row(r)...)
				}
				return t.end()
			})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 1000, "at most so `many`")
	return cmd
}

func (a *app) denial() *cobra.Command {
	return group("denial", "Refused authorizations", records(a, "refused authorizations", "  lts denial list --limit 20", store.Store.Denials,
		[]string{"LAST AT (UTC)", "COUNT", "CODE", "DEVICE", "NAME", "HANDSHAKE CODE", "ORGANIZATION", "ITEM", "USED", "LIMIT", "REASON"},
		func(d store.Denial) []any {
			item, used, limit := named(d.Item, d.ItemName), "", ""
			if d.Item != "" {
				used, limit = strconv.FormatInt(d.Used, 10), formatQuota(d.Limit)
			}
			reason := d.Reason
			if d.Cause != "" {
				reason += " (" + d.Cause + ")"
			}
			return []any{formatTime(d.At), d.Count, int(d.Status), d.Device, d.DeviceName, d.HandshakeCode, named(d.Organization, d.OrganizationName),
				item, used, limit, reason}
		}))
}

func (a *app) anomaly() *cobra.Command {
	return group("anomaly", "What is strange about devices; it refuses nothing", records(a, "anomalies", "  lts anomaly list", store.Store.Anomalies,
		[]string{"LAST AT (UTC)", "DEVICE", "KIND", "COUNT", "FIRST AT (UTC)", "DETAIL"},
		func(n store.Anomaly) []any {
			return []any{formatTime(n.LastAt), n.Device, n.Kind, n.Count, formatTime(n.FirstAt), n.Detail}
		}))
}

func (a *app) audit() *cobra.Command {
	return group("audit", "Administrative changes: who did what", records(a, "administrative changes", "  lts audit list --limit 20", store.Store.Audits,
		[]string{"AT (UTC)", "WHO", "ACTION", "OBJECT", "DETAIL"},
		func(e store.Audit) []any {
			return []any{formatTime(e.At), e.Actor, e.Action, e.Object, e.Detail}
		}))
}

// named is an id with the name of what it names, where that says more.
func named(id, name string) string {
	if name == "" || name == id {
		return id
	}
	return id + " (" + name + ")"
}
