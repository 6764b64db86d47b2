// Package storetest is the test suite for stores: what every implementation of
// store.Store has to do.
package storetest

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// Open opens the store under test: the same one, as another process or node
// would, each time it is called within a test. The test closes what it opened.
type Open func(t *testing.T) store.Store

// Run tests a store. fresh is called once for each test, for an empty store.
func Run(t *testing.T, fresh func(t *testing.T) Open) {
	for name, test := range map[string]func(*testing.T, Open){
		"UpdateIsAllOrNothing":    updateIsAllOrNothing,
		"NothingIsKnown":          nothingIsKnown,
		"AskersAreLoaded":         askersAreLoaded,
		"ReportsAreLoaded":        reportsAreLoaded,
		"ChangesAreAllOrNothing":  changesAreAllOrNothing,
		"ReportersAreApart":       reportersAreApart,
		"SumsAreAdded":            sumsAreAdded,
		"SumsStop":                sumsStop,
		"TypesAreKept":            typesAreKept,
		"SeatsAndStepsAreKept":    seatsAndStepsAreKept,
		"SeatsAreThoseNeeded":     seatsAreThoseNeeded,
		"PastSeatsAreFolded":      pastSeatsAreFolded,
		"SeatsAreRepaired":        seatsAreRepaired,
		"DevicesAreRepaired":      devicesAreRepaired,
		"DomainsAreKept":          domainsAreKept,
		"ItemsTellTheirUse":       itemsTellTheirUse,
		"AnomaliesAreCounted":     anomaliesAreCounted,
		"OthersAreSeen":           othersAreSeen,
		"ApplyIsIsolated":         applyIsIsolated,
		"WhatIsReadIsWhatIsSaved": whatIsReadIsWhatIsSaved,
		"RecordsAreKept":          recordsAreKept,
		"ReadOneByOne":            readOneByOne,
		"AlertsAreKept":           alertsAreKept,
		"TextsOfStrangers":        textsOfStrangers,
		"WindowsAreExact":         windowsAreExact,
		"ActivityIsExact":         activityIsExact,
		"TotalsAreFolded":         totalsAreFolded,
		"TotalsAreFoldedByMany":   totalsAreFoldedByMany,
		"DenialsAreCounted":       denialsAreCounted,
		"ExaminationIsComplete":   examinationIsComplete,
		"PruningIsExact":          pruningIsExact,
		"ActivityAfterPruning":    activityAfterPruning,
		"StatementsAreKept":       statementsAreKept,
		"ItemsChange":             itemsChange,
		"TrialsAreKept":           trialsAreKept,
		"RequestsAreAdded":        requestsAreAdded,
		"KeysAreConfirmed":        keysAreConfirmed,
		"ClonesAreKept":           clonesAreKept,
		"VendorsAreKept":          vendorsAreKept,
		"StrangersAreForgotten":   strangersAreForgotten,
	} {
		t.Run(name, func(t *testing.T) { test(t, fresh(t)) })
	}
}

// world is a store with an organization, a code and an item of it.
type world struct {
	*testing.T
	store.Store
	code store.HandshakeCode
	item store.Item
}

