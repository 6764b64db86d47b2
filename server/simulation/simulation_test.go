package simulation_test

import (
	"context"
	"errors"
	"os"
	"reflect"
	"testing"
	"time"
	_ "time/tzdata" // zones, wherever the test runs

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/simulation"
	"github.com/openlts/openlts/server/statistics"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/teststore"
	"github.com/openlts/openlts/server/verification"
)

var until = time.Date(2026, 11, 26, 9, 5, 0, 0, time.UTC)

func TestMain(m *testing.M) { os.Exit(teststore.Run(m)) }

func open(t *testing.T) store.Store {
	t.Helper()
	return teststore.New(t)
}

// life simulates into a new store.
func life(t *testing.T, options simulation.Options) (store.Store, simulation.Result) {
	t.Helper()
	s := open(t)
	result, err := simulation.Run(t.Context(), s, options)
	if err != nil {
		t.Fatal(err)
	}
	return s, result
}

func desk(s store.Store) *administration.Administrator {
	return &administration.Administrator{Store: s, Now: func() time.Time { return until }, Actor: "test"}
}

func counted(t *testing.T, s store.Store, by ...statistics.By) *statistics.Result {
	t.Helper()
	result, err := statistics.Run(t.Context(), s, statistics.Query{By: by}, until)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// What was recorded is what is counted, all of it follows from the reports, and there
// is something of everything that a page shows.
func TestLife(t *testing.T) {
	var told [][2]int
	progress := func(done, of int) { told = append(told, [2]int{done, of}) }
	s, result := life(t, simulation.Options{Devices: 60, Days: 21, Seed: 1, Until: until, Progress: progress})
	verified, err := verification.Run(t.Context(), s, verification.Options{})
	if err != nil || verified.Different != 0 || verified.Totals == 0 {
		t.Errorf("%+v, %v", verified, err)
	}
	if total := counted(t, s).Total; total != result.Operations || total == 0 {
		t.Errorf("%d operations are counted, of %d", total, result.Operations)
	}
	last := told[len(told)-1]
	if told[0] != [2]int{0, last[1]} || last[0] != last[1] || len(told) < 50 {
		t.Errorf("told progress %v", told)
	}
	for i := range told[1:] {
		if told[i+1][0]-told[i][0] > 3*last[1]/100 { // what comes at one moment is done at once
			t.Errorf("from %v nothing was told until %v", told[i], told[i+1])
		}
	}
	anomalies, err := desk(s).Anomalies(t.Context(), administration.Selection{})
	if err != nil {
		t.Fatal(err)
	}
	strange := map[string]bool{}
	for _, anomaly := range anomalies.Items {
		strange[anomaly.Kind] = true
	}
	for _, kind := range []string{policy.AnomalyUsageCopied, policy.AnomalyClockSkew, policy.AnomalyUsageLost} {
		if !strange[kind] {
			t.Errorf("no device has the anomaly %s", kind)
		}
	}
	denials, err := desk(s).Denials(t.Context(), administration.Selection{})
	if err != nil {
		t.Fatal(err)
	}
	refused := map[int]bool{}
	for _, denial := range denials.Items {
		refused[int(denial.Status)] = true
	}
	for _, code := range []int{-20101, -20103, -20111, -20120} { // no such code, another domain, ended, used up
		if !refused[code] {
			t.Errorf("no device was refused with %d", code)
		}
	}
	items, err := desk(s).Items(t.Context(), administration.Selection{})
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range items.Items {
		if share := float64(item.Quota.Used) / float64(item.Quota.Limit); item.ID == "warehouse-scans" &&
			(share < 0.9 || share > 0.95) {
			t.Errorf("of %s %d of %d is used", item.ID, item.Quota.Used, item.Quota.Limit)
		}
	}
}

// The same options give the same history, another seed another one.
func TestSeed(t *testing.T) {
	options := simulation.Options{Devices: 30, Days: 8, Seed: 7, Until: until}
	first, result := life(t, options)
	second, again := life(t, options)
	if result != again {
		t.Errorf("%+v, then %+v", result, again)
	}
	by := []statistics.By{statistics.ByDevice, statistics.ByType, statistics.ByItem}
	if !reflect.DeepEqual(counted(t, first, by...), counted(t, second, by...)) {
		t.Error("the counts of two simulations with one seed differ")
	}
	options.Seed++
	if _, other := life(t, options); other == result {
		t.Errorf("another seed gives the same history: %+v", other)
	}
}

func TestRefuses(t *testing.T) {
	s := open(t)
	for _, options := range []simulation.Options{
		{Devices: simulation.MinDevices - 1, Days: 3}, {Devices: simulation.MaxDevices + 1, Days: 3},
		{Devices: 30, Days: simulation.MinDays - 1}, {Devices: 30, Days: simulation.MaxDays + 1},
	} {
		options.Until = until
		if _, err := simulation.Run(t.Context(), s, options); err == nil {
			t.Errorf("%+v is taken", options)
		}
	}
	if _, err := desk(s).NewOrganization(t.Context(),
		administration.OrganizationInput{Name: "Example Corp"}); err != nil {
		t.Fatal(err)
	}
	if _, err := simulation.Run(t.Context(), s, simulation.Options{Devices: 30, Days: 3, Until: until}); !errors.Is(err,
		simulation.ErrNotNew) {
		t.Errorf("a database in use is taken: %v", err)
	}
}

// A simulation ends when its context does.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := simulation.Run(ctx, open(t), simulation.Options{
		Devices: 30, Days: 10, Until: until, Progress: func(int, int) { cancel() },
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
