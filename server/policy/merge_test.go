package policy_test

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

type counts = map[string]int64

func report(revision int64, c counts) protocol.Report {
	return protocol.Report{Slot: 180, Revision: revision, Counts: c}
}

func loss(revision int64, cause string, c counts) protocol.Report {
	return protocol.Report{Slot: 180, Revision: revision, Counts: c, Lost: cause}
}

func merge(stored store.Report, received protocol.Report) policy.Merged {
	reported := policy.ReportedOf(&received)
	return policy.Merge(stored, &reported)
}

func TestMerge(t *testing.T) {
	for _, test := range []struct {
		name    string
		reports []protocol.Report
		want    counts
		lost    counts // by cause
		anomaly string // of the last report
		changed bool   // by the last report
	}{
		{"first", []protocol.Report{report(1, counts{"A": 3})}, counts{"A": 3}, nil, "", true},
		{"again", []protocol.Report{report(1, counts{"A": 3}), report(1, counts{"A": 3})}, counts{"A": 3},
			nil, "", false},
		{"grown", []protocol.Report{report(1, counts{"A": 3}), report(2, counts{"A": 5, "B": 1})},
			counts{"A": 5, "B": 1}, nil, "", true},
		{"older", []protocol.Report{report(2, counts{"A": 5}), report(1, counts{"A": 3})}, counts{"A": 5},
			nil, "", false},
		{"fallen", []protocol.Report{report(1, counts{"A": 3, "B": 2}), report(2, counts{"A": 1, "C": 1})},
			counts{"A": 3, "B": 2, "C": 1}, nil, policy.AnomalyCountsFell, true},
		{"same revision with more", []protocol.Report{report(2, counts{"A": 3}), report(2, counts{"A": 4})},
			counts{"A": 3}, nil, policy.AnomalyRevisionConflict, false},
		{"lost", []protocol.Report{report(1, counts{"A": 3}), loss(2, "expired", counts{"A": 5, "B": 1})},
			counts{"A": 3}, counts{"expired": 3}, "", true},
		{"all lost", []protocol.Report{loss(1, "expired", counts{"A": 5})}, nil, counts{"expired": 5}, "", true},
		{"lost again", []protocol.Report{loss(1, "expired", counts{"A": 5}), loss(1, "expired", counts{"A": 5})}, nil,
			counts{"expired": 5}, "", false},
		{"more lost", []protocol.Report{loss(1, "expired", counts{"A": 5}), loss(2, "expired", counts{"A": 7})}, nil,
			counts{"expired": 7}, "", true},
		{"too late", []protocol.Report{loss(2, "expired", counts{"A": 5}), report(1, counts{"A": 5})},
			nil, counts{"expired": 5}, "", false},
		{"found after all", []protocol.Report{loss(2, "expired", counts{"A": 5}), report(3, counts{"A": 5})},
			counts{"A": 5}, counts{"expired": 0}, "", true},
		{"two causes", []protocol.Report{
			loss(2, "storage", counts{"A": 9}), loss(1, "expired", counts{"A": 5}), report(3, counts{"A": 2}),
		},
			counts{"A": 2}, counts{"expired": 3, "storage": 4}, "", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stored store.Report
			var merged policy.Merged
			for _, r := range test.reports {
				before := counts{}
				maps.Copy(before, stored.Counts.Map())
				merged = merge(stored, r)
				for _, added := range merged.Added {
					before[added.Type] += added.Units
				}
				if len(before) != len(merged.Report.Counts) ||
					len(before) > 0 && !reflect.DeepEqual(before, merged.Report.Counts.Map()) {
					t.Errorf("stored and added give %v, not %v", before, merged.Report.Counts)
				}
				stored = merged.Report
			}
			if len(stored.Counts) != len(test.want) ||
				len(test.want) > 0 && !reflect.DeepEqual(stored.Counts.Map(), test.want) {
				t.Errorf("counted %v, want %v", stored.Counts, test.want)
			}
			for cause, loss := range stored.Losses {
				if loss.Units != test.lost[cause] {
					t.Errorf("lost %v, want %v", stored.Losses, test.lost)
				}
			}
			if len(stored.Losses) != len(test.lost) || merged.Anomaly != test.anomaly ||
				merged.Changed != test.changed {
				t.Errorf("%+v", merged)
			}
		})
	}
}

// Whatever order reports come in and however often: with the counts of an
// honest client, which only grow, what is counted and lost together is what was
// recorded; what the device was told to be lost is not counted later; and if
// nothing is lost, the outcome is the same.
func TestMergeInAnyOrder(t *testing.T) {
	causes := []string{protocol.LostExpired, protocol.LostRefused, protocol.LostStorage}
	rapid.Check(t, func(t *rapid.T) {
		recorded := counts{}
		anyLost := false
		var history []protocol.Report
		for revision := range rapid.Int64Range(1, 5).Draw(t, "revisions") {
			recorded[rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "type")] += rapid.Int64Range(1,
				9).Draw(t, "units")
			r := report(revision+1, maps.Clone(recorded))
			if rapid.Bool().Draw(t, "lost") {
				r.Lost = rapid.SampledFrom(causes).Draw(t, "cause")
				anyLost = true
			}
			history = append(history, r)
		}
		mergeAll := func(reports []protocol.Report) (stored store.Report, added int64) {
			final := int64(0) // the revision up to which a device was told that something is lost
			for _, r := range reports {
				merged := merge(stored, r)
				if r.Lost == "" && r.Revision <= final && len(merged.Added) > 0 {
					t.Fatalf("%+v was counted after revision %d was declared lost", r, final)
				}
				if r.Lost != "" {
					final = max(final, r.Revision)
				}
				for _, more := range merged.Added {
					added += more.Units
				}
				if merged.Anomaly != "" {
					t.Fatalf("anomaly %s", merged.Anomaly)
				}
				stored = merged.Report
			}
			return stored, added
		}
		once, _ := mergeAll(history)
		shuffled, added := mergeAll(rapid.Permutation(append(history, history...)).Draw(t, "order"))
		if twice, _ := mergeAll(append(history, history...)); !sameReport(once, twice) {
			t.Fatalf("once %+v, twice %+v", once, twice)
		}
		if !anyLost && !sameReport(once, shuffled) {
			t.Fatalf("in order %+v, shuffled %+v", once, shuffled)
		}
		sum := added
		for _, l := range shuffled.Losses {
			sum += l.Units
		}
		var all int64
		for _, n := range recorded {
			all += n
		}
		if sum != all {
			t.Fatalf("counted and lost %d, recorded %d", sum, all)
		}
	})
}

func sameReport(a, b store.Report) bool {
	return a.Revision == b.Revision && slices.Equal(a.Counts, b.Counts) &&
		maps.EqualFunc(a.Losses, b.Losses, func(x, y store.Loss) bool {
			return x.Revision == y.Revision && x.Units == y.Units && slices.Equal(x.Counts, y.Counts)
		})
}
