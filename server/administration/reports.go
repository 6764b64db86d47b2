package administration

import (
	"context"
	"errors"

	"github.com/openlts/openlts/server/store/records"
)

// DeviceReports is a page of what a device reported.
type DeviceReports struct {
	Page[records.DeviceReport]
	// Complete tells that it was found when each of them came: not too many others came lately.
	Complete bool
}

// maxArrivals is how many rows of what came lately are gone through for a page: more than
// there are, unless a database is new to this version.
const maxArrivals = 1_000_000

// DeviceReports gives what a device reported of the slots of a time, and when that came. Who
// sees one organization sees what was reported on its items.
func (a *Administrator) DeviceReports(ctx context.Context, device string, from, until int64, s Selection) (DeviceReports, error) {
	found := DeviceReports{Page: Page[records.DeviceReport]{Items: []records.DeviceReport{}}}
	if _, err := a.Device(ctx, device); err != nil {
		return found, err
	}
	s, ok := a.narrow(s)
	if !ok {
		return found, nil
	}
	list, next, err := records.DeviceReports(ctx, a.Store, device, from, until, s)
	if errors.Is(err, records.ErrReports) {
		return found, invalid("after", "%s", err)
	}
	if err != nil {
		return found, err
	}
	found.Items, found.Next = append(found.Items, list...), next
	found.Complete, err = records.FindArrivals(ctx, a.Store, found.Items, maxArrivals)
	return found, err
}
