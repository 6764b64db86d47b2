package replay_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/replay"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/teststore"
)

func TestMain(m *testing.M) { os.Exit(teststore.Run(m)) }

func item(t *testing.T, o *servertest.Office) (item store.Item) {
	t.Helper()
	if err := o.Update(t.Context(), func(tx store.Tx) (err error) {
		item, err = tx.Item("scans")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return item
}

// Under a smaller quota of units, the usage after it is used up would not have been.
func TestSmallerQuota(t *testing.T) {
	o := servertest.NewOffice(t)
	from := o.Now
	o.Live(from.AddDate(0, 0, 30)) // 150 units
	own := item(t, o)
	own.Quota = 1000
	other := own
	other.Quota = 60 // and 3 of tolerance: used up after 13 days
	c, err := replay.Compare(t.Context(), o.Store, own, other, from.Unix()-180, o.Now.Unix())
	if err != nil {
		t.Fatal(err)
	}
	if c.Devices != 1 || c.Slots != 30 || c.Own.Refused != 0 || c.Own.Quota.Used != 150 ||
		c.Own.Quota.State != protocol.QuotaOK {
		t.Errorf("%+v", c)
	}
	if c.Other.Quota.Used != 65 || c.Other.Refused != 17 || c.Other.RefusedDevices != 1 || c.Other.LostUnits != 85 ||
		c.Other.Beyond != 1 ||
		c.Other.FirstRefusal != from.AddDate(0, 0, 13).Unix() || c.Other.Quota.State != protocol.QuotaExhausted {
		t.Errorf("%+v", c.Other)
	}
}

// Under another charge way it is counted otherwise: by devices at work.
func TestOtherChargeWay(t *testing.T) {
	o := servertest.NewOffice(t)
	from := o.Now
	for i := range 20 {
		o.Now = from.Add(time.Duration(i) * 3 * time.Minute)
		o.Send(o.Now, 1, 5, "")
	}
	own := item(t, o)
	other := own
	other.ChargeWay, other.Quota = protocol.ChargeWayConcurrentDeviceCount, 1
	c, err := replay.Compare(t.Context(), o.Store, own, other, from.Unix()-180, o.Now.Unix()+180)
	if err != nil || c.Other.Peak != 1 || c.Other.Quota.Exceptions != 0 || c.Other.Refused != 0 || c.Other.Asked != 1 {
		t.Errorf("%+v, %v", c.Other, err)
	}
	other.ChargeWay = protocol.ChargeWayAppDomainCount
	if _, err := replay.Compare(t.Context(), o.Store, own, other, from.Unix(), o.Now.Unix()); err == nil {
		t.Error("domains can't be replayed")
	}
	other.ChargeWay = 99
	if _, err := replay.Compare(t.Context(), o.Store, own, other, from.Unix(), o.Now.Unix()); err == nil {
		t.Error("there is no such charge way")
	}
	if _, err := replay.Compare(t.Context(), o.Store, own, own, 5, 5); err == nil {
		t.Error("an empty time was replayed")
	}
}

// What was deleted can't be replayed.
func TestPrunedReports(t *testing.T) {
	o := servertest.NewOffice(t)
	o.Tamper(`INSERT INTO slot_closing (id, before, pruned, swept) VALUES (1, 1000000, 1000000, 0)`)
	var gone *store.PrunedError
	if _, err := replay.Compare(t.Context(), o.Store, item(t, o), item(t, o), 5, 1<<40); !errors.As(err, &gone) {
		t.Error(err)
	}
}
