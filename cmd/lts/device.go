package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

type deviceJSON struct {
	UUID         string             `json:"uuid"`
	UUIDSource   string             `json:"uuidSource"`
	FriendlyName string             `json:"friendlyName,omitempty"`
	Platform     string             `json:"platform,omitempty"`
	Library      string             `json:"library,omitempty"`
	FirstSeenAt  int64              `json:"firstSeenAt"`
	LastSeenAt   int64              `json:"lastSeenAt"`
	Keys         int64              `json:"keys"`
	Seats        []store.DeviceSeat `json:"seats"`
	ClonedAt     int64              `json:"clonedAt,omitempty"`
	// Account is what the device says of its usage over all times.
	Account *protocol.DeviceAccount `json:"account,omitempty"`
}

func (a *app) device() *cobra.Command {
	list := &cobra.Command{
		Use: "list", Short: "List devices and their seats", Args: cobra.NoArgs,
		Long: `List the devices that were authorized, with their seats: the items on whose
device list they are, and until when. A device that is not heard of loses its
seat then, and takes one again at its next authorization.

"recorded" and "lost" are operations over all times, as the device said with its
last report: what was recorded and neither counted here nor lost is still waiting
on the device. --json tells the losses by cause: expired (not submitted within 30
days), refused, storage (gone with a damaged or deleted ledger).`,
		Example: `  lts device list`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withStore(cmd.Context(), false, func(s store.Store) error {
				devices, err := s.Devices(cmd.Context())
				if err != nil {
					return err
				}
				if a.json {
					rows := make([]deviceJSON, len(devices))
					for i, d := range devices {
						rows[i] = deviceJSON{
							d.UUID, d.UUIDSource, d.FriendlyName, d.Platform, d.Library,
							d.FirstSeenAt, d.LastSeenAt, d.Keys, append([]store.DeviceSeat{}, d.Seats...), d.ClonedAt, d.Account,
						}
					}
					return printJSON(cmd.OutOrStdout(), rows)
				}
				t := newTable(cmd.OutOrStdout(), "UUID", "NAME", "PLATFORM", "LIBRARY", "FIRST SEEN (UTC)", "LAST AUTHORIZED (UTC)", "RECORDED", "LOST", "SEATS")
				for _, d := range devices {
					seats := make([]string, len(d.Seats))
					for i, seat := range d.Seats {
						seats[i] = fmt.Sprintf("%s until %s", seat.Item, formatTime(seat.ExpiresAt))
					}
					recorded, lost := "", ""
					if a := d.Account; a != nil {
						recorded, lost = strconv.FormatInt(a.Recorded, 10), strconv.FormatInt(a.Expired+a.Refused+a.Storage, 10)
					}
					t.row(d.UUID, d.FriendlyName, d.Platform, d.Library, formatTime(d.FirstSeenAt), formatTime(d.LastSeenAt), recorded, lost, strings.Join(seats, ", "))
				}
				return t.end()
			})
		},
	}
	return group("device", "Devices that were authorized", list, a.deviceKeys(), a.confirmKey(), a.clearClone())
}
