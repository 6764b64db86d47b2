package administration

import (
	"context"
	"errors"
	"slices"

	"github.com/openlts/openlts/server/statistics"
)

// Statistics answers what was counted. A caller that may see only one organization gets what was
// counted for that one. The caller must be able to see everything that a filter names, because an
// empty answer would look like no use.
func (a *Administrator) Statistics(ctx context.Context, q statistics.Query) (*statistics.Result, error) {
	if err := a.may(Viewer); err != nil {
		return nil, err
	}
	for _, filter := range []struct {
		ids  []string
		find func(id string) error
	}{
		{q.Organizations, func(id string) error { _, err := a.Organization(ctx, id); return err }},
		{q.Codes, func(id string) error { _, err := a.Code(ctx, id); return err }},
		{q.Items, func(id string) error { _, err := a.Item(ctx, id); return err }},
		{q.Devices, func(id string) error { _, err := a.Device(ctx, id); return err }},
	} {
		for _, id := range slices.Compact(slices.Sorted(slices.Values(filter.ids))) {
			if err := filter.find(id); err != nil {
				return nil, err
			}
		}
	}
	if only := a.Principal().Organization; only != "" {
		q.Organizations = []string{only} // the query named no other organization
	}
	result, err := statistics.Run(ctx, a.Store, q, a.Now())
	var tooMany *statistics.RangeError
	if errors.As(err, &tooMany) {
		return nil, invalid("by", "%s", err)
	}
	var query statistics.QueryError
	if errors.As(err, &query) {
		return nil, invalid("", "%s", err)
	}
	return result, err
}
