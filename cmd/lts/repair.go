package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/rest"
	"github.com/openlts/openlts/server/store/records"
)

const deviceExample = "5f0c4a52-0d2b-4d0e-9b6c-1f2e3d4c5b6a"

func (a *app) blockDevice() *cobra.Command {
	return a.change("block UUID", "Refuse a device from now on",
		`Refuse a device from now on, whatever handshake code it has (-20104, reason "blocked").
What it reports still counts: nothing is lost. Until its offline time ends it may go
on with the authorization that it has.`, "  lts device block "+deviceExample, "device %s is blocked",
		func(s service, cmd *cobra.Command, id string) error { return s.BlockDevice(cmd.Context(), id) })
}

func (a *app) unblockDevice() *cobra.Command {
	return a.change("unblock UUID", "Take a block of a device back",
		`Take a block of a device back: it is authorized like any other again.`,
		"  lts device unblock "+deviceExample, "device %s is not blocked any more",
		func(s service, cmd *cobra.Command, id string) error { return s.UnblockDevice(cmd.Context(), id) })
}

func (a *app) moveSeats() *cobra.Command {
	var to string
	var items []string
	cmd := a.change("move-seats UUID", "Have another device take over a device's seats",
		`Have another device take over the seats of a device: its machine was replaced. They
keep their weights and their ends, and there are never more than before. The old
device takes none until it is authorized again; block it, if it is not to be.`,
		"  lts device move-seats "+deviceExample+" --to 0e2cfd0a-6d6e-4c38-9d3b-6a3a3a3f8a11",
		"the seats of device %s are moved",
		func(s service, cmd *cobra.Command, id string) error {
			return s.MoveSeats(cmd.Context(), id, to, items...)
		})
	cmd.Flags().StringVar(&to, "to", "", "the `UUID` of the device that takes them over (required)")
	cmd.Flags().StringSliceVar(&items, "item", nil, "only the seats of the item with this `id`; repeatable")
	required(cmd, "to")
	return cmd
}

func (a *app) mergeDevice() *cobra.Command {
	var into string
	cmd := a.change("merge UUID", "Show a device as another one: both are one machine",
		`Show a device as another one, because both are one machine, such as a browser that
lost its storage: lists show it no more, and figures by device are the other's.
Reports are not changed. The seats move, and where both have one, one is given back.
If the device comes again under its old UUID, it takes a seat of its own again.`,
		"  lts device merge "+deviceExample+" --into 0e2cfd0a-6d6e-4c38-9d3b-6a3a3a3f8a11", "device %s is merged",
		func(s service, cmd *cobra.Command, id string) error { return s.MergeDevice(cmd.Context(), id, into) })
	cmd.Flags().StringVar(&into, "into", "", "the `UUID` of the device as which it is shown (required)")
	required(cmd, "into")
	return cmd
}

func (a *app) separateDevice() *cobra.Command {
	return a.change("separate UUID", "Show a device that was merged as itself again",
		`Show a device that was merged into another one as itself again. Seats stay where
they are.`, "  lts device separate "+deviceExample, "device %s is shown as itself",
		func(s service, cmd *cobra.Command, id string) error { return s.SeparateDevice(cmd.Context(), id) })
}

func (a *app) eraseDevice() *cobra.Command {
	return a.change("erase UUID", "Erase what a device said about who uses it, for good",
		`Erase what a device, and those that are merged into it, said about who uses them: the
name, wherever it was noted, and the texts in denials and anomalies. This can't be taken
back. Counts stay, under the UUID. A name that it brings from now on is not kept.`,
		"  lts device erase "+deviceExample, "what is personal of device %s is erased",
		func(s service, cmd *cobra.Command, id string) error { return s.EraseDevice(cmd.Context(), id) })
}

