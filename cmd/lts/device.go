package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

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
}

func (a *app) device() *cobra.Command {
	list := &cobra.Command{
		Use: "list", Short: "List devices and their seats", Args: cobra.NoArgs,
		Long: `List the devices that were authorized, with their seats: the items on whose
device list they are, and until when. A device that is not heard of loses its
seat then, and takes one again at its next authorization.`,
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
							d.FirstSeenAt, d.LastSeenAt, d.Keys, append([]store.DeviceSeat{}, d.Seats...),
						}
					}
					return printJSON(cmd.OutOrStdout(), rows)
				}
				t := newTable(cmd.OutOrStdout(), "UUID", "NAME", "PLATFORM", "LIBRARY", "FIRST SEEN (UTC)", "LAST AUTHORIZED (UTC)", "SEATS")
				for _, d := range devices {
					seats := make([]string, len(d.Seats))
					for i, seat := range d.Seats {
						seats[i] = fmt.Sprintf("%s until %s", seat.Item, formatTime(seat.ExpiresAt))
					}
					t.row(d.UUID, d.FriendlyName, d.Platform, d.Library, formatTime(d.FirstSeenAt), formatTime(d.LastSeenAt), strings.Join(seats, ", "))
				}
				return t.end()
			})
		},
	}
	return group("device", "Devices that were authorized", list)
}
