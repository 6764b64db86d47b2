package store_test

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/openlts/openlts/server/store"
)

// activities are any, in order.
func activities(t *rapid.T, label string) store.Activity {
	var all store.Activity
	for range rapid.IntRange(0, 20).Draw(t, label) {
		run := store.ActiveRun{Device: store.ID(rapid.Int64Range(1, 5).Draw(t, "device")),
			Run: store.ID(rapid.Int64Range(1, 1<<40).Draw(t, "run"))}
		for _, start := range rapid.SliceOfN(rapid.Int64Range(0, 86399), 1, 30).Draw(t, "starts") {
			if rapid.Bool().Draw(t, "usual") {
				start -= start % store.ActivitySlot
			}
			run.Slots.Add(start)
		}
		all = append(all, run)
	}
	return all.Merged(nil)
}

// set writes activity down as single slots.
func set(a store.Activity, into map[[3]int64]bool) map[[3]int64]bool {
	for i := range a {
		a[i].Slots.Each(func(start int64) { into[[3]int64{int64(a[i].Device), int64(a[i].Run), start}] = true })
	}
	return into
}

// What is stored is read as it was, and merging is the union, whatever is in it.
func TestActivityIsASetOfSlots(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := activities(t, "a"), activities(t, "b")
		var read store.Activity
		if err := store.ReadActivity(a.AppendBinary(nil), func(r *store.ActiveRun) {
			copied := *r
			copied.Slots.Odd = append([]int32(nil), r.Slots.Odd...)
			read = append(read, copied)
		}); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(set(read, map[[3]int64]bool{}), set(a, map[[3]int64]bool{})) || len(read) != len(a) {
			t.Fatalf("%v was read as %v", a, read)
		}
		want := set(b, set(a, map[[3]int64]bool{}))
		merged := a.Merged(b)
		if got := set(merged, map[[3]int64]bool{}); !reflect.DeepEqual(got, want) {
			t.Fatalf("%v and %v make %v", a, b, merged)
		}
		from, until := rapid.Int64Range(-10, 90_000).Draw(t, "from"), rapid.Int64Range(-10, 90_000).Draw(t, "until")
		mask := store.SlotsBetween(from, until)
		for i := range merged {
			some := false
			merged[i].Slots.Each(func(start int64) { some = some || start >= from && start < until })
			if got := merged[i].Slots.AnyOf(&mask, from, until); got != some {
				t.Fatalf("%v has some between %d and %d: %v", merged[i].Slots, from, until, got)
			}
		}
	})
}

// Damaged rows are an error, never a panic.
func FuzzReadActivity(f *testing.F) {
	one := store.ActiveRun{Device: 3, Run: 9}
	one.Slots.Add(180)
	one.Slots.Add(7)
	f.Add(store.Activity{one}.AppendBinary(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := store.ReadActivity(data, func(r *store.ActiveRun) {
			r.Slots.Each(func(start int64) {
				if start < 0 || start >= 86400+64*180 {
					t.Fatal(start)
				}
			})
		}); err != nil {
			t.Skip(err)
		}
	})
}

// Copies of slots go their own ways, whatever slots there are.
func TestCopiesOfSlots(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := rapid.Int64Range(0, 86399)
		var slots store.ActiveSlots
		for _, s := range rapid.SliceOfN(start, 0, 9).Draw(t, "before") {
			slots.Add(s)
		}
		seen := func(s *store.ActiveSlots) (list []int64) {
			s.Each(func(start int64) { list = append(list, start) })
			return list
		}
		before := seen(&slots)
		copied := slots
		for _, s := range rapid.SliceOfN(start, 1, 9).Draw(t, "more") {
			copied.Add(s)
		}
		if after := seen(&slots); !slices.Equal(before, after) {
			t.Errorf("%d became %d", before, after)
		}
	})
}