func (a *app) freeSeat() *cobra.Command {
	var device string
	cmd := a.change("free-seat ID", "End the seat that a device has of an item",
		`End the seat that a device has of an item now; of items that count devices at work, with
the slot. What was counted stays. What the device still reports counts, and takes no
seat: it takes one again when it is authorized again, if there is one left.`,
		"  lts item free-seat seats --device "+deviceExample, "the seat of item %s is free",
		func(s service, cmd *cobra.Command, id string) error { return s.FreeSeat(cmd.Context(), id, device) })
	cmd.Flags().StringVar(&device, "device", "", "the `UUID` of the device (required)")
	required(cmd, "device")
	return cmd
}

func (a *app) listSeats() *cobra.Command {
	return &cobra.Command{
		Use: "seats ID", Short: "List the devices that have a seat on an item", Args: cobra.ExactArgs(1),
		Long:    `List the devices that have a seat on an item now, those with the latest end first.`,
		Example: `  lts item seats seats`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.work(cmd.Context(), false, func(s service) error {
				rows, err := all(cmd.Context(), administration.Selection{}, 0,
					func(ctx context.Context,
						of administration.Selection) (administration.Page[records.ItemDevice], error) {
						return s.Seats(ctx, args[0], of)
					})
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), rows)
				}
				t := newTable(cmd.OutOrStdout(), "DEVICE", "NAME", "SINCE (UTC)", "UNTIL (UTC)", "WEIGHT")
				for _, row := range rows {
					t.row(row.Device, row.Name, formatTime(row.Since), formatTime(row.Until), row.Weight)
				}
				return t.end()
			})
		},
	}
}

// stateOf returns what administrators decided about a device, for a table.
func stateOf(d administration.Device) string {
	switch {
	case d.MergedInto != "":
		return "merged into " + d.MergedInto
	case d.BlockedAt != 0:
		return "blocked since " + formatTime(d.BlockedAt)
	case len(d.Merged) > 0:
		return fmt.Sprintf("with %d merged", len(d.Merged))
	}
	return ""
}

// repairs are the methods of service that repair seats and devices.
type repairs interface {
	Seats(ctx context.Context, item string, s administration.Selection) (administration.Page[records.ItemDevice], error)
	FreeSeat(ctx context.Context, item, device string) error
	MoveSeats(ctx context.Context, from, to string, items ...string) error
	BlockDevice(context.Context, string) error
	UnblockDevice(context.Context, string) error
	MergeDevice(ctx context.Context, device, into string) error
	SeparateDevice(context.Context, string) error
	EraseDevice(context.Context, string) error
}

// Seats and the other methods of repairs, each a request.
func (r *remote) Seats(ctx context.Context, item string,
	s administration.Selection) (administration.Page[records.ItemDevice], error) {
	return listed[records.ItemDevice](ctx, r, at("items", item, "seats"), s)
}

func (r *remote) FreeSeat(ctx context.Context, item, device string) error {
	return r.call(ctx, "DELETE", at("items", item, "seats", device), nil, nil)
}

func (r *remote) MoveSeats(ctx context.Context, from, to string, items ...string) error {
	return r.call(ctx, "POST", at("devices", from, "move-seats"), rest.SeatMove{To: to, Items: items}, nil)
}

func (r *remote) BlockDevice(ctx context.Context, uuid string) error {
	return r.call(ctx, "POST", at("devices", uuid, "block"), nil, nil)
}

func (r *remote) UnblockDevice(ctx context.Context, uuid string) error {
	return r.call(ctx, "POST", at("devices", uuid, "unblock"), nil, nil)
}

func (r *remote) MergeDevice(ctx context.Context, device, into string) error {
	return r.call(ctx, "POST", at("devices", device, "merge"), rest.DeviceMerge{Into: into}, nil)
}

func (r *remote) SeparateDevice(ctx context.Context, uuid string) error {
	return r.call(ctx, "POST", at("devices", uuid, "separate"), nil, nil)
}

func (r *remote) EraseDevice(ctx context.Context, uuid string) error {
	return r.call(ctx, "POST", at("devices", uuid, "erase"), nil, nil)
}
