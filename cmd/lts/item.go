package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

type itemJSON struct {
	ID              string         `json:"id"`
	Name            string         `json:"name"`
	Organization    string         `json:"organization"`
	ChargeWay       string         `json:"chargeWay"`
	Products        string         `json:"products"`
	Version         string         `json:"version,omitempty"`
	Edition         string         `json:"edition,omitempty"`
	DeploymentType  string         `json:"deploymentType,omitempty"`
	Modules         string         `json:"modules,omitempty"`
	StartsAt        int64          `json:"startsAt"`
	ExpiresAt       int64          `json:"expiresAt"`
	MaxBufferDays   int64          `json:"maxBufferDays"`
	ValidationField string         `json:"validationField,omitempty"`
	Trial           bool           `json:"trial"`
	TrialBy         store.TrialBy  `json:"trialBy,omitempty"`
	TrialDays       int64          `json:"trialDays,omitempty"`
	Requires        []string       `json:"requires,omitempty"`
	RequestLimit    int64          `json:"requestLimit,omitempty"`
	Requests        int64          `json:"requests,omitempty"`
	RefuseClones    bool           `json:"refuseClones,omitempty"`
	LicenseFile     string         `json:"licenseFile,omitempty"`
	RevokedAt       int64          `json:"revokedAt,omitempty"`
	ArchivedAt      int64          `json:"archivedAt,omitempty"`
	Quota           protocol.Quota `json:"quota"`
	Live            int64          `json:"live"` // seats now, or domains
	Charging        policy.Terms   `json:"charging"`
	Handshakes      []string       `json:"handshakes"`
	CreatedAt       int64          `json:"createdAt"`
}

func (a *app) item() *cobra.Command {
	return group("item", "License items: what may be used, and how much of it",
		a.addItem(), a.listItems(), a.showItem(), a.attachItem(), a.adjustItem(), a.revokeItem(), a.archiveItem(true), a.archiveItem(false))
}

type itemFlags struct {
	item                                                                 store.Item
	chargeWay, quota, products, deploymentType, modules, starts, expires string
	codes                                                                []string
	charging                                                             chargingFlags
}

func (a *app) addItem() *cobra.Command {
	var f itemFlags
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Add a license item and print its id", Args: cobra.ExactArgs(1),
		Long: `Add a license item and print its id.

A quota counts barcodes (--charge-way scan), pages (page), devices (device), devices
at work in one slot (concurrent-device) and so on; see docs/operations.md, "Quotas
and tolerances". The numbers it goes by may be stated by the item (--tolerance,
--exceptions, --slot, --seat, --seat-least, --seat-brief).
What an item states, a client must state alike; what it leaves out is not checked.
Without --id the name is the id if it can be one and is free; else one is made.`,
		Example: `  lts item add scans --org 100001 --charge-way scan --quota 1000000 --handshake 100001-reader
  lts item add "Thirty devices" --org 100001 --charge-way device --quota 30 --products DBR --version 10 \
      --deployment-type desktop --starts 2026-01-01 --expires 2027-01-01 --handshake 100001-reader`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.administer(cmd.Context(), false, func(admin *administration.Administrator) error {
				products, err := admin.Store.Products(cmd.Context())
				if err != nil {
					return err
				}
				item, err := f.parse(args[0], time.Now(), products)
				if err != nil {
					return err
				}
				if item.Charging, err = f.charging.parse(cmd); err != nil {
					return err
				}
				added, err := admin.AddItem(cmd.Context(), item, f.codes)
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), newItemJSON(store.ItemUse{Item: added, Codes: f.codes}, products, time.Now()))
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), added.ID)
				return err
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.item.Organization, "org", "", "the `id` of the organization (required)")
	flags.StringVar(&f.chargeWay, "charge-way", "", "what is counted: "+strings.Join(administration.ChargeWayNames(), ", ")+" (required)")
	flags.StringVar(&f.quota, "quota", "", "how `many` of it, or unlimited (required)")
	flags.StringArrayVar(&f.codes, "handshake", nil, "attach it to this handshake `code`; may be repeated")
	flags.StringVar(&f.item.ID, "id", "", "the item's `id`; made if absent")
	flags.StringVar(&f.products, "products", "ALL", "comma-separated `list` out of DBR, DLR, DWT, DCE, DPS and products of your own (lts product add), or ALL")
	flags.StringVar(&f.item.Version, "version", "", "the major `version` of the product, such as 10; absent: any")
	flags.StringVar(&f.item.Edition, "edition", "", "the `edition` of the product, such as Python; absent: any")
	flags.StringVar(&f.deploymentType, "deployment-type", "", "server, desktop, browser, mobile, embedded or oem; absent: any")
	flags.StringVar(&f.modules, "modules", "", "comma-separated `list` of modules, such as ONED,QR_CODE; absent: all")
	flags.StringVar(&f.starts, "starts", "", "the first `moment` it holds: "+timeHelp+" (default now)")
	flags.StringVar(&f.expires, "expires", "", "the `moment` it ends, before the 7 days of tolerance (default one year after the start)")
	flags.Int64Var(&f.item.MaxBufferDays, "max-buffer-days", 365, "at most so many `days` may a client work without the server")
	flags.StringVar(&f.item.ValidationField, "validation-field", "", "the only `domain`, application id or process name that may use it")
	flags.BoolVar(&f.item.Trial, "trial", false, "tell clients that it is a trial license")
	flags.StringVar((*string)(&f.item.TrialBy), "trial-by", "", "who may try it: each `device`, or each network address (device or address)")
	flags.Int64Var(&f.item.TrialDays, "trial-days", 7, "with --trial-by: for so many `days` from the first authorization on")
	flags.StringSliceVar(&f.item.Requires, "requires", nil, "it is an add-on to this `item`, which the handshake code must have, too; may be repeated: one of them will do")
	flags.Int64Var(&f.item.RequestLimit, "request-limit", 0, "at most so `many` authorizations are granted on it; 0: any number")
	flags.BoolVar(&f.item.RefuseClones, "refuse-clones", false, "refuse devices that look like copies of one another (-20151)")
	f.charging.add(cmd)
	required(cmd, "org", "charge-way", "quota")
	return cmd
}