func begin(t *testing.T, open Open) *world {
	t.Helper()
	w := &world{T: t, Store: open(t)}
	err := w.Update(t.Context(), func(tx store.Tx) error {
		err := errors.Join(
			tx.AddOrganization(store.Organization{ID: "100001", Name: "Example Corp", CreatedAt: 5}),
			tx.AddHandshakeCode(store.HandshakeCode{Code: "100001-reader", Organization: "100001", Default: true,
				SessionPassword: "a hash", PreviousPassword: "an older one", PreviousUntil: 9,
				ValidationFields: []string{"a.example", "b.example"}, CreatedAt: 6}),
			tx.AddItem(store.Item{ID: "scans", Organization: "100001", Name: "Scans", Products: 7,
				Modules: []protocol.LicenseModule{1, 2}, Quota: 10, ExpiresAt: 99,
				TrialBy: store.TrialByAddress, TrialDays: 7, Requires: []string{"base", "other"}, RequestLimit: 5,
				RefuseClones: true, LicenseFile: "f",
				Charging: store.Charging{Tolerance: new(int64(7)), Slot: new(int64(60))}}),
		)
		code, codeErr := tx.HandshakeCode("100001-reader")
		item, itemErr := tx.Item("scans")
		w.code, w.item = code, item
		return errors.Join(err, codeErr, itemErr, tx.AttachItem(code.Key, item.Key, 3))
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// apply makes a change, and returns the state that it was based on.
func (w *world) apply(keys store.Keys, change func(*store.State) *store.Change) (loaded *store.State) {
	w.Helper()
	err := w.Apply(w.Context(), &keys, func(state *store.State) *store.Change {
		loaded = state
		return change(state)
	})
	if err != nil {
		w.Fatal(err)
	}
	return loaded
}

// look loads a state and changes nothing.
func (w *world) look(keys store.Keys) *store.State {
	w.Helper()
	return w.apply(keys, func(*store.State) *store.Change { return &store.Change{} })
}

// device adds a device with a key.
func (w *world) device() store.Reporter {
	w.Helper()
	id := uuid.NewString()
	device := &store.DeviceState{}
	w.apply(store.Keys{}, func(*store.State) *store.Change {
		return &store.Change{
			Devices: []store.Device{{UUID: id, FriendlyName: "x", FirstSeenAt: 1, LastSeenAt: 1}},
			Keys: []store.DeviceKeyOf{{Device: id, DeviceKey: store.DeviceKey{KeyID: "key of " + id,
				PublicKey: []byte("p"), ReportKey: []byte("r")}, CreatedAt: 1}},
			Known: map[string]*store.DeviceState{id: device},
		}
	})
	if device.Key == 0 {
		w.Fatal("the new device has no key")
	}
	return store.Reporter{Device: device.Key, UUID: id}
}

func (w *world) counted(reporter store.Reporter, run string, slots ...int64) store.Keys {
	return store.Keys{Reporters: []store.Reporter{reporter}, Counted: []store.Counted{{
		Reporter: reporter, Code: w.code.Code, Item: w.item.ID, Run: run, Slots: slots,
	}}}
}

func (w *world) runKey(reporter store.Reporter, run string) store.RunKey {
	return store.RunKey{Device: reporter.UUID, Reporter: reporter.Number, Code: w.code.Key, Item: w.item.Key, Run: run}
}

// report counts a report as policy would: on top of what is stored for its slot.
func (w *world) report(state *store.State, reporter store.Reporter, run string, slot int64,
	report store.Report) *store.Change {
	key := w.runKey(reporter, run)
	r, known := state.Runs[key]
	change := &store.Change{
		Runs: map[store.RunKey]*store.Run{}, Reports: map[store.SlotKey]store.Report{},
		Totals: map[store.TotalKey]store.Units{}, ByDevice: map[store.DeviceTotalKey]int64{},
		Used: map[store.ID]int64{}, Known: state.Devices,
	}
	if !known {
		r = &store.Run{Reports: map[int64]store.Report{}}
	}
	if r.Key == 0 {
		change.Runs[key] = r
	}
	before := r.Reports[slot].Counts.Map()
	for _, count := range report.Counts {
		added := count.Units - before[count.Type]
		key := store.TotalKey{Code: w.code.Key, Item: w.item.Key, Slot: slot, Type: count.Type}
		change.Totals[key] = change.Totals[key].Plus(store.Units{All: added})
		byDevice := store.DeviceTotalKey{Device: reporter.UUID, Code: w.code.Key, Item: w.item.Key,
			Start: store.LevelQuarterDay.Start(slot), Type: count.Type}
		change.ByDevice[byDevice] += added
		change.Used[w.item.Key] += added
	}
	change.Reports[store.SlotKey{Run: r, Slot: slot}] = report
	change.Received = []store.ReceivedReport{
		{Run: r, Slot: slot, SlotSeconds: 180, Revision: report.Revision, Counts: report.Counts, ReceivedAt: 9},
	}
	return change
}

func (w *world) total() int64 {
	w.Helper()
	statistics, err := w.Statistics(w.Context(), store.StatisticsQuery{By: []store.Column{store.ByItem}})
	if err != nil {
		w.Fatal(err)
	}
	return statistics.Total
}

func updateIsAllOrNothing(t *testing.T, open Open) {
	s := open(t)
	failure := errors.New("failure")
	add := func(tx store.Tx, id string) error { return tx.AddOrganization(store.Organization{ID: id, Name: "x"}) }
	if err := s.Update(t.Context(), func(tx store.Tx) error {
		return errors.Join(add(tx, "1"), failure)
	}); !errors.Is(err, failure) {
		t.Error(err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = s.Update(t.Context(), func(tx store.Tx) error {
			_ = add(tx, "2")
			panic("for the test")
		})
	}()
	if err := s.Update(t.Context(), func(tx store.Tx) error { return add(tx, "3") }); err != nil {
		t.Error(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Update(cancelled, func(tx store.Tx) error { return add(tx, "4") }); err == nil {
		t.Error("an update began after its context ended")
	}
	if err := s.Update(t.Context(), func(tx store.Tx) error { return add(tx, "3") }); !errors.Is(err, store.ErrExists) {
		t.Error(err)
	}
	organizations, err := s.Organizations(t.Context())
	if err != nil || len(organizations) != 1 || organizations[0].ID != "3" {
		t.Errorf("%+v, %v", organizations, err)
	}
}

// Keys that do not exist are missing from the state, without an error.
func nothingIsKnown(t *testing.T, open Open) {
	w := begin(t, open)
	state := w.look(store.Keys{
		Organizations: []string{"999999", ""}, Codes: []string{"nobody's", "", "'"},
		Askers: []store.Asker{{Device: "nobody", KeyID: "none"}},
		Counted: []store.Counted{
			{Code: "nobody's", Item: "nothing", Run: "r", Slots: []int64{180}},
			{Code: w.code.Code, Item: "nothing"}, {Code: "", Item: w.item.ID},
		},
	})
	if len(state.Organizations)+len(state.Devices)+len(state.Runs) != 0 || len(state.Codes) != 1 ||
		len(state.Items) != 1 {
		t.Errorf("%+v", state)
	}
}

func askersAreLoaded(t *testing.T, open Open) {
	w := begin(t, open)
	device := w.device()
	w.apply(store.Keys{}, func(*store.State) *store.Change {
		return &store.Change{
			Seats: map[store.SeatKey]store.Seat{
				{Item: w.item.Key, Device: device.UUID, From: 40}: {From: 40, Until: 100, Weight: 3, Brief: true},
			},
			Steps: map[store.StepKey]int64{{Item: w.item.Key, At: 40}: 3, {Item: w.item.Key, At: 100}: -3},
			Sums:  map[store.ID]store.SeatSum{w.item.Key: {At: 45, Active: 3, Exceptions: 7}},
			Known: map[string]*store.DeviceState{device.UUID: {Key: device.Device}},
		}
	})
	for range 2 { // read, and remembered
		state := w.look(store.Keys{Now: 50, Organizations: []string{"100001"}, Askers: []store.Asker{
			{Device: device.UUID, KeyID: "key of " + device.UUID, Organization: "100001"},
			{Device: "new", KeyID: "new", Code: w.code.Code},
		}})
		if o := state.Organizations["100001"]; o.DefaultCode != w.code.Code || o.Name != "Example Corp" {
			t.Errorf("%+v", o)
		}
		code := state.Codes[w.code.Code]
		want := store.HandshakeCode{
			Key: w.code.Key, Code: w.code.Code, Organization: "100001", SessionPassword: "a hash",
			PreviousPassword: "an older one", PreviousUntil: 9, ValidationFields: []string{"a.example", "b.example"},
			Default: true, CreatedAt: 6,
		}
		if !reflect.DeepEqual(code, want) {
			t.Errorf("%+v", code)
		}
		if items := state.CodeItems[code.Key]; len(items) != 1 || items[0].Position != 3 ||
			!reflect.DeepEqual(items[0].Item, w.item) {
			t.Errorf("%+v", items)
		}
		if use := state.Uses[w.item.Key]; use == nil ||
			!reflect.DeepEqual(*use, store.Use{SeatSum: store.SeatSum{At: 45, Active: 3, Exceptions: 7}}) {
			t.Errorf("%+v", use)
		}
		d := state.Devices[device.UUID]
		if len(state.Devices) != 1 || d == nil || d.Key != device.Device ||
			!maps.Equal(d.Reporters, map[string]int64{"key of " + device.UUID: 0}) ||
			d.NextReporter != 1 ||
			!slices.Equal(d.Seats[w.item.Key], []store.Seat{{From: 40, Until: 100, Weight: 3, Brief: true}}) {
			t.Errorf("%+v", d)
		}
	}
}

func reportsAreLoaded(t *testing.T, open Open) {
	w := begin(t, open)
	device := w.device()
	device.Account = true
	run, stored := uuid.NewString(), store.Report{
		Revision: 3, Counts: store.Counts{{Type: "A", Units: 1}, {Type: "B", Units: 1 << 53}},
		Losses: map[string]store.Loss{
			"expired": {Revision: 4, Counts: store.Counts{{Type: "A", Units: 3}}, Units: 2},
			"storage": {Revision: 5, Counts: store.Counts{{Type: "C", Units: 7}}, Units: 7},
		},
	}
	account := store.AccountState{
		DeviceAccount: protocol.DeviceAccount{Recorded: 9, Expired: 1, Refused: 2, Storage: 3}, SentAt: 77,
	}
	w.apply(w.counted(device, run, 360), func(state *store.State) *store.Change {
		if len(state.Runs) != 1 || state.Runs[w.runKey(device, run)].Key != 0 ||
			len(state.Devices[device.UUID].Accounts) != 0 {
			t.Errorf("%+v", state)
		}
		change := w.report(state, device, run, 360, stored)
		change.Accounts = map[store.AccountKey]store.AccountState{{Device: device.UUID}: account}
		return change
	})
	for range 2 {
		state := w.look(w.counted(device, run, 180, 360, 540))
		r := state.Runs[w.runKey(device, run)]
		if r == nil || r.Key == 0 || len(r.Reports) != 1 || !reflect.DeepEqual(r.Reports[360], stored) {
			t.Errorf("%+v", r)
		}
		if got := state.Devices[device.UUID].Accounts; !maps.Equal(got, map[int64]store.AccountState{0: account}) {
			t.Errorf("%+v", got)
		}
	}
	// Two devices may have runs of the same name.
	other := w.device()
	if r := w.look(w.counted(other, run, 360)).Runs[w.runKey(other, run)]; r != nil &&
		(r.Key != 0 || len(r.Reports) != 0) {
		t.Errorf("%+v", r)
	}
}

// Keys of a device after its first have runs, accounts and grants of their own.
func reportersAreApart(t *testing.T, open Open) {
	w := begin(t, open)
	first := w.device()
	second := store.Reporter{Device: first.Device, UUID: first.UUID, Number: 1, Account: true}
	first.Account = true
	run, key := uuid.NewString(), "other key of "+first.UUID
	asker := store.Asker{Device: first.UUID, KeyID: key}
	w.apply(store.Keys{Askers: []store.Asker{asker}}, func(state *store.State) *store.Change {
		device := state.Devices[first.UUID]
		if len(device.Reporters) != 0 || device.NextReporter != 1 || len(state.Grants) != 0 {
			t.Errorf("%+v, %+v", device, state.Grants)
		}
		return &store.Change{
			Keys: []store.DeviceKeyOf{{Device: first.UUID,
				DeviceKey: store.DeviceKey{KeyID: key, PublicKey: []byte("q"), ReportKey: []byte("s")}, Reporter: 1}},
			Grants: map[store.Grant]int64{{Device: first.UUID, Reporter: 1, Code: w.code.Key, Item: w.item.Key}: 5},
			Known:  state.Devices,
		}
	})
	for i, reporter := range []store.Reporter{first, second} {
		units := int64(10 + i)
		w.apply(w.counted(reporter, run, 180), func(state *store.State) *store.Change {
			if r := state.Runs[w.runKey(reporter, run)]; r != nil && (r.Key != 0 || len(r.Reports) != 0) {
				t.Errorf("reporter %d has %+v", i, r)
			}
			want := map[store.Grant]bool{{Device: first.UUID, Reporter: 1, Code: w.code.Key, Item: w.item.Key}: true}
			if !maps.Equal(state.Grants, want) {
				t.Errorf("%+v", state.Grants)
			}
			change := w.report(state, reporter, run, 180, store.Report{
				Revision: 1, Counts: store.Counts{{Type: "A", Units: units}},
			})
			change.Accounts = map[store.AccountKey]store.AccountState{
				{Device: reporter.UUID, Reporter: reporter.Number}: {SentAt: units},
			}
			return change
		})
	}
	state := w.look(store.Keys{Askers: []store.Asker{asker}, Reporters: []store.Reporter{first}})
	device := state.Devices[first.UUID]
	if !maps.Equal(device.Reporters, map[string]int64{key: 1}) || device.NextReporter != 2 ||
		!maps.Equal(device.Accounts, map[int64]store.AccountState{0: {SentAt: 10}, 1: {SentAt: 11}}) {
		t.Errorf("%+v", device)
	}
	if got, err := w.ReportKey(t.Context(), key, first.UUID); err != nil || got.Devices[first.UUID].Number != 1 ||
		string(got.Secret) != "s" {
		t.Errorf("%+v, %v", got, err)
	}
	if n := w.total(); n != 21 {
		t.Errorf("counted %d", n)
	}
}

// A change that can't be stored as a whole is neither stored nor cached.
func changesAreAllOrNothing(t *testing.T, open Open) {
	w := begin(t, open)
	device := w.device()
	run := uuid.NewString()
	one := store.Report{Revision: 1, Counts: store.Counts{{Type: "A", Units: 1}}}
	for _, fail := range []func(*store.Change){
		func(c *store.Change) { c.Anomalies = []store.Anomaly{{Device: "of nobody"}} },
		func(c *store.Change) { c.Received = append(c.Received, store.ReceivedReport{Run: &store.Run{Key: -1}}) },
		func(*store.Change) { panic("for the test") },
	} {
		func() {
			defer func() { _ = recover() }()
			keys := w.counted(device, run, 180)
			err := w.Apply(t.Context(), &keys, func(state *store.State) *store.Change {
				change := w.report(state, device, run, 180, one)
				fail(change)
				return change
			})
			if err == nil {
				t.Error("it was stored")
			}
		}()
		if r := w.look(w.counted(device, run, 180)).Runs[w.runKey(device, run)]; r != nil &&
			(r.Key != 0 || len(r.Reports) != 0) {
			t.Errorf("%+v", r)
		}
		if n := w.total(); n != 0 {
			t.Errorf("counted %d", n)
		}
	}
	w.apply(w.counted(device, run, 180), func(state *store.State) *store.Change {
		return w.report(state, device, run, 180, one)
	})
	if state := w.look(w.counted(device, run, 180)); w.total() != 1 || state.Uses[w.item.Key].Units != 1 {
		t.Errorf("counted %d, used %+v", w.total(), state.Uses[w.item.Key])
	}
}

// Totals are added to what is stored, even if the state is older.
func sumsAreAdded(t *testing.T, open Open) {
	w := begin(t, open)
	for range 3 {
		w.apply(store.Keys{}, func(*store.State) *store.Change {
			return &store.Change{
				Totals: map[store.TotalKey]store.Units{
					{Code: w.code.Key, Item: w.item.Key, Slot: 180, Type: "A"}: {All: 2},
					{Code: w.code.Key, Item: w.item.Key, Slot: 360, Type: "B"}: {All: 3},
				},
				Used: map[store.ID]int64{w.item.Key: 4},
			}
		})
	}
	if state := w.look(store.Keys{Codes: []string{w.code.Code}}); w.total() != 15 ||
		state.Uses[w.item.Key].Units != 12 {
		t.Errorf("counted %d, used %+v", w.total(), state.Uses[w.item.Key])
	}
}

// Totals stop at the largest number.
func sumsStop(t *testing.T, open Open) {
	w := begin(t, open)
	const most = 1<<63 - 1
	for _, n := range []int64{most - 1, 5, most} {
		w.apply(store.Keys{}, func(*store.State) *store.Change {
			return &store.Change{
				Totals: map[store.TotalKey]store.Units{
					{Code: w.code.Key, Item: w.item.Key, Slot: 180, Type: "A"}: {All: n},
				},
				Used: map[store.ID]int64{w.item.Key: n},
			}
		})
	}
	if state := w.look(store.Keys{Codes: []string{w.code.Code}}); w.total() != most ||
		state.Uses[w.item.Key].Units != most {
		t.Errorf("counted %d, used %+v", w.total(), state.Uses[w.item.Key])
	}
}

// An organization has the types that it defined, without the built-in ones.
func typesAreKept(t *testing.T, open Open) {
	w := begin(t, open)
	device := w.device()
	keys := w.counted(device, uuid.NewString(), 180)
	for _, name := range []string{"OWN_A", "QR_CODE", "OWN_B", "OWN_A"} {
		w.apply(keys, func(*store.State) *store.Change {
			return &store.Change{
				Totals: map[store.TotalKey]store.Units{
					{Code: w.code.Key, Item: w.item.Key, Slot: 180, Type: name}: {All: 1},
				},
				Types: map[store.OrganizationType]bool{{Organization: "100001", Type: name}: true},
			}
		})
	}
	want := map[string]bool{"OWN_A": true, "OWN_B": true}
	again := *w
	again.Store = open(t)
	for _, as := range []*world{w, &again} {
		got := as.look(keys).Types["100001"]
		delete(got, "QR_CODE") // it does no harm
		if !maps.Equal(got, want) {
			t.Errorf("%v", got)
		}
	}
}

func anomaliesAreCounted(t *testing.T, open Open) {
	w := begin(t, open)
	device := w.device()
	for i := range int64(3) {
		w.apply(store.Keys{Reporters: []store.Reporter{device}}, func(state *store.State) *store.Change {
			a := store.Anomaly{
				Device: device.UUID, Kind: "k", Detail: string(rune('a' + i)), Count: 2, FirstAt: i, LastAt: i,
			}
			return &store.Change{Anomalies: []store.Anomaly{a, a}, Known: state.Devices}
		})
	}
	anomalies, err := w.Anomalies(t.Context(), 10)
	want := store.Anomaly{Device: device.UUID, Kind: "k", Detail: "c", Count: 12, FirstAt: 0, LastAt: 2}
	if err != nil || len(anomalies) != 1 || anomalies[0] != want {
		t.Errorf("%+v, %v", anomalies, err)
	}
}

// A change of another process or node takes effect with the next group.
func othersAreSeen(t *testing.T, open Open) {
	w := begin(t, open)
	device, run := w.device(), uuid.NewString()
	report := func(s store.Store, slot, revision, units int64) {
		t.Helper()
		as := *w
		as.Store = s
		as.apply(w.counted(device, run, slot), func(state *store.State) *store.Change {
			return w.report(state, device, run, slot, store.Report{
				Revision: revision, Counts: store.Counts{{Type: "A", Units: units}},
			})
		})
	}
	report(w.Store, 180, 1, 1)
	other := open(t)
	report(other, 180, 2, 5)
	report(other, 360, 1, 10)
	report(w.Store, 180, 3, 7)
	if err := other.Update(t.Context(), func(tx store.Tx) error {
		return errors.Join(tx.RevokeItem(w.item.Key, 77), tx.AddItem(store.Item{ID: "new", Organization: "100001"}))
	}); err != nil {
		t.Fatal(err)
	}
	for _, s := range []store.Store{w.Store, other} {
		as := *w
		as.Store = s
		state := as.look(w.counted(device, run, 180, 360))
		if got := state.Items["scans"]; got.RevokedAt != 77 {
			t.Errorf("%+v", got)
		}
		r := state.Runs[w.runKey(device, run)]
		if r.Reports[180].Revision != 3 || r.Reports[360].Revision != 1 || state.Uses[w.item.Key].Units != 17 {
			t.Errorf("%+v, %+v", r, state.Uses[w.item.Key])
		}
	}
	if n := w.total(); n != 17 {
		t.Errorf("counted %d", n)
	}
}

// Groups of several stores run at once on the same slots: each sees what the earlier ones
// saved, whether it waited for them or ran again.
func applyIsIsolated(t *testing.T, open Open) {
	w := begin(t, open)
	device, run := w.device(), uuid.NewString()
	const writers, rounds = 4, 25
	var wg sync.WaitGroup
	for range writers {
		as := *w
		as.Store = open(t)
		wg.Go(func() {
			for range rounds {
				keys := w.counted(device, run, 180)
				err := as.Apply(context.Background(), &keys, func(state *store.State) *store.Change {
					var stored store.Report
					if r := state.Runs[w.runKey(device, run)]; r != nil {
						stored = r.Reports[180]
					}
					units := stored.Counts.Map()["A"] + 1
					return w.report(state, device, run, 180, store.Report{
						Revision: stored.Revision + 1, Counts: store.Counts{{Type: "A", Units: units}},
					})
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	r := w.look(w.counted(device, run, 180)).Runs[w.runKey(device, run)]
	if stored := r.Reports[180]; stored.Revision != writers*rounds || stored.Counts[0].Units != writers*rounds ||
		w.total() != writers*rounds {
		t.Errorf("%+v, counted %d", stored, w.total())
	}
}

// Queries return what was saved, and it agrees with the raw reports.
func whatIsReadIsWhatIsSaved(t *testing.T, open Open) {
	w := begin(t, open)
	device, run := w.device(), uuid.NewString()
	w.apply(w.counted(device, run, 180), func(state *store.State) *store.Change {
		change := w.report(state, device, run, 180, store.Report{
			Revision: 1, Counts: store.Counts{{Type: "QR_CODE", Units: 3}},
		})
		change.Denials = []store.Denial{
			{At: 5, Status: -20120, Device: device.UUID, HandshakeCode: "c", Organization: "o", Reason: "r",
				Count: 1, FirstAt: 5},
			{At: 6, Status: -20101, Device: device.UUID, HandshakeCode: "c", Count: 1, FirstAt: 6},
			{At: 7, Status: -20120, Device: device.UUID, DeviceName: "n", HandshakeCode: "c", Organization: "100001",
				Item:  "scans",
				Cause: "x", Limit: 10, Used: 11, Reason: "s", Count: 1, FirstAt: 7},
		}
		change.Accounts = map[store.AccountKey]store.AccountState{
			{Device: device.UUID}: {DeviceAccount: protocol.DeviceAccount{Recorded: 3}},
		}
		return change
	})
	denials, err := w.Denials(t.Context(), 10)
	if want := []store.Denial{
		{At: 7, Status: -20120, Device: device.UUID, DeviceName: "n", HandshakeCode: "c", Organization: "100001",
			OrganizationName: "Example Corp",
			Item:             "scans", ItemName: "Scans", Cause: "x", Limit: 10, Used: 11, Reason: "s",
			Count: 2, FirstAt: 5},
		{At: 6, Status: -20101, Device: device.UUID, HandshakeCode: "c", Count: 1, FirstAt: 6},
	}; err != nil || !slices.Equal(denials, want) {
		t.Errorf("%+v, %v", denials, err)
	}
	devices, err := w.Devices(t.Context())
	if err != nil || len(devices) != 1 || devices[0].Keys != 1 || devices[0].Account == nil ||
		devices[0].Account.Recorded != 3 {
		t.Errorf("%+v, %v", devices, err)
	}
	statistics, err := w.Statistics(t.Context(), store.StatisticsQuery{
		By: []store.Column{store.ByDevice, store.ByType},
	})
	if err != nil || statistics.Total != 3 || len(statistics.Rows) != 1 ||
		statistics.Rows[0].Group != (store.Group{Device: device.UUID, Type: "QR_CODE"}) {
		t.Errorf("%+v, %v", statistics, err)
	}
	key, err := w.ReportKey(t.Context(), "key of "+device.UUID, device.UUID)
	if err != nil || string(key.Secret) != "r" ||
		!maps.Equal(key.Devices, map[string]store.Reporter{device.UUID: device}) {
		t.Errorf("%+v, %v", key, err)
	}
	if _, err := w.ReportKey(t.Context(), "no key", device.UUID); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}
