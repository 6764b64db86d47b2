package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// countedSlots are units by organization, slot and type; organization "": of all together.
type countedSlots map[store.ExaminedOrganizationTotal]store.Units

// counting are worlds on one store, with pairs of codes and items of two organizations, and what
// was counted.
type counting struct {
	worlds []*world
	pairs  []countedPair
	slots  countedSlots
	totals map[store.TotalKey]store.Units
}

type countedPair struct {
	code         store.HandshakeCode
	item         store.Item
	organization string
}

func beginCounting(t *testing.T, open Open) *counting {
	t.Helper()
	w := begin(t, open)
	c := &counting{worlds: []*world{w}, slots: countedSlots{}, totals: map[store.TotalKey]store.Units{}}
	other := *w
	other.Store = open(t)
	c.worlds = append(c.worlds, &other)
	w.update(func(tx store.Tx) (err error) {
		if err := tx.AddOrganization(store.Organization{ID: "100002", Name: "Other"}); err != nil {
			return err
		}
		for n, organization := range []string{"100001", "100001", "100002"} {
			name := fmt.Sprint("counted", n)
			p := countedPair{organization: organization}
			if err := errors.Join(
				tx.AddHandshakeCode(store.HandshakeCode{Code: name, Organization: organization}),
				tx.AddItem(store.Item{ID: name, Organization: organization, ChargeWay: protocol.ChargeWayScanCount,
					Quota: 1 << 50, ExpiresAt: 1 << 40})); err != nil {
				return err
			}
			if p.code, err = tx.HandshakeCode(name); err != nil {
				return err
			}
			if p.item, err = tx.Item(name); err != nil {
				return err
			}
			c.pairs = append(c.pairs, p)
		}
		return nil
	})
	return c
}

// count counts units, as if a group of reports had come.
func (c *counting) count(ctx context.Context, w *world, totals map[store.TotalKey]store.Units) error {
	keys := &store.Keys{}
	for _, p := range c.pairs {
		keys.Codes, keys.Counted = append(keys.Codes, p.code.Code), append(keys.Counted, store.Counted{Item: p.item.ID})
	}
	return w.Apply(ctx, keys, func(*store.State) *store.Change { return &store.Change{Totals: totals} })
}

// remember adds them to what is expected.
func (c *counting) remember(totals map[store.TotalKey]store.Units) {
	for key, units := range totals {
		c.totals[key] = c.totals[key].Plus(units)
		organization := ""
		for _, p := range c.pairs {
			if p.item.Key == key.Item {
				organization = p.organization
			}
		}
		for _, of := range []string{"", organization} {
			at := store.ExaminedOrganizationTotal{Organization: of, Start: key.Slot, Type: key.Type}
			c.slots[at] = c.slots[at].Plus(units)
		}
	}
}

// check compares the statistics by slot, and by whole windows, with what was counted.
func (c *counting) check(w *world) {
	w.Helper()
	for _, grouped := range []bool{false, true} {
		by, organizations := []store.Column{store.BySlot, store.ByType}, []string{""}
		if grouped {
			by, organizations = append(by, store.ByOrganization), []string{"100001", "100002"}
		}
		s, err := w.Statistics(w.Context(), store.StatisticsQuery{By: by})
		if err != nil {
			w.Fatal(err)
		}
		told, counted := countedSlots{}, countedSlots{}
		for _, row := range s.Rows {
			told[store.ExaminedOrganizationTotal{Organization: *row.Text(store.ByOrganization),
				Start: *row.Number(store.BySlot), Type: *row.Text(store.ByType)}] =
				store.Units{All: row.Count, Late: row.Late}
		}
		for of, units := range c.slots {
			if slices.Contains(organizations, of.Organization) {
				counted[of] = units
			}
		}
		if err := differ(told, counted); err != nil {
			w.Fatalf("%v: %v", by, err)
		}
	}
	// Windows that begin and end within an hour.
	window := store.Window{Start: day + 720, End: day + 7*3600 + 360}
	for _, organizations := range [][]string{nil, {"100002"}} {
		var want int64
		for of, units := range c.slots {
			if of.Start >= window.Start && of.Start < window.End &&
				(len(organizations) == 0 && of.Organization == "" || slices.Contains(organizations, of.Organization)) {
				want += units.All
			}
		}
		s, err := w.Statistics(w.Context(), store.StatisticsQuery{
			Windows: []store.Window{window}, Organizations: organizations,
		})
		if err != nil || s.Total != want {
			w.Fatalf("%v: %d, not %d, %v", organizations, s.Total, want, err)
		}
	}
	c.checkItems(w)
	c.examine(w)
}

