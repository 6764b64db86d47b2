package administration_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// Devices are counted as they are listed, page by page: also beyond a thousand, where some are shown as
// others, and for who sees one organization.
func TestDevicesAreCounted(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	d.stock(t)
	const many = 2500
	random := rand.New(rand.NewPCG(1, 2))
	active, silent := d.now.Add(-24*time.Hour), d.now.Add(-7*24*time.Hour)
	if err := d.Store.Update(ctx, func(tx store.Tx) error {
		exec := func(statement string, arguments ...any) error {
			_, err := tx.Exec(ctx, statement, arguments...)
			return err
		}
		for _, id := range []string{"100001", "100002"} {
			if err := tx.AddHandshakeCode(store.HandshakeCode{Code: id + "-count", Organization: id}); err != nil {
				return err
			}
			item := store.Item{ID: "count-" + id, Organization: id, Quota: 5, ExpiresAt: 1 << 40}
			if err := tx.AddItem(item); err != nil {
				return err
			}
		}
		for n := range many {
			seen := d.now.Unix() - random.Int64N(10*86400)
			if n%100 == 0 {
				seen = []time.Time{active, silent}[random.IntN(2)].Unix()
			}
			if err := exec(`INSERT INTO device (uuid, uuid_source, friendly_name, platform, library, first_seen_at, last_seen_at)
				VALUES (?, '', '', '', '', 1, ?)`, fmt.Sprint("d", n), seen); err != nil {
				return err
			}
			if n%50 == 49 { // shown as the one before, or as one of another organization
				if err := exec(`UPDATE device SET merged_into = (SELECT id FROM device i WHERE i.uuid = ?) WHERE uuid = ?`,
					fmt.Sprint("d", n-1-random.IntN(2)), fmt.Sprint("d", n)); err != nil {
					return err
				}
			}
			of := []string{"100001", "100002"}[n%2]
			if err := exec(`INSERT INTO report_grant (device, reporter, handshake_code, item, granted_at)
				SELECT d.id, 0, c.id, i.id, 1 FROM device d, handshake_code c, item i
				WHERE d.uuid = ? AND c.code = ? AND i.public_id = ?`,
				fmt.Sprint("d", n), of+"-count", "count-"+of); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, organization := range []string{"", "100001", "100002"} {
		who := d.As(administration.Principal{Name: "v", Role: administration.Viewer, Organization: organization})
		want := records.DeviceCounts{}
		for s := (administration.Selection{Limit: 1000}); ; {
			page := has[administration.Page[administration.Device]](t)(who.Devices(ctx, s))
			for _, device := range page.Items {
				want.All++
				if device.LastSeenAt > active.Unix() {
					want.Active++
				}
				if device.LastSeenAt < silent.Unix() {
					want.Silent++
				}
			}
			if s.After = page.Next; s.After == "" {
				break
			}
		}
		got, err := who.CountDevices(ctx, active, silent)
		if err != nil || got != want || organization == "" && got.All != many-many/50 {
			t.Errorf("%q: %+v, not %+v; %v", organization, got, want, err)
		}
	}
	if _, err := d.As(administration.Principal{}).CountDevices(ctx, active, silent); err == nil {
		t.Error("nobody may count devices")
	}
}
