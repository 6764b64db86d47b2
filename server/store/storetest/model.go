package storetest

import (
	"errors"
	"reflect"
	"testing"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// update runs f in a transaction that has to succeed.
func (w *world) update(f func(store.Tx) error) {
	w.Helper()
	if err := w.Update(w.Context(), f); err != nil {
		w.Fatal(err)
	}
}

// A change of an administrator takes effect with the next group, in every process.
func itemsChange(t *testing.T, open Open) {
	w := begin(t, open)
	other := *w
	other.Store = open(t)
	keys := store.Keys{Codes: []string{w.code.Code}}
	changed := w.item
	changed.Name, changed.Quota, changed.Requires, changed.Modules, changed.TrialBy, changed.RequestLimit = "Other", 7,
		nil, nil, store.TrialByNobody, 0
	changed.RevokedAt, changed.LicenseFile = 3, "g"
	for _, step := range []func(store.Tx) error{
		func(tx store.Tx) error { return tx.UpdateItem(changed) },
		func(tx store.Tx) error { changed.ArchivedAt = 4; return tx.ArchiveItem(w.item.Key, 4) },
		func(tx store.Tx) error { changed.ArchivedAt = 0; return tx.ArchiveItem(w.item.Key, 0) },
	} {
		w.update(step)
		for _, as := range []*world{w, &other} {
			if got := as.look(keys).CodeItems[w.code.Key]; len(got) != 1 || !reflect.DeepEqual(got[0].Item, changed) {
				t.Errorf("%+v, want %+v", got, changed)
			}
		}
	}
	for _, step := range []struct {
		change func(store.Tx) error
		want   store.HandshakeCode
	}{
		{func(tx store.Tx) error { return tx.ArchiveHandshakeCode(w.code.Key, 8) },
			store.HandshakeCode{SessionPassword: "a hash", PreviousPassword: "an older one", PreviousUntil: 9,
				ArchivedAt: 8}},
		{func(tx store.Tx) error { return tx.SetSessionPassword(w.code.Key, "new", "a hash", 77) },
			store.HandshakeCode{SessionPassword: "new", PreviousPassword: "a hash", PreviousUntil: 77, ArchivedAt: 8}},
	} {
		w.update(step.change)
		for _, as := range []*world{w, &other} {
			got := as.look(keys).Codes[w.code.Code]
			if got.SessionPassword != step.want.SessionPassword || got.PreviousPassword != step.want.PreviousPassword ||
				got.PreviousUntil != step.want.PreviousUntil || got.ArchivedAt != step.want.ArchivedAt {
				t.Errorf("%+v, want %+v", got, step.want)
			}
		}
	}
}

// A trial begins once; to begin it again changes nothing.
func trialsAreKept(t *testing.T, open Open) {
	w := begin(t, open)
	device := w.device()
	keys := store.Keys{Codes: []string{w.code.Code}, Askers: []store.Asker{
		{Device: device.UUID, Address: "192.0.2.0/24"}, {Device: "new", Address: "198.51.100.0/24"}}}
	trial := store.Trial{
		Item: w.item.Key, Subject: store.TrialSubjects(store.TrialByAddress, device.UUID, "192.0.2.0/24")[0],
	}
	if got := w.look(keys).Trials; len(got) != 0 {
		t.Errorf("%+v", got)
	}
	for _, at := range []int64{50, 60} {
		w.apply(keys, func(*store.State) *store.Change {
			return &store.Change{Trials: map[store.Trial]int64{trial: at}}
		})
		other := *w
		other.Store = open(t)
		for _, as := range []*world{w, &other} {
			if got := as.look(keys).Trials; !reflect.DeepEqual(got, map[store.Trial]int64{trial: 50}) {
				t.Errorf("%+v", got)
			}
		}
	}
}

// Granted authorizations are added up.
func requestsAreAdded(t *testing.T, open Open) {
	w := begin(t, open)
	keys := store.Keys{Codes: []string{w.code.Code}}
	for i := range int64(3) {
		if got := w.look(keys).Uses[w.item.Key].Requests; got != 2*i {
			t.Errorf("%d, want %d", got, 2*i)
		}
		w.apply(keys, func(*store.State) *store.Change {
			return &store.Change{Requests: map[store.ID]int64{w.item.Key: 2}}
		})
	}
	items, err := w.Items(t.Context(), 0)
	if err != nil || len(items) != 1 || items[0].Use.Requests != 6 {
		t.Errorf("%+v, %v", items, err)
	}
}

// A key that is confirmed reports as the first does: its runs and grants become
// those of the first, unless both have them. Accounts stay apart.
func keysAreConfirmed(t *testing.T, open Open) {
	w := begin(t, open)
	first := w.device()
	first.Account = true
	second := store.Reporter{Device: first.Device, UUID: first.UUID, Number: 1, Account: true}
	key := "other key of " + first.UUID
	asker := store.Asker{Device: first.UUID, KeyID: key}
	w.apply(store.Keys{Askers: []store.Asker{asker}}, func(state *store.State) *store.Change {
		return &store.Change{
			Keys: []store.DeviceKeyOf{{Device: first.UUID, DeviceKey: store.DeviceKey{KeyID: key,
				PublicKey: []byte("q"), ReportKey: []byte("s")}, Reporter: 1, CreatedAt: 5}},
			Grants: map[store.Grant]int64{{Device: first.UUID, Reporter: 1, Code: w.code.Key, Item: w.item.Key}: 5},
			Known:  state.Devices,
		}
	})
	both, own := uuid.NewString(), uuid.NewString()
	for _, r := range []struct {
		reporter store.Reporter
		run      string
	}{{first, both}, {second, both}, {second, own}} {
		w.apply(w.counted(r.reporter, r.run, 180), func(state *store.State) *store.Change {
			change := w.report(state, r.reporter, r.run, 180, store.Report{
				Revision: 1, Counts: store.Counts{{Type: "A", Units: 1}},
			})
			account := store.AccountKey{Device: first.UUID, Reporter: r.reporter.Number}
			change.Accounts = map[store.AccountKey]store.AccountState{
				account: {SentAt: 7, DeviceAccount: protocol.DeviceAccount{Recorded: 2}},
			}
			change.Accepted = map[store.AccountKey]int64{account: 1}
			return change
		})
	}
	confirm := func(keyID string) (left int64, err error) {
		err = w.Update(t.Context(), func(tx store.Tx) (err error) {
			left, err = tx.ConfirmKey(first.UUID, keyID, 9)
			return err
		})
		return left, err
	}
	if _, err := confirm("no key"); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	for range 2 {
		if left, err := confirm(key); err != nil || left != 1 {
			t.Errorf("%d left, %v", left, err)
		}
	}
	other := *w
	other.Store = open(t)
	for _, as := range []*world{w, &other} {
		state := as.look(store.Keys{Askers: []store.Asker{asker}})
		if device := state.Devices[first.UUID]; device.RunsOf(1) != 0 || device.RunsOf(2) != 2 ||
			device.Reporters[key] != 1 {
			t.Errorf("%+v", device)
		}
		if !state.Grants[store.Grant{Device: first.UUID, Code: w.code.Key, Item: w.item.Key}] {
			t.Errorf("%+v", state.Grants)
		}
		for _, run := range []string{both, own} {
			state := as.look(as.counted(second, run, 180))
			r := state.Runs[as.runKey(first, run)]
			if len(state.Runs) != 1 || r == nil || r.Key == 0 || len(r.Reports) != 1 {
				t.Errorf("%+v", state.Runs)
			}
			if device := state.Devices[first.UUID]; device.RunsOf(1) != 0 || device.Accounts[0].Accepted != 1 ||
				device.Accounts[1].Accepted != 2 {
				t.Errorf("%+v", device)
			}
		}
	}
	keys, err := w.DeviceKeys(t.Context(), first.UUID)
	if err != nil || len(keys) != 2 || keys[0].Reporter != 0 || keys[0].ConfirmedAt != 0 || keys[1].KeyID != key ||
		keys[1].ConfirmedAt != 9 ||
		keys[1].CreatedAt != 5 || keys[1].Account == nil || keys[1].Account.Recorded != 2 || keys[1].Accepted != 2 {
		t.Errorf("%+v, %v", keys, err)
	}
	if n := w.total(); n != 3 {
		t.Errorf("counted %d", n)
	}
}

// A device stays marked as cloned until an administrator clears the mark.
func clonesAreKept(t *testing.T, open Open) {
	w := begin(t, open)
	device := w.device()
	keys := store.Keys{Askers: []store.Asker{{Device: device.UUID, KeyID: "key of " + device.UUID}}}
	w.apply(keys, func(state *store.State) *store.Change {
		return &store.Change{Cloned: map[string]int64{device.UUID: 44}, Known: state.Devices}
	})
	if got := w.look(keys).Devices[device.UUID].ClonedAt; got != 44 {
		t.Errorf("cloned at %d", got)
	}
	devices, err := w.Devices(t.Context())
	if err != nil || len(devices) != 1 || devices[0].ClonedAt != 44 {
		t.Errorf("%+v, %v", devices, err)
	}
	w.update(func(tx store.Tx) error { return tx.ClearClone(device.UUID) })
	if got := w.look(keys).Devices[device.UUID].ClonedAt; got != 0 {
		t.Errorf("cloned at %d", got)
	}
	if err := w.Update(t.Context(), func(tx store.Tx) error { return tx.ClearClone("nobody") }); !errors.Is(err,
		store.ErrNotFound) {
		t.Error(err)
	}
}

func vendorsAreKept(t *testing.T, open Open) {
	w := begin(t, open)
	product := store.Product{Bit: 1 << 6, Name: "ACME", CreatedAt: 3}
	vendor := store.Vendor{PublicKey: []byte("public"), Name: "Acme", TrustedAt: 4}
	file := store.LicenseFile{
		ID: "f1", Vendor: "v", Revision: 1, Organization: "100001", Alias: "a", ImportedAt: 6, Content: []byte("{}"),
	}
	w.update(func(tx store.Tx) error {
		if _, err := tx.VendorKey(); !errors.Is(err, store.ErrNotFound) {
			t.Error(err)
		}
		if _, err := tx.LicenseFile("f1"); !errors.Is(err, store.ErrNotFound) {
			t.Error(err)
		}
		return errors.Join(tx.AddProduct(product), tx.AddVendorKey([]byte("seed")), tx.TrustVendor(vendor),
			tx.TrustVendor(vendor), tx.PutLicenseFile(file))
	})
	for _, same := range []store.Product{{Bit: 1 << 6, Name: "NEW"}, {Bit: 1 << 7, Name: "ACME"}} {
		if err := w.Update(t.Context(), func(tx store.Tx) error { return tx.AddProduct(same) }); !errors.Is(err,
			store.ErrExists) {
			t.Errorf("%+v: %v", same, err)
		}
	}
	file.Revision, file.Revoked, file.Alias, file.ImportedAt, file.Content = 2, true, "b", 7, []byte("{2}")
	w.update(func(tx store.Tx) error { return tx.PutLicenseFile(file) })
	w.update(func(tx store.Tx) error {
		seed, err := tx.VendorKey()
		vendors, vendorsErr := tx.Vendors()
		products, productsErr := tx.Products()
		got, fileErr := tx.LicenseFile("f1")
		if string(seed) != "seed" || !reflect.DeepEqual(vendors, []store.Vendor{vendor}) ||
			!reflect.DeepEqual(products, []store.Product{product}) ||
			!reflect.DeepEqual(got, file) {
			t.Errorf("%q, %+v, %+v, %+v", seed, vendors, products, got)
		}
		return errors.Join(err, vendorsErr, productsErr, fileErr)
	})
	products, productsErr := w.Products(t.Context())
	files, filesErr := w.LicenseFiles(t.Context())
	if !reflect.DeepEqual(products, []store.Product{product}) || !reflect.DeepEqual(files, []store.LicenseFile{file}) ||
		productsErr != nil || filesErr != nil {
		t.Errorf("%+v, %+v, %v, %v", products, files, productsErr, filesErr)
	}
}

// Devices that never reported and never took a seat are deleted, for every process, and so
// are further keys that never reported. All others stay.
func strangersAreForgotten(t *testing.T, open Open) {
	w := begin(t, open)
	other := *w
	other.Store = open(t)
	forgetter, ok := w.Store.(store.Forgetter)
	if !ok {
		t.Skipf("%T forgets nobody", w.Store)
	}
	stranger, reporter, seated := w.device(), w.device(), w.device()
	run := uuid.NewString()
	w.apply(w.counted(reporter, run, 180), func(state *store.State) *store.Change {
		return w.report(state, reporter, run, 180, store.Report{
			Revision: 1, Counts: store.Counts{{Type: "A", Units: 1}},
		})
	})
	w.apply(store.Keys{Reporters: []store.Reporter{seated}}, func(state *store.State) *store.Change {
		return &store.Change{
			Seats: map[store.SeatKey]store.Seat{
				{Item: w.item.Key, Device: seated.UUID, From: 1}: {From: 1, Until: 2, Weight: 1},
			},
			Keys: []store.DeviceKeyOf{{Device: seated.UUID, DeviceKey: store.DeviceKey{KeyID: "further",
				PublicKey: []byte("q"), ReportKey: []byte("s")}, Reporter: 1, CreatedAt: 1}},
			Grants: map[store.Grant]int64{{Device: seated.UUID, Code: w.code.Key, Item: w.item.Key}: 1,
				{Device: seated.UUID, Reporter: 1, Code: w.code.Key, Item: w.item.Key}: 1},
			Known: state.Devices,
		}
	})
	w.apply(store.Keys{Reporters: []store.Reporter{stranger}}, func(state *store.State) *store.Change {
		return &store.Change{
			Grants:    map[store.Grant]int64{{Device: stranger.UUID, Code: w.code.Key, Item: w.item.Key}: 1},
			Anomalies: []store.Anomaly{{Device: stranger.UUID, Kind: "k", Count: 1}}, Known: state.Devices,
		}
	})
	key := func(id, device string) error {
		t.Helper()
		_, err := other.ReportKey(t.Context(), id, device)
		return err
	}
	if err := errors.Join(key("key of "+stranger.UUID, stranger.UUID), key("further", seated.UUID)); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ before, want int64 }{{1, 0}, {2, 2}, {2, 0}} {
		if got, err := forgetter.ForgetStrangers(t.Context(), step.before, 100); err != nil || got != step.want {
			t.Errorf("before %d: forgot %d, %v", step.before, got, err)
		}
	}
	other.look(store.Keys{}) // the next group of another process notices
	for id, device := range map[string]string{"key of " + stranger.UUID: stranger.UUID, "further": seated.UUID} {
		if err := key(id, device); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", id, err)
		}
	}
	devices, err := w.Devices(t.Context())
	if err != nil || len(devices) != 2 || devices[0].UUID != reporter.UUID || devices[1].UUID != seated.UUID {
		t.Errorf("%+v, %v", devices, err)
	}
	state := w.look(store.Keys{Askers: []store.Asker{{Device: seated.UUID, KeyID: "x"}}})
	if !reflect.DeepEqual(state.Grants,
		map[store.Grant]bool{{Device: seated.UUID, Code: w.code.Key, Item: w.item.Key}: true}) {
		t.Errorf("%+v", state.Grants)
	}
}