// checkItems compares the statistics of items in windows between quarters of an hour.
func (c *counting) checkItems(w *world) {
	w.Helper()
	var windows []store.Window
	for at := int64(day) - 6300; at < day+9*3600; at += 8100 {
		windows = append(windows, store.Window{Start: at, End: at + 8100})
	}
	s, err := w.Statistics(w.Context(), store.StatisticsQuery{Windows: windows, By: []store.Column{store.ByItem}})
	if err != nil {
		w.Fatal(err)
	}
	got, want := map[string]store.Units{}, map[string]store.Units{}
	for _, row := range s.Rows {
		got[fmt.Sprint(row.Window, row.Item)] = store.Units{All: row.Count, Late: row.Late}
	}
	for key, units := range c.totals {
		for n, window := range windows {
			if key.Slot < window.Start || key.Slot >= window.End {
				continue
			}
			for _, p := range c.pairs {
				if p.item.Key == key.Item {
					of := fmt.Sprint(n, p.item.ID)
					want[of] = want[of].Plus(units)
				}
			}
		}
	}
	if !maps.Equal(got, want) {
		w.Fatalf("%v, not %v", got, want)
	}
}

// examine checks that slots and quarters are stored up to where they are folded, and that none are
// after it.
func (c *counting) examine(w *world) {
	w.Helper()
	err := w.Examine(w.Context(), func(e store.Examination) error {
		folded, err := e.Folded()
		if err != nil {
			return err
		}
		want, stored := countedSlots{}, countedSlots{}
		for of, units := range c.slots {
			if of.Start < folded {
				want[of] = units
			}
		}
		for total, err := range e.OrganizationTotals(store.LevelSlot) {
			if err != nil {
				return err
			}
			units := total.Units
			total.Units = store.Units{}
			stored[total] = stored[total].Plus(units)
		}
		for _, level := range store.FoldedLevels {
			quarters, known := store.Late(c.totals, level, folded), map[store.TotalKey]store.Units{}
			for total, err := range e.Totals(level) {
				if err != nil {
					return err
				}
				of := store.TotalKey{Code: total.Code, Item: total.Item, Slot: total.Start, Type: total.Type}
				known[of] = total.Units
			}
			if !maps.Equal(known, quarters) {
				return fmt.Errorf("of level %d, there is %v, not %v", level, known, quarters)
			}
		}
		return differ(stored, want)
	})
	if err != nil {
		w.Fatal(err)
	}
}

// differ returns an error that names a total that differs.
func differ(got, want countedSlots) error {
	for of, units := range want {
		if got[of] != units {
			return fmt.Errorf("%v is %v, not %v", of, got[of], units)
		}
	}
	for of, units := range got {
		if want[of] != units {
			return fmt.Errorf("%v is %v, not %v", of, units, want[of])
		}
	}
	return nil
}

// some are units of random slots of some hours.
func (c *counting) some(random *rand.Rand) map[store.TotalKey]store.Units {
	totals := map[store.TotalKey]store.Units{}
	for range 1 + random.IntN(5) {
		p := c.pairs[random.IntN(len(c.pairs))]
		hour := []int64{0, 1, 2, 5, 6, 7}[random.IntN(6)] // with hours in which nothing is counted
		key := store.TotalKey{Code: p.code.Key, Item: p.item.Key, Slot: day + hour*3600 + random.Int64N(20)*180,
			Type: []string{"QR_CODE", "OWN"}[random.IntN(2)]}
		totals[key] = store.Units{All: 1 + random.Int64N(9), Late: random.Int64N(2)}
	}
	return totals
}

