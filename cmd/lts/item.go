package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
)

func (a *app) item() *cobra.Command {
	return group("item", "License items: what may be used, and how much of it",
		a.addItem(), a.listItems(), a.showItem(), a.changeItem(), a.attachItem(), a.detachItem(), a.adjustItem(),
		a.listSeats(), a.freeSeat(), a.revokeItem(),
		a.archiveItem(true), a.archiveItem(false), a.removeItem())
}

// itemFlags are the flags that say what an item states.
type itemFlags struct {
	name, quota, products, version, edition, deploymentType, modules, starts, expires, validationField string
	trialBy                                                                                            string
	requires                                                                                           []string
	maxBufferDays, trialDays, requestLimit                                                             int64
	trial, refuseClones                                                                                bool
	charging                                                                                           chargingFlags
}

func (f *itemFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.quota, "quota", "", "how `many` of it, or unlimited")
	flags.StringVar(&f.products, "products", "ALL",
		"comma-separated `list` out of DBR, DLR, DWT, DCE, DPS and products of your own (lts product add), or ALL")
	flags.StringVar(&f.version, "version", "", "the major `version` of the product, such as 10; empty: any")
	flags.StringVar(&f.edition, "edition", "", "the `edition` of the product, such as Python; empty: any")
	flags.StringVar(&f.deploymentType, "deployment-type", "",
		"server, desktop, browser, mobile, embedded or oem; empty: any")
	flags.StringVar(&f.modules, "modules", "", "comma-separated `list` of modules, such as ONED,QR_CODE; empty: all")
	flags.StringVar(&f.starts, "starts", "", "the first `moment` it holds: "+timeHelp+" (a new one: now)")
	flags.StringVar(&f.expires, "expires", "",
		"the `moment` it ends, before the 7 days of tolerance (a new one: one year after the start)")
	flags.Int64Var(&f.maxBufferDays, "max-buffer-days", administration.DefaultBufferDays,
		"at most so many `days` may a client work without the server")
	flags.StringVar(&f.validationField, "validation-field", "",
		"the only `domain`, application id or process name that may use it; empty: any")
	flags.BoolVar(&f.trial, "trial", false, "mark it as a trial license for clients")
	flags.StringVar(&f.trialBy, "trial-by", "", "who may try it: each `device`, each network address (address), or "+
		"both, whichever ends first; empty: its dates decide")
	flags.Int64Var(&f.trialDays, "trial-days", administration.DefaultTrialDays,
		"with --trial-by: for so many `days` from the first authorization on")
	flags.StringSliceVar(&f.requires, "requires", nil,
		"it is an add-on to this `item`, which the handshake code must have, too; may be repeated: one of them will do")
	flags.Int64Var(&f.requestLimit, "request-limit", 0,
		"at most so `many` authorizations are granted on it; 0: any number")
	flags.BoolVar(&f.refuseClones, "refuse-clones", false,
		"refuse devices that look like copies of one another (-20151)")
	f.charging.add(cmd)
}

// fields are what the flags that were given state.
func (f *itemFlags) fields(cmd *cobra.Command) (fields administration.ItemFields, err error) {
	given := cmd.Flags().Changed
	for flag, field := range map[string]struct {
		to   **string
		from *string
	}{
		"name": {&fields.Name, &f.name}, "products": {&fields.Products, &f.products},
		"version": {&fields.Version, &f.version}, "edition": {&fields.Edition, &f.edition},
		"deployment-type": {&fields.DeploymentType, &f.deploymentType}, "modules": {&fields.Modules, &f.modules},
		"validation-field": {&fields.ValidationField, &f.validationField},
		"trial-by":         {&fields.TrialBy, &f.trialBy},
	} {
		if given(flag) {
			*field.to = field.from
		}
	}
	for flag, field := range map[string]struct {
		to   **int64
		from *int64
	}{
		"max-buffer-days": {&fields.MaxBufferDays, &f.maxBufferDays}, "trial-days": {&fields.TrialDays, &f.trialDays},
		"request-limit": {&fields.RequestLimit, &f.requestLimit},
	} {
		if given(flag) {
			*field.to = field.from
		}
	}
	if given("trial") {
		fields.Trial = &f.trial
	}
	if given("refuse-clones") {
		fields.RefuseClones = &f.refuseClones
	}
	if given("requires") {
		fields.Requires = &f.requires
	}
	for _, flag := range []string{"tolerance", "exceptions", "slot", "seat", "seat-least", "seat-brief"} {
		if given(flag) {
			charging, err := f.charging.parse(cmd)
			if err != nil {
				return fields, err
			}
			fields.ChargeTerms = &charging
		}
	}
	if given("quota") {
		quota, err := parseQuota(f.quota)
		if err != nil {
			return fields, err
		}
		fields.Quota = &quota
	}
	for flag, moment := range map[string]struct {
		to   **int64
		text string
	}{"starts": {&fields.StartsAt, f.starts}, "expires": {&fields.ExpiresAt, f.expires}} {
		if given(flag) {
			at, err := parseTime(flag, moment.text)
			if err != nil {
				return fields, err
			}
			*moment.to = &at
		}
	}
	return fields, nil
}

