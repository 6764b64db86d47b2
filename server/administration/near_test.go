package administration_test

import (
	"fmt"
	"testing"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/store"
)

// The items nearest to their end are found among all of them, also when they are more than a list
// shows at once; who sees one organization finds only its own.
func TestNearItemsOfMany(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	d.stock(t)
	const many = 1100
	end := d.now.Unix() + 400*86400
	err := d.Store.Update(ctx, func(tx store.Tx) error {
		for n := range many {
			item := store.Item{ID: fmt.Sprint("n", n), Name: "n", Organization: "100001", Quota: 100, ExpiresAt: end,
				ChargeWay: protocol.ChargeWayScanCount}
			switch n {
			case many - 3:
				item.Organization = "100002"
			case many - 4:
				item.ExpiresAt = d.now.Unix() + 86400 // 99 %
			case many - 5:
				item.ExpiresAt = d.now.Unix() - 300*86400 // over, and nothing to be done
			}
			if err := tx.AddItem(item); err != nil {
				return err
			}
		}
		for n, units := range map[int]int64{10: 74, 20: 75, many - 1: 98, many - 2: 100, many - 3: 76, many - 5: 100} {
			item, err := tx.Item(fmt.Sprint("n", n))
			if err != nil {
				return err
			}
			if err := tx.Adjust(store.Adjustment{Item: item.Key, At: d.now.Unix(), Units: units}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	viewer := d.As(administration.Principal{Name: "v", Role: administration.Viewer, Organization: "100002"})
	for _, test := range []struct {
		who  *administration.Administrator
		most int
		want []string
	}{
		{d.Administrator, 3, []string{"n1098", "n1096", "n1099"}},
		{d.Administrator, 9, []string{"n1098", "n1096", "n1099", "n1097", "n20"}}, {viewer, 9, []string{"n1097"}},
	} {
		ids := []string{}
		for _, item := range has[[]administration.Item](t)(test.who.NearItems(ctx, test.most)) {
			ids = append(ids, item.ID)
		}
		if fmt.Sprint(ids) != fmt.Sprint(test.want) {
			t.Errorf("%q, not %q", ids, test.want)
		}
	}
}