// The totals of organizations are the same at any time, however much of them is folded.
func totalsAreFolded(t *testing.T, open Open) {
	c := beginCounting(t, open)
	random := rand.New(rand.NewPCG(1, 2))
	for range 120 {
		w := c.worlds[random.IntN(2)]
		if random.IntN(3) > 0 {
			totals := c.some(random)
			if err := c.count(t.Context(), w, totals); err != nil {
				t.Fatal(err)
			}
			c.remember(totals)
		} else if _, err := w.Folder().FoldTotals(t.Context(), day+random.Int64N(9*3600)); err != nil {
			t.Fatal(err)
		}
		c.check(w)
	}
	// All that is older than the newest hour is folded in the end, and no more.
	c.foldAll()
	if folded := c.worlds[0].folded(); folded != day+7*3600 {
		t.Errorf("folded before %d", folded)
	}
	// Neither absurd counts nor a time long past stop it.
	for _, slot := range []int64{day + 8*3600, day - 1000*86400, day + 9*3600, day + 8*3600} {
		totals := map[store.TotalKey]store.Units{}
		for _, p := range c.pairs {
			totals[store.TotalKey{Code: p.code.Key, Item: p.item.Key, Slot: slot, Type: "OWN"}] =
				store.Units{All: math.MaxInt64 - 5, Late: 1}
		}
		if err := c.count(t.Context(), c.worlds[0], totals); err != nil {
			t.Fatal(err)
		}
		c.remember(totals)
		c.foldAll()
		c.examine(c.worlds[0])
	}
	if folded := c.worlds[0].folded(); folded != day+9*3600 {
		t.Errorf("folded before %d", folded)
	}
}

// foldAll folds all that can be folded.
func (c *counting) foldAll() {
	c.worlds[0].Helper()
	for more := true; more; {
		var err error
		if more, err = c.worlds[0].Folder().FoldTotals(c.worlds[0].Context(), store.EndOfTime); err != nil {
			c.worlds[0].Fatal(err)
		}
	}
}

// Folder is the store, which must be one.
func (w *world) Folder() store.Folder {
	w.Helper()
	folder, ok := w.Store.(store.Folder)
	if !ok {
		w.Fatal("the store folds nothing")
	}
	return folder
}

// folded is the moment before which slots are folded.
func (w *world) folded() (before int64) {
	w.Helper()
	err := w.Examine(w.Context(), func(e store.Examination) (err error) {
		before, err = e.Folded()
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return before
}

// Several servers fold while others store: nothing is folded twice or left out, and whoever asks
// meanwhile never gets less than before.
func totalsAreFoldedByMany(t *testing.T, open Open) {
	c := beginCounting(t, open)
	var mu sync.Mutex
	var all sync.WaitGroup
	failed := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	for n, w := range c.worlds {
		all.Go(func() {
			random := rand.New(rand.NewPCG(3, uint64(n)))
			for range 40 {
				totals := c.some(random)
				failed(c.count(t.Context(), w, totals))
				mu.Lock()
				c.remember(totals)
				mu.Unlock()
			}
		})
		all.Go(func() {
			for range 40 {
				_, err := w.Folder().FoldTotals(t.Context(), day+9*3600)
				failed(err)
			}
		})
		all.Go(func() {
			last := int64(0)
			for range 20 {
				s, err := w.Statistics(t.Context(), store.StatisticsQuery{By: []store.Column{store.BySlot}})
				failed(err)
				if s.Total < last {
					t.Errorf("%d after %d", s.Total, last)
				}
				last = s.Total
			}
		})
	}
	all.Wait()
	c.check(c.worlds[0])
}