func (a *app) addItem() *cobra.Command {
	var f itemFlags
	var in administration.ItemInput
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Add a license item and print its id", Args: cobra.ExactArgs(1),
		Long: `Add a license item and print its id.

A quota counts barcodes (--charge-way scan), pages (page), devices (device), devices
active in one slot (concurrent-device) and so on; see docs/operations.md, "Quotas
and tolerances". An item may have its own numbers for that (--tolerance,
--exceptions, --slot, --seat, --seat-least, --seat-brief). A client must match what
an item specifies; what it leaves out is not checked. Without --id, the id is the
name if that is a valid and unused id, or else a random one.`,
		Example: `  lts item add scans --org 100001 --charge-way scan --quota 1000000 --handshake 100001-reader
  lts item add "Thirty devices" --org 100001 --charge-way device --quota 30 --products DBR --version 10 \
      --deployment-type desktop --starts 2026-01-01 --expires 2027-01-01 --handshake 100001-reader`,
		RunE: func(cmd *cobra.Command, args []string) error {
			fields, err := f.fields(cmd)
			if err != nil {
				return err
			}
			fields.Name = &args[0]
			in.ItemFields = fields
			return a.work(cmd.Context(), false, func(s service) error {
				added, err := s.NewItem(cmd.Context(), in)
				if err != nil {
					return err
				}
				return a.added(cmd, added, added.ID)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&in.Organization, "org", "", "the `id` of the organization (required)")
	flags.StringVar(&in.ChargeWay, "charge-way", "",
		"what is counted: "+strings.Join(administration.ChargeWayNames(), ", ")+" (required)")
	flags.StringArrayVar(&in.Handshakes, "handshake", nil, "attach it to this handshake `code`; may be repeated")
	flags.StringVar(&in.ID, "id", "", "the item's `id`; generated if absent")
	f.add(cmd)
	required(cmd, "org", "charge-way", "quota")
	return cmd
}

func (a *app) changeItem() *cobra.Command {
	var f itemFlags
	cmd := &cobra.Command{
		Use: "change ID", Short: "Change a license item", Args: cobra.ExactArgs(1),
		Long: `Change the given settings of a license item. Devices learn about it when they ask the
next time: once a day. Counts stay as they are, and so does the charge way, which
gives them their meaning.`,
		Example: `  lts item change scans --quota 2000000 --expires 2028-01-01
  lts item change scans --name "Scans of the warehouse"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			fields, err := f.fields(cmd)
			if err != nil {
				return err
			}
			if fields == (administration.ItemFields{}) {
				return errors.New("say what to change; see `lts item change --help`")
			}
			return a.work(cmd.Context(), false, func(s service) error {
				if _, err := s.ChangeItem(cmd.Context(), args[0], fields, nil); err != nil {
					return err
				}
				return a.done(cmd, args[0], "item %s is changed", args[0])
			})
		},
	}
	cmd.Flags().StringVar(&f.name, "name", "", "its new `name`")
	f.add(cmd)
	return cmd
}

func (a *app) detachItem() *cobra.Command {
	var code string
	cmd := a.change("detach ID", "Take a license item from a handshake code",
		`Take a license item from a handshake code. Devices that use it go on until they ask
again; what they report on it is counted.`,
		"  lts item detach scans --handshake 100001-web", "item %s is detached",
		func(s service, cmd *cobra.Command, id string) error { return s.DetachItem(cmd.Context(), id, code) })
	cmd.Flags().StringVar(&code, "handshake", "", "the handshake `code` (required)")
	required(cmd, "handshake")
	return cmd
}

func (a *app) removeItem() *cobra.Command {
	return a.change("remove ID", "Remove a license item that no device was ever authorized to use",
		"", "  lts item remove scans", "item %s is removed",
		func(s service, cmd *cobra.Command, id string) error { return s.RemoveItem(cmd.Context(), id) })
}

func (a *app) listItems() *cobra.Command {
	return list(a, listing[administration.Item]{
		what: "license items and how much of them is used",
		example: `  lts item list
  lts item list --org 100001 --state active --json`,
		flags: "ohst", sorts: "created, name, id or expires", read: service.Items,
		columns: []string{"ID", "NAME", "ORGANIZATION", "CHARGE WAY", "USED", "QUOTA", "USED %", "LEFT BEYOND",
			"EXPIRES (UTC)", "STATE", "HANDSHAKE CODES"},
		row: func(i administration.Item) []any {
			return []any{
				i.ID, i.Name, i.Organization, i.ChargeWay, i.Quota.Used, administration.FormatQuota(i.Quota.Limit),
				percent(i.Quota), left(i.Quota), formatTime(i.ExpiresAt), i.State, strings.Join(i.Handshakes, ","),
			}
		},
	})
}

func percent(q protocol.Quota) string {
	hundredths, ok := administration.Percent(q)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
}

func (a *app) attachItem() *cobra.Command {
	var code string
	var position int64
	cmd := &cobra.Command{
		Use: "attach ID", Short: "Attach a license item to a handshake code", Args: cobra.ExactArgs(1),
		Long: `Attach a license item to a handshake code of the same organization.

If a code has several items, those with a position come first, in their order.
The others follow by the nearest expiry, then the most specific, then the least
restrictive. Items that are only within a tolerance come last. Attaching an item again
changes its position.`,
		Example: `  lts item attach scans --handshake 100001-web
  lts item attach scans --handshake 100001-reader --position 1`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.work(cmd.Context(), false, func(s service) error {
				if err := s.AttachItem(cmd.Context(), args[0], code, position); err != nil {
					return err
				}
				return a.done(cmd, args[0], "item %s is attached to %s", args[0], code)
			})
		},
	}
	cmd.Flags().StringVar(&code, "handshake", "", "the handshake `code` (required)")
	cmd.Flags().Int64Var(&position, "position", 0,
		"its `place` among the items of the code, from 1; 0: by the default rules")
	required(cmd, "handshake")
	return cmd
}

func (a *app) revokeItem() *cobra.Command {
	return a.change("revoke ID", "Take a license item out of force, for good",
		`Take a license item out of force, for good. It authorizes nobody any more; what
is reported on it is still counted. Clients that work without the server may go
on until their offline time ends.`, "  lts item revoke scans", "item %s is revoked",
		func(s service, cmd *cobra.Command, id string) error { return s.RevokeItem(cmd.Context(), id) })
}

// done says what was done.
func (a *app) done(cmd *cobra.Command, id, text string, arguments ...any) error {
	if a.json {
		return printJSON(cmd.OutOrStdout(), map[string]string{"id": id})
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), text+"\n", arguments...)
	return err
}

func (a *app) archiveItem(archive bool) *cobra.Command {
	cmd := &cobra.Command{
		Use: "archive ID", Short: "Archive a license item; nothing is lost", Args: cobra.ExactArgs(1),
		Long: `Archive a license item. While it is archived, it authorizes nobody (-20113). Nothing
that was counted on it is lost.`,
		Example: `  lts item archive scans`,
	}
	if !archive {
		cmd.Use, cmd.Short, cmd.Long, cmd.Example = "unarchive ID", "Take an archived license item back", "",
			`  lts item unarchive scans`
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.work(cmd.Context(), false, func(s service) error {
			if err := s.ArchiveItem(cmd.Context(), args[0], archive); err != nil {
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
