package policy

import (
	"cmp"
	"maps"
	"slices"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// Kinds of anomalies which the server notes about reports.
const (
	AnomalyCountsFell       = "counts-fell"       // a higher revision had a lower count
	AnomalyRevisionConflict = "revision-conflict" // a revision came twice, with more counted
)

// Reported is a report that is well formed.
type Reported struct {
	Slot, Revision int64
	Counts         store.Counts
	Lost           string
	Found          bool
}

// ReportedOf converts a report; see CheckReport.
func ReportedOf(report *protocol.Report) Reported {
	return Reported{report.Slot, report.Revision, store.CountsOf(report.Counts), report.Lost, report.Found}
}

// Merged is the result of merging a report into what is stored.
type Merged struct {
	Report  store.Report
	Changed bool         // there is something to store
	Added   store.Counts // new units by type; nil if none
	Anomaly string       // "" if nothing is strange
}

// Merge merges a received report into what is stored. It may be repeated: counts are cumulative,
// the highest revision wins, and losses are always computed from what was accepted and what was
// declared. A declaration of loss is final: what arrives later with the same or a lower revision
// does not count any more, because the device was told that it is lost.
func Merge(stored store.Report, received *Reported) Merged {
	if received.Lost != "" {
		return mergeLoss(stored, received)
	}
	if received.Revision <= stored.Revision {
		return Merged{Report: stored, Anomaly: conflict(stored, received)}
	}
	for _, loss := range stored.Losses {
		if received.Revision <= loss.Revision {
			return Merged{Report: stored}
		}
	}
	merged := Merged{Report: stored, Changed: true}
	merged.Report.Revision = received.Revision
	var fell bool
	merged.Report.Counts, merged.Added, fell = raise(stored.Counts, received.Counts)
	if fell && !received.Found { // with Found, the device knows that it may have forgotten some
		merged.Anomaly = AnomalyCountsFell
	}
	merged.Report.Losses = recomputeLosses(merged.Report)
	return merged
}

// raise gives the larger count of each type, and what that adds to before. fell means that before
// is larger for some type; what was counted stays counted.
func raise(before, after store.Counts) (larger, added store.Counts, fell bool) {
	if len(before) == 0 {
		return after, after, false
	}
	larger = make(store.Counts, 0, max(len(before), len(after)))
	for i, j := 0, 0; i < len(before) || j < len(after); {
		switch {
		case j == len(after) || i < len(before) && before[i].Type < after[j].Type:
			larger, fell = append(larger, before[i]), true
			i++
		case i == len(before) || after[j].Type < before[i].Type:
			larger, added = append(larger, after[j]), append(added, after[j])
			j++
		default:
			count := after[j]
			switch more := count.Units - before[i].Units; {
			case more > 0:
				added = append(added, store.Count{Type: count.Type, Units: more})
			case more < 0:
				count, fell = before[i], true
			}
			larger = append(larger, count)
			i++
			j++
		}
	}
	return larger, added, fell
}

func mergeLoss(stored store.Report, received *Reported) Merged {
	if received.Revision <= stored.Losses[received.Lost].Revision {
		return Merged{Report: stored}
	}
	merged := Merged{Report: stored, Changed: true}
	merged.Report.Losses = maps.Clone(stored.Losses)
	if merged.Report.Losses == nil {
		merged.Report.Losses = map[string]store.Loss{}
	}
	merged.Report.Losses[received.Lost] = store.Loss{Revision: received.Revision, Counts: received.Counts}
	merged.Report.Losses = recomputeLosses(merged.Report)
	return merged
}

// recomputeLosses computes the units lost by cause: of each declaration, in the
// order of their revisions, what was neither accepted nor declared before.
func recomputeLosses(report store.Report) map[string]store.Loss {
	if len(report.Losses) == 0 {
		return nil
	}
	causes := slices.SortedFunc(maps.Keys(report.Losses), func(a, b string) int {
		return cmp.Or(cmp.Compare(report.Losses[a].Revision, report.Losses[b].Revision), cmp.Compare(a, b))
	})
	known := report.Counts
	losses := make(map[string]store.Loss, len(causes))
	for _, cause := range causes {
		loss := report.Losses[cause]
		var lost store.Counts
		known, lost, _ = raise(known, loss.Counts)
		loss.Units = sum(lost)
		losses[cause] = loss
	}
	return losses
}

// sum is the number of units of all types.
func sum(counts store.Counts) (units int64) {
	for _, count := range counts {
		units = store.SaturatingSum(units, count.Units)
	}
	return units
}

// conflict tells whether an old revision has higher counts than what is stored: then two devices
// share one identity, or a client has a bug.
func conflict(stored store.Report, received *Reported) string {
	if _, added, _ := raise(stored.Counts, received.Counts); len(added) > 0 {
		return AnomalyRevisionConflict
	}
	return ""
}