func (f *itemFlags) parse(name string, now time.Time, products []store.Product) (store.Item, error) {
	item := f.item
	item.Name = name
	var err error
	if item.ChargeWay, err = administration.ParseChargeWay(f.chargeWay); err != nil {
		return item, err
	}
	if item.Quota, err = parseQuota(f.quota); err != nil {
		return item, err
	}
	if item.Products, err = administration.ParseProducts(f.products, products); err != nil {
		return item, err
	}
	if item.DeploymentType, err = administration.ParseDeploymentType(f.deploymentType); err != nil {
		return item, err
	}
	if item.Modules, err = administration.ParseModules(f.modules); err != nil {
		return item, err
	}
	if item.TrialBy == store.TrialByNobody {
		item.TrialDays = 0
	} else {
		item.Trial = true
	}
	item.StartsAt = now.Unix()
	if f.starts != "" {
		if item.StartsAt, err = parseTime("starts", f.starts); err != nil {
			return item, err
		}
	}
	item.ExpiresAt = time.Unix(item.StartsAt, 0).UTC().AddDate(1, 0, 0).Unix()
	if f.expires != "" {
		if item.ExpiresAt, err = parseTime("expires", f.expires); err != nil {
			return item, err
		}
		if f.starts == "" && item.ExpiresAt <= item.StartsAt {
			// Already expired, as when old licenses are taken over: it began before.
			item.StartsAt = time.Unix(item.ExpiresAt, 0).UTC().AddDate(-1, 0, 0).Unix()
		}
	}
	return item, nil
}

func (a *app) listItems() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List license items and how much of them is used", Args: cobra.NoArgs,
		Example: `  lts item list
  lts item list --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withStore(cmd.Context(), false, func(s store.Store) error {
				now := time.Now()
				items, err := s.Items(cmd.Context(), now.Unix())
				if err != nil {
					return err
				}
				products, err := s.Products(cmd.Context())
				if err != nil {
					return err
				}
				rows := make([]itemJSON, len(items))
				for i, item := range items {
					rows[i] = newItemJSON(item, products, now)
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), rows)
				}
				t := newTable(cmd.OutOrStdout(), "ID", "NAME", "ORGANIZATION", "CHARGE WAY", "USED", "QUOTA", "USED %", "LEFT BEYOND", "EXPIRES (UTC)", "STATE", "HANDSHAKE CODES")
				for _, r := range rows {
					t.row(r.ID, r.Name, r.Organization, r.ChargeWay, r.Quota.Used, formatQuota(r.Quota.Limit), percent(r.Quota), left(r.Quota),
						formatTime(r.ExpiresAt), r.state(now), strings.Join(r.Handshakes, ","))
				}
				return t.end()
			})
		},
	}
}

// state is a word for people on how an item stands.
func (r itemJSON) state(now time.Time) string {
	switch {
	case r.RevokedAt != 0:
		return "revoked"
	case r.ArchivedAt != 0:
		return "archived"
	case now.Unix() >= r.ExpiresAt+int64(policy.ExpiryTolerance.Seconds()):
		return "expired"
	case now.Unix() < r.StartsAt:
		return "not yet effective"
	case r.Quota.State == protocol.QuotaExhausted:
		return "quota exhausted"
	case now.Unix() >= r.ExpiresAt:
		return "expired, in tolerance"
	case r.Quota.State == protocol.QuotaTolerance:
		return "quota in tolerance"
	}
	return "ok"
}

func percent(q protocol.Quota) string {
	if q.Limit <= 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", math.Floor(float64(q.Used)/float64(q.Limit)*10000)/100)
}

func (a *app) attachItem() *cobra.Command {
	var code string
	var position int64
	cmd := &cobra.Command{
		Use: "attach ID", Short: "Attach a license item to a handshake code", Args: cobra.ExactArgs(1),
		Long: `Attach a license item to a handshake code of the same organization.

