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

// Merged is the outcome of merging a report into what is stored of its slot.
type Merged struct {
	Report  store.Report
	Changed bool             // there is something to store
	Added   map[string]int64 // new units by type; nil if none
	Anomaly string           // "" if nothing is strange
}

// Merge merges a received report into what is stored. It may be repeated: counts
// are cumulative, the highest revision wins, and what is lost is computed anew from
// what was accepted and what was declared. A declaration of loss is final: what
// arrives after it, of its revision or an earlier one, is not counted any more,
// because the device was told that it is lost.
func Merge(stored store.Report, received protocol.Report) Merged {
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
	merged.Report.Counts = maps.Clone(received.Counts)
	for name, before := range stored.Counts {
		// What was counted stays counted.
		if received.Counts[name] < before {
			merged.Report.Counts[name] = before
			if !received.Found { // then the device knows that it may have forgotten some
				merged.Anomaly = AnomalyCountsFell
			}
		}
	}
	for name, n := range merged.Report.Counts {
		if added := n - stored.Counts[name]; added > 0 {
			if merged.Added == nil {
				merged.Added = map[string]int64{}
			}
			merged.Added[name] = added
		}
	}
	merged.Report.Losses = recomputeLosses(merged.Report)
	return merged
}

func mergeLoss(stored store.Report, received protocol.Report) Merged {
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
	known := maps.Clone(report.Counts)
	if known == nil {
		known = map[string]int64{}
	}
	losses := make(map[string]store.Loss, len(causes))
	for _, cause := range causes {
		loss := report.Losses[cause]
		loss.Units = 0
		for name, n := range loss.Counts {
			if n > known[name] {
				loss.Units = saturatingSum(loss.Units, n-known[name])
				known[name] = n
			}
		}
		losses[cause] = loss
	}
	return losses
}

// conflict tells whether an old revision counts more than what is stored: two
// devices share one identity, or a client is broken.
func conflict(stored store.Report, received protocol.Report) string {
	for name, n := range received.Counts {
		if n > stored.Counts[name] {
			return AnomalyRevisionConflict
		}
	}
	return ""
}
