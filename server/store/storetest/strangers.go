package storetest

import (
	"errors"
	"testing"

	"github.com/openlts/openlts/server/store"
)

// Hostile texts in queries cause no error and find nothing.
func textsOfStrangers(t *testing.T, open Open) {
	w := begin(t, open)
	for _, text := range []string{"\x00", "a\x00b", "\xff\xfe", "\xed\xa0\x80", "'; DROP TABLE item; --", "{}[]\",\\",
		"\u2028", "\U0010FFFF"} {
		state := w.look(store.Keys{
			Organizations: []string{text}, Codes: []string{text}, Domains: []string{text},
			Askers: []store.Asker{{Device: text, KeyID: text, Address: text}},
			Counted: []store.Counted{{Code: text, Item: text, Run: text, Slots: []int64{180}},
				{Code: w.code.Code, Item: text}, {Code: w.code.Code, Item: w.item.ID, Run: text}},
		})
		if len(state.Codes) != 1 || len(state.Items) != 1 || len(state.Devices) != 0 {
			t.Errorf("%q: %+v", text, state)
		}
		if _, err := w.ReportKey(t.Context(), text, text); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%q: %v", text, err)
		}
		device := &store.DeviceState{}
		w.apply(store.Keys{}, func(*store.State) *store.Change {
			return &store.Change{
				Devices: []store.Device{
					{UUID: w.item.ID, UUIDSource: text, FriendlyName: text, Platform: text, Library: text},
				},
				Anomalies: []store.Anomaly{{Device: w.item.ID, Kind: "k", Detail: text, Count: 1}},
				Denials: []store.Denial{
					{Device: text, DeviceName: text, HandshakeCode: text, Organization: text, Reason: text, Count: 1},
				},
				Known: map[string]*store.DeviceState{w.item.ID: device},
			}
		})
		if device.Key == 0 {
			t.Errorf("%q: the device has no key", text)
		}
	}
}
