package administration

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Items that are used to three quarters, or end within a month, are near their end.
const (
	nearShare = 7500 // hundredths of a percent
	nearTime  = 30 * 24 * time.Hour
)

// NearItems gives the items in force that are nearest to their quota or their end, the nearest
// first, of all there are.
func (a *Administrator) NearItems(ctx context.Context, most int) ([]Item, error) {
	if err := a.may(Viewer); err != nil {
		return nil, err
	}
	now := a.Now()
	products, err := a.Store.Products(ctx)
	if err != nil {
		return nil, err
	}
	all, err := a.Store.Items(ctx, now.Unix())
	if err != nil {
		return nil, err
	}
	type ranked struct {
		Item
		urgency int64
	}
	var list []ranked
	for _, each := range all {
		if each.ArchivedAt != 0 || a.sees(each.Organization, ObjectItem, each.ID) != nil {
			continue
		}
		item := ViewItem(each, products, now)
		if item.State == StateRevoked || item.State == StateExpired || item.State == StateFuture {
			continue
		}
		urgency, _ := Percent(item.Quota)
		if left := item.ExpiresAt - now.Unix(); left < int64(nearTime/time.Second) {
			urgency = max(urgency, 10000-left*(10000-nearShare)/int64(nearTime/time.Second))
		}
		if urgency >= nearShare {
			list = append(list, ranked{item, urgency})
		}
	}
	slices.SortStableFunc(list, func(a, b ranked) int { return cmp.Compare(b.urgency, a.urgency) })
	near := make([]Item, min(len(list), most))
	for i := range near {
		near[i] = list[i].Item
	}
	return near, nil
}
