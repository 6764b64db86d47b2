package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openlts/openlts/server/administration"
)

func (a *app) device() *cobra.Command {
	return group("device", "Devices that were authorized", list(a, listing[administration.Device]{
		what: "devices and their seats",
		long: `List the devices that were authorized, with their seats: the items on whose
device list they are, and until when. A device that is not heard of loses its
seat then, and takes one again at its next authorization.

"recorded" and "lost" are operations over all times, as the device said with its
last report: what was recorded and neither counted here nor lost is still waiting
on the device. --json tells the losses by cause: expired (not submitted within 30
days), refused, storage (gone with a damaged or deleted ledger).`,
		example: `  lts device list
  lts device list --org 100001 --search "front desk" --sort seen`,
		flags: "ohidtm", sorts: "created, seen, name or uuid", read: service.Devices,
		columns: []string{"UUID", "NAME", "PLATFORM", "LIBRARY", "FIRST SEEN (UTC)", "LAST AUTHORIZED (UTC)",
			"RECORDED", "LOST", "SEATS", "STATE"},
		row: func(d administration.Device) []any {
			seats := make([]string, len(d.Seats))
			for i, seat := range d.Seats {
				seats[i] = fmt.Sprintf("%s until %s", seat.Item, formatTime(seat.ExpiresAt))
			}
			recorded, lost := "", ""
			if a := d.Account; a != nil {
				recorded, lost = strconv.FormatInt(a.Recorded, 10), strconv.FormatInt(a.Expired+a.Refused+a.Storage, 10)
			}
			return []any{d.UUID, d.FriendlyName, d.Platform, d.Library, formatTime(d.FirstSeenAt),
				formatTime(d.LastSeenAt), recorded, lost, strings.Join(seats, ", "), stateOf(d)}
		},
	}), a.deviceReports(), a.deviceKeys(), a.confirmKey(), a.clearClone(),
		a.blockDevice(), a.unblockDevice(), a.moveSeats(), a.mergeDevice(), a.separateDevice(), a.eraseDevice())
}
