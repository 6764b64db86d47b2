package alerts_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/alerts"
	"github.com/openlts/openlts/server/store"
)

// A device that others were merged into is one device, and was seen when one of them was.
func TestMergedDevicesAreOne(t *testing.T) {
	w := newWorld(t)
	const day = 24 * 60 * 60
	silent := w.now.Unix() - 7*day - 60
	var code, item store.ID
	w.update(t, func(tx store.Tx) error {
		c, err := tx.HandshakeCode("100001-a")
		if err != nil {
			return err
		}
		i, err := tx.Item("i")
		code, item = c.Key, i.Key
		return err
	})
	// The old machine is silent, and the new one is not; of the next two both are; and one is
	// alone.
	var ids []string
	for _, seen := range []int64{silent, w.now.Unix(), silent, silent - 60, silent} {
		id := uuid.NewString()
		ids = append(ids, id)
		if err := w.Apply(t.Context(), &store.Keys{}, func(*store.State) *store.Change {
			return &store.Change{
				Devices:   []store.Device{{UUID: id, FirstSeenAt: 1, LastSeenAt: seen}},
				Grants:    map[store.Grant]int64{{Device: id, Code: code, Item: item}: 1},
				Known:     map[string]*store.DeviceState{id: {}},
				Anomalies: []store.Anomaly{{Device: id, Kind: "clock-skew", Count: 2, FirstAt: 1, LastAt: 1}},
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	measures := func() (silent int64, anomalies string) {
		t.Helper()
		list, err := alerts.Measures(t.Context(), w.Store,
			[]alerts.Rule{{Kind: alerts.Silent, Levels: []int64{7}}}, w.now)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list {
			switch m.Kind {
			case alerts.Silent:
				silent = m.Value
			case alerts.Anomaly:
				anomalies = m.Text
			}
		}
		return silent, anomalies
	}
	if silent, anomalies := measures(); silent != 4 || anomalies != `anomaly "A clock that is wrong" `+
		`(clock-skew): seen 10 times so far, on 5 devices` {
		t.Errorf("before: %d, %s", silent, anomalies)
	}
	desk := &administration.Administrator{Store: w.Store, Now: w.watch.Now, Actor: "test"}
	for from, into := range map[int]int{0: 1, 3: 2} {
		if err := desk.MergeDevice(t.Context(), ids[from], ids[into]); err != nil {
			t.Fatal(err)
		}
	}
	if silent, anomalies := measures(); silent != 2 || !strings.Contains(anomalies, "10 times so far, on 3 devices") {
		t.Errorf("merged: %d, %s", silent, anomalies)
	}
}
