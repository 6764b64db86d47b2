package administration

import (
	"context"
	"errors"
	"slices"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// DeviceReport is what the server accepted for one slot of a run.
type DeviceReport struct {
	Device    string `json:"device"` // UUID: that of the device, or of one that is shown as it
	Run       string `json:"run"`    // UUID
	Handshake string `json:"handshake"`
	Item      string `json:"item"`
	Slot      int64  `json:"slot"`     // its start, in seconds since 1970
	Revision  int64  `json:"revision"` // the highest that was accepted
	// Units is the sum of the selected types, which Counts has by type.
	Units  int64            `json:"units"`
	Counts map[string]int64 `json:"counts"`
	// Arrivals are when its revisions arrived, the first one first, as far as that is stored.
	Arrivals []records.Arrival `json:"arrivals"`
}

// DeviceReports is a page of what a device reported.
type DeviceReports struct {
	Page[DeviceReport]
	// Complete means that all arrivals were found, because not too many other reports have arrived
	// recently.
	Complete bool `json:"complete"`
}

// maxArrivals is how many rows of recent arrivals are read for a page: more than there are, unless
// the database was just upgraded to this version.
const maxArrivals = 1_000_000

// DeviceReports gives the reports behind a figure: what a device reported for the slots of a
// period, and when that arrived. The kinds of the selection are operation types; other reports are
// left out. A caller that may see only one organization gets the reports on its items.
func (a *Administrator) DeviceReports(ctx context.Context, device string, s Selection) (DeviceReports, error) {
	found := DeviceReports{Page: Page[DeviceReport]{Items: []DeviceReport{}}}
	if _, err := a.Device(ctx, device); err != nil {
		return found, err
	}
	if s.Until != 0 && s.Until <= s.Since {
		return found, invalid("until", "the time ends before it begins")
	}
	s, ok := a.narrow(s)
	if !ok {
		return found, nil
	}
	list, next, err := records.DeviceReports(ctx, a.Store, device, s)
	if errors.Is(err, records.ErrReports) {
		return found, invalid("after", "%s", err)
	}
	if err != nil {
		return found, err
	}
	if found.Complete, err = records.FindArrivals(ctx, a.Store, list, maxArrivals); err != nil {
		return found, err
	}
	for _, r := range list {
		shown := DeviceReport{
			Device: r.Device, Run: r.Run, Handshake: r.Code, Item: r.Item, Slot: r.Slot, Revision: r.Revision,
			Counts:   map[string]int64{},
			Arrivals: append([]records.Arrival{}, r.Arrivals...),
		}
		for _, count := range r.Counts {
			if len(s.Kinds) == 0 || slices.Contains(s.Kinds, count.Type) {
				shown.Counts[count.Type], shown.Units = count.Units, store.SaturatingSum(shown.Units, count.Units)
			}
		}
		if len(shown.Counts) > 0 {
			found.Items = append(found.Items, shown)
		}
	}
	found.Next = next
	return found, nil
}
