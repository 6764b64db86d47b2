package main

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// recordLimit is the number of records that are listed by default.
const recordLimit = 1000

func (a *app) denial() *cobra.Command {
	return group("denial", "Refused authorizations", list(a, listing[store.Denial]{
		what: "refused authorizations, the newest first",
		example: `  lts denial list --limit 20
  lts denial list --org 100001 --search "Front desk" --since 2026-01-31`,
		flags: "ohidktm", kind: "code", sorts: "at or count", limit: recordLimit, read: service.Denials,
		columns: []string{"LAST AT (UTC)", "COUNT", "CODE", "DEVICE", "NAME", "HANDSHAKE CODE", "ORGANIZATION", "ITEM",
			"USED", "LIMIT", "REASON"},
		row: func(d store.Denial) []any {
			item, used, limit := named(d.Item, d.ItemName), "", ""
			if d.Item != "" {
				used, limit = strconv.FormatInt(d.Used, 10), administration.FormatQuota(d.Limit)
			}
			reason := d.Reason
			if d.Cause != "" {
				reason += " (" + d.Cause + ")"
			}
			return []any{
				formatTime(d.At), d.Count, int(d.Status), d.Device, d.DeviceName, d.HandshakeCode,
				named(d.Organization, d.OrganizationName), item, used, limit, reason,
			}
		},
	}))
}

func (a *app) anomaly() *cobra.Command {
	return group("anomaly", "What is strange about devices; it refuses nothing", list(a, listing[records.Anomaly]{
		what: "anomalies, the newest first", example: "  lts anomaly list --org 100001",
		flags: "odktm", kind: "kind", sorts: "at or count", limit: recordLimit, read: service.Anomalies,
		columns: []string{"LAST AT (UTC)", "DEVICE", "NAME", "KIND", "COUNT", "FIRST AT (UTC)", "DETAIL"},
		row: func(n records.Anomaly) []any {
			return []any{formatTime(n.LastAt), n.Device, n.Name, n.Kind, n.Count, formatTime(n.FirstAt), n.Detail}
		},
	}))
}

func (a *app) audit() *cobra.Command {
	return group("audit", "Administrative changes: who did what", list(a, listing[store.Audit]{
		what: "administrative changes, the newest first",
		example: `  lts audit list --limit 20
  lts audit list --kind item.revoke --since 2026-01-01`,
		flags: "ktm", kind: "action", limit: recordLimit, read: service.Audits,
		columns: []string{"AT (UTC)", "WHO", "ACTION", "OBJECT", "DETAIL"},
		row: func(e store.Audit) []any {
			return []any{formatTime(e.At), e.Actor, e.Action, e.Object, e.Detail}
		},
	}))
}

// named returns an id with the object's name, if that differs.
func named(id, name string) string {
	if name == "" || name == id {
		return id
	}
	return id + " (" + name + ")"
}
