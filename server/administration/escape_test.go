package administration_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// A device that two organizations share tells neither what the other granted it: not by
// filters, nor by a text that is looked for, nor by what is strange about it.
func TestSharedDevicesTellNothing(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	d.stock(t)
	id, grants := uuid.NewString(), map[store.Grant]int64{}
	if err := d.Store.Update(ctx, func(tx store.Tx) error {
		for _, organization := range []string{"100001", "100002"} {
			code, err := tx.HandshakeCode(organization + "-reader")
			if err != nil {
				return err
			}
			item, err := tx.Item("scans-" + organization)
			if err != nil {
				return err
			}
			grants[store.Grant{Device: id, Code: code.Key, Item: item.Key}] = 1
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := d.Store.Apply(ctx, &store.Keys{}, func(*store.State) *store.Change {
		return &store.Change{
			Devices: []store.Device{{UUID: id, FirstSeenAt: 1, LastSeenAt: 1}}, Grants: grants,
			Known: map[string]*store.DeviceState{id: {}},
			Anomalies: []store.Anomaly{{Device: id, Kind: "not-granted",
				Detail: "code 100002-reader, item scans-100002", Count: 1, FirstAt: 1, LastAt: 1}},
		}
	}); err != nil {
		t.Fatal(err)
	}
	own := d.As(administration.Principal{Name: "carl", Role: administration.Viewer, Organization: "100001"})
	for name, test := range map[string]struct {
		selection administration.Selection
		of        string // which organization it is about; "": any
	}{
		"all":          {administration.Selection{}, ""},
		"own item":     {administration.Selection{Items: []string{"scans-100001"}}, "100001"},
		"own code":     {administration.Selection{Codes: []string{"100001-reader"}}, "100001"},
		"foreign item": {administration.Selection{Items: []string{"scans-100002"}}, "100002"},
		"foreign code": {administration.Selection{Codes: []string{"100002-reader"}}, "100002"},
		"both": {
			administration.Selection{Codes: []string{"100001-reader"}, Items: []string{"scans-100002"}}, "none",
		},
		"text of detail": {administration.Selection{Text: "100002-reader"}, "text"},
	} {
		for _, who := range []*administration.Administrator{d.Administrator, own} {
			everything := who == d.Administrator
			wantDevice := test.of == "" || test.of == "100001" || test.of == "100002" && everything
			devices := has[administration.Page[administration.Device]](t)(who.Devices(ctx, test.selection)).Items
			if (len(devices) == 1) != wantDevice {
				t.Errorf("%s, %q: %+v", name, who.Actor, devices)
			}
			anomalies := has[administration.Page[records.Anomaly]](t)(who.Anomalies(ctx, test.selection)).Items
			if (len(anomalies) == 1) != (wantDevice || test.of == "text" && everything) {
				t.Errorf("%s, %q: %+v", name, who.Actor, anomalies)
			}
			for _, each := range anomalies {
				if (each.Detail != "") != everything {
					t.Errorf("%s, %q: %+v", name, who.Actor, each)
				}
			}
		}
	}
}

// A name acts on nothing that shows it.
func TestNamesOnlyShow(t *testing.T) {
	d := newDesk(t)
	for _, name := range []string{"a\x1b[31m", "a\u202eb", "a\u2028b", "\xff"} {
		if _, err := d.NewOrganization(t.Context(),
			administration.OrganizationInput{Name: name}); !administration.IsKind(err, administration.Invalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
