package administration

import (
	"context"
	"slices"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// Organizations gives a page of organizations.
func (a *Administrator) Organizations(ctx context.Context, s Selection) (Page[Organization], error) {
	return page(ctx, a, s, records.Organizations,
		func(keys []store.ID) ([]store.Organization, error) { return a.Store.Organizations(ctx, keys...) },
		func(o store.Organization) store.ID { return o.Key }, viewOrganization)
}

// Codes gives a page of handshake codes.
func (a *Administrator) Codes(ctx context.Context, s Selection) (Page[Code], error) {
	return page(ctx, a, s, records.HandshakeCodes,
		func(keys []store.ID) ([]store.HandshakeCodeUse, error) { return a.Store.HandshakeCodes(ctx, keys...) },
		func(c store.HandshakeCodeUse) store.ID { return c.Key }, ViewCode)
}

// Items gives a page of items with their present use.
func (a *Administrator) Items(ctx context.Context, s Selection) (Page[Item], error) {
	now := a.Now()
	products, err := a.Store.Products(ctx)
	if err != nil {
		return Page[Item]{}, err
	}
	return page(ctx, a, s, records.Items,
		func(keys []store.ID) ([]store.ItemUse, error) { return a.Store.Items(ctx, now.Unix(), keys...) },
		func(i store.ItemUse) store.ID { return i.Key }, func(i store.ItemUse) Item {
			return ViewItem(i, products, now)
		})
}

// Devices gives a page of devices. A caller that may see only one organization sees the seats on
// its items, but no account, which covers all organizations.
func (a *Administrator) Devices(ctx context.Context, s Selection) (Page[Device], error) {
	now := a.Now()
	result, err := page(ctx, a, s, records.Devices,
		func(keys []store.ID) ([]store.DeviceUse, error) { return a.Store.Devices(ctx, keys...) },
		func(d store.DeviceUse) store.ID { return d.Key }, func(d store.DeviceUse) Device { return viewDevice(d, now) })
	if err == nil {
		err = a.addRepairs(ctx, result.Items)
	}
	if err != nil || a.Principal().Organization == "" || len(result.Items) == 0 {
		return result, err
	}
	own := map[string]bool{}
	for s := (Selection{Limit: records.MaxLimit}); ; {
		items, err := a.Items(ctx, s)
		if err != nil {
			return Page[Device]{}, err
		}
		for _, item := range items.Items {
			own[item.ID] = true
		}
		if s.After = items.Next; s.After == "" {
			break
		}
	}
	for i := range result.Items {
		d := &result.Items[i]
		d.Account = nil
		seats := []store.DeviceSeat{}
		for _, seat := range d.Seats {
			if own[seat.Item] {
				seats = append(seats, seat)
			}
		}
		d.Seats = seats
	}
	return result, nil
}

// CountDevices counts the devices that the caller may see, those heard of after a moment, and those
// not heard of since another one.
func (a *Administrator) CountDevices(ctx context.Context, active, silent time.Time) (records.DeviceCounts, error) {
	if err := a.may(Viewer); err != nil {
		return records.DeviceCounts{}, err
	}
	s, ok := a.narrow(Selection{})
	if !ok {
		return records.DeviceCounts{}, nil
	}
	return records.CountDevices(ctx, a.Store, s, active.Unix(), silent.Unix())
}

// addRepairs adds to devices what administrators noted about them, and the accounts and times of
// devices that were merged into them, if the caller may see these.
func (a *Administrator) addRepairs(ctx context.Context, devices []Device) error {
	uuids := make([]string, len(devices))
	for i := range devices {
		uuids[i] = devices[i].UUID
	}
	found, err := records.Repairs(ctx, a.Store, uuids...)
	for i := range devices {
		d, r := &devices[i], found[devices[i].UUID]
		if r == nil {
			continue
		}
		if d.BlockedAt, d.ErasedAt, d.MergedInto = r.BlockedAt, r.ErasedAt, r.MergedInto; len(r.Merged) == 0 {
			continue
		}
		merged, err := a.Devices(ctx, Selection{Devices: r.Merged, Limit: records.MaxLimit})
		if err != nil {
			return err
		}
		for _, each := range merged.Items {
			d.Merged = append(d.Merged, each.UUID)
			d.FirstSeenAt, d.LastSeenAt = min(d.FirstSeenAt, each.FirstSeenAt), max(d.LastSeenAt, each.LastSeenAt)
			d.Account = sumOfAccounts(d.Account, each.Account)
		}
	}
	return err
}

// sumOfAccounts adds up the accounts of two devices; nil if one has sent none.
func sumOfAccounts(a, b *protocol.DeviceAccount) *protocol.DeviceAccount {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	return &protocol.DeviceAccount{
		Recorded: store.SaturatingSum(a.Recorded, b.Recorded), Expired: store.SaturatingSum(a.Expired, b.Expired),
		Refused: store.SaturatingSum(a.Refused, b.Refused), Storage: store.SaturatingSum(a.Storage, b.Storage),
	}
}

// withMerged adds to the selected devices those that were merged into one of them.
func (a *Administrator) withMerged(ctx context.Context, s Selection) (Selection, error) {
	found, err := records.Repairs(ctx, a.Store, s.Devices...)
	asked := slices.Clone(s.Devices)
	for _, uuid := range s.Devices {
		if r := found[uuid]; r != nil {
			asked = append(asked, r.Merged...)
		}
	}
	s.Devices = asked
	return s, err
}

// only gives the single object of a page that should have one.
func only[V any](result Page[V], err error, object, id string) (V, error) {
	var none V
	if err != nil {
		return none, err
	}
	if len(result.Items) == 0 {
		return none, absent(object, id)
	}
	return result.Items[0], nil
}

// Organization gives one organization.
func (a *Administrator) Organization(ctx context.Context, id string) (Organization, error) {
	result, err := a.Organizations(ctx, Selection{Organizations: []string{id}})
	return only(result, err, ObjectOrganization, id)
}

// Code gives one handshake code.
func (a *Administrator) Code(ctx context.Context, code string) (Code, error) {
	result, err := a.Codes(ctx, Selection{Codes: []string{code}})
	return only(result, err, ObjectCode, code)
}

// Item gives one item.
func (a *Administrator) Item(ctx context.Context, id string) (Item, error) {
	result, err := a.Items(ctx, Selection{Items: []string{id}})
	return only(result, err, ObjectItem, id)
}

// Device gives one device.
func (a *Administrator) Device(ctx context.Context, uuid string) (Device, error) {
	result, err := a.Devices(ctx, Selection{Devices: []string{uuid}})
	return only(result, err, ObjectDevice, uuid)
}

// Denials gives a page of refused authorizations; those of a device include those of devices merged
// into it.
func (a *Administrator) Denials(ctx context.Context, s Selection) (Page[store.Denial], error) {
	s, err := a.withMerged(ctx, s)
	if err != nil {
		return Page[store.Denial]{}, err
	}
	return recorded(ctx, a, s, records.Denials)
}

// Anomalies gives a page of anomalies of devices, including those of merged devices.
func (a *Administrator) Anomalies(ctx context.Context, s Selection) (Page[records.Anomaly], error) {
	s, err := a.withMerged(ctx, s)
	if err != nil {
		return Page[records.Anomaly]{}, err
	}
	return recorded(ctx, a, s, records.Anomalies)
}

// Audits gives a page of administrative changes, for those who see all organizations.
func (a *Administrator) Audits(ctx context.Context, s Selection) (Page[store.Audit], error) {
	if err := a.everywhere(); err != nil {
		return Page[store.Audit]{}, err
	}
	return recorded(ctx, a, s, records.Audits)
}

// Seats gives a page of the devices with a seat on an item.
func (a *Administrator) Seats(ctx context.Context, item string, s Selection) (Page[records.ItemDevice], error) {
	if _, err := a.Item(ctx, item); err != nil {
		return Page[records.ItemDevice]{}, err
	}
	s.Items, s.Since = []string{item}, a.Now().Unix()+1
	return recorded(ctx, a, s, records.Seats)
}

func recorded[R any](ctx context.Context, a *Administrator, s Selection,
	read func(context.Context, store.Reader, Selection) ([]R, string, error),
) (Page[R], error) {
	result := Page[R]{Items: []R{}}
	if err := a.may(Viewer); err != nil {
		return result, err
	}
	s, ok := a.narrow(s)
	if !ok {
		return result, nil
	}
	rows, next, err := read(ctx, a.Store, s)
	if err != nil {
		return result, selection(err)
	}
	result.Items, result.Next = append(result.Items, rows...), next
	return result, nil
}

// forecastDays is how many past days of use a forecast is based on.
const forecastDays = 30

// Forecast says what happens if an item is used as in the last 30 days.
type Forecast struct {
	PerDay int64 `json:"perDay"` // units, rounded
	// RunsOutAt is roughly when the quota will be used up; 0: not before the item ends, or there
	// are no data.
	RunsOutAt int64 `json:"runsOutAt,omitempty"`
}

// Forecast makes the forecast of an item whose quota counts operations; others have none.
func (a *Administrator) Forecast(ctx context.Context, item Item) (Forecast, error) {
	way, err := ParseChargeWay(item.ChargeWay)
	if err != nil || policy.Seats(store.Item{ChargeWay: way}) {
		return Forecast{}, nil //nolint:nilerr // a charge way of a later version has no forecast
	}
	now := a.Now()
	since := max(now.Add(-forecastDays*24*time.Hour).Unix(), item.StartsAt, item.CreatedAt)
	result, err := a.Store.Statistics(ctx, store.StatisticsQuery{
		By: []store.Column{store.ByType}, Items: []string{item.ID}, Since: since,
	})
	if err != nil {
		return Forecast{}, err
	}
	units := map[string]int64{}
	for _, row := range result.Rows {
		units[row.Type] = row.Count
	}
	return forecast(item.Quota, policy.Charged(way, store.CountsOf(units)), now.Unix()-since, now.Unix(),
		item.ExpiresAt), nil
}

// forecast extrapolates from so many units in so many seconds.
func forecast(quota protocol.Quota, units, seconds, now, end int64) Forecast {
	const day = 24 * 60 * 60
	if units <= 0 || seconds < day { // less than a day says nothing
		return Forecast{}
	}
	perSecond := float64(units) / float64(seconds)
	f := Forecast{PerDay: int64(perSecond*day + 0.5)}
	if left := quota.Limit - quota.Used; quota.Limit > 0 && left > 0 {
		if at := float64(now) + float64(left)/perSecond; at < float64(end) {
			f.RunsOutAt = int64(at)
		}
	}
	return f
}

// Adjustments gives a page of the adjustments of an item, the newest first.
func (a *Administrator) Adjustments(ctx context.Context, item string, s Selection) (Page[records.AdjustmentOf], error) {
	if _, err := a.Item(ctx, item); err != nil {
		return Page[records.AdjustmentOf]{}, err
	}
	s.Items = []string{item}
	return recorded(ctx, a, s, records.Adjustments)
}