If a code has several items, those with a position come first, in their order.
The others follow by the closest expiry, then the most specific, then the least
restrictive. Items that only hold thanks to a tolerance come last. Attaching an
item again sets its position anew.`,
		Example: `  lts item attach scans --handshake 100001-web
  lts item attach scans --handshake 100001-reader --position 1`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.administer(cmd.Context(), false, func(admin *administration.Administrator) error {
				if err := admin.AttachItem(cmd.Context(), args[0], code, position); err != nil {
					return err
				}
				return a.done(cmd, args[0], "item %s is attached to %s", args[0], code)
			})
		},
	}
	cmd.Flags().StringVar(&code, "handshake", "", "the handshake `code` (required)")
	cmd.Flags().Int64Var(&position, "position", 0, "its `place` among the items of the code, from 1; 0: by the default rules")
	required(cmd, "handshake")
	return cmd
}

func (a *app) revokeItem() *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "Take a license item out of force, for good", Args: cobra.ExactArgs(1),
		Long: `Take a license item out of force, for good. It authorizes nobody any more; what
is reported on it is still counted. Clients that work without the server may go
on until their offline time ends.`,
		Example: `  lts item revoke scans`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.administer(cmd.Context(), false, func(admin *administration.Administrator) error {
				if err := admin.RevokeItem(cmd.Context(), args[0]); err != nil {
					return err
				}
				return a.done(cmd, args[0], "item %s is revoked", args[0])
			})
		},
	}
}

// done says what was done.
func (a *app) done(cmd *cobra.Command, id, text string, arguments ...any) error {
	if a.json {
		return printJSON(cmd.OutOrStdout(), map[string]string{"id": id})
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), text+"\n", arguments...)
	return err
}

func newItemJSON(i store.ItemUse, products []store.Product, now time.Time) itemJSON {
	return itemJSON{
		ID: i.ID, Name: i.Name, Organization: i.Organization, ChargeWay: administration.FormatChargeWay(i.ChargeWay),
		Products: administration.FormatProducts(i.Products, products), Version: i.Version, Edition: i.Edition,
		DeploymentType: administration.FormatDeploymentType(i.DeploymentType), Modules: administration.FormatModules(i.Modules),
		StartsAt: i.StartsAt, ExpiresAt: i.ExpiresAt, MaxBufferDays: i.MaxBufferDays, ValidationField: i.ValidationField,
		Trial: i.Trial, TrialBy: i.TrialBy, TrialDays: i.TrialDays, Requires: i.Requires, RequestLimit: i.RequestLimit, Requests: i.Use.Requests,
		RefuseClones: i.RefuseClones, LicenseFile: i.LicenseFile, RevokedAt: i.RevokedAt, ArchivedAt: i.ArchivedAt, Quota: policy.Quota(i.Item, policy.Using(i, now)),
		Live: i.Live, Charging: policy.TermsOf(i.Item), Handshakes: append([]string{}, i.Codes...), CreatedAt: i.CreatedAt,
	}
}

func (a *app) archiveItem(archive bool) *cobra.Command {
	cmd := &cobra.Command{
		Use: "archive ID", Short: "Put a license item away; nothing is lost", Args: cobra.ExactArgs(1),
		Long: `Put a license item away. It authorizes nobody while it is archived (-20113), and
nothing that was counted on it is lost.`,
		Example: `  lts item archive scans`,
	}
	if !archive {
		cmd.Use, cmd.Short, cmd.Long, cmd.Example = "unarchive ID", "Take an archived license item back", "", `  lts item unarchive scans`
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.administer(cmd.Context(), false, func(admin *administration.Administrator) error {
			if err := admin.ArchiveItem(cmd.Context(), args[0], archive); err != nil {
				return err
			}
			return a.done(cmd, args[0], "item %s is %s", args[0], archived(archive))
		})
	}
	return cmd
}

func archived(archive bool) string {
	if archive {
		return "archived"
	}
	return "in use again"
}
