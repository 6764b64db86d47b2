package administration

import (
	"context"
	"errors"
	"slices"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// DeviceReport is what was accepted of a slot from a run of an application.
type DeviceReport struct {
	Device    string `json:"device"` // UUID: that of the device, or of one that is shown as it
	Run       string `json:"run"`    // UUID
	Handshake string `json:"handshake"`
	Item      string `json:"item"`
	Slot      int64  `json:"slot"`     // its start, in seconds since 1970
	Revision  int64  `json:"revision"` // the highest that was accepted
	// Units are those of the types that were asked for, by type in Counts.
	Units  int64            `json:"units"`
	Counts map[string]int64 `json:"counts"`
	// Arrivals are when its revisions came, the first one first, as far as that is kept.
	Arrivals []records.Arrival `json:"arrivals"`
}

// DeviceReports is a page of what a device reported.
type DeviceReports struct {
	Page[DeviceReport]
	// Complete tells that it was found when each of them came: not too many others came lately.
	Complete bool `json:"complete"`
}

// maxArrivals is how many rows of what came lately are gone through for a page: more than
// there are, unless a database is new to this version.
const maxArrivals = 1_000_000

// DeviceReports gives what a device reported of the slots of a time, and when that came: the
// reports behind a figure. Kinds of the selection are operation types; reports of others
// are left out. Who sees one organization sees what was reported on its items.
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
