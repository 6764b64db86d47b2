package verification

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// Checkpoint contains the sums of reports that may be deleted: those of the slots from the previous
// checkpoint on and before ClosedBefore.
type Checkpoint struct {
	ClosedBefore int64 `json:"closedBefore"`
	MadeAt       int64 `json:"madeAt"`
	// Previous is the digest of the previous checkpoint; "" if there is none.
	Previous string `json:"previous"`
	// Reports is the number of reports, and Digest their SHA-256; see Evidence.
	Reports int64     `json:"reports"`
	Digest  string    `json:"digest"`
	Sums    []Sum     `json:"sums"`
	Losses  []LossSum `json:"losses"`
}

// Sum is what was counted in a month.
type Sum struct {
	Code  string `json:"handshake"`
	Item  string `json:"item"`
	Type  string `json:"type"`
	Month string `json:"month"` // in UTC, such as "2026-11"
	Units int64  `json:"units"`
}

// LossSum is what was declared lost in a month.
type LossSum struct {
	Code  string `json:"handshake"`
	Item  string `json:"item"`
	Cause string `json:"cause"`
	Month string `json:"month"`
	Units int64  `json:"units"`
}

// Until returns the end of the slots of a checkpoint for reports from before a moment: the start of
// the moment's month in UTC, because a checkpoint covers only whole months.
func Until(before time.Time) int64 {
	year, month, _ := before.UTC().Date()
	return time.Date(year, month, 1, 0, 0, 0, 0, time.UTC).Unix()
}

// ErrDiffers is the error of a checkpoint if the stored sums don't agree with the reports.
var ErrDiffers = errors.New("what is stored differs from the reports")

// MakeCheckpoint verifies the slots before a slot, which are closed, and signs the sums of their
// reports. If something differs, it is in the result, with ErrDiffers.
func MakeCheckpoint(ctx context.Context, s store.Store, before int64, now time.Time, key ed25519.PrivateKey,
	options Options) (made store.Checkpoint, result Result, err error) {
	options.Until, options.Key = before, key.Public().(ed25519.PublicKey)
	err = s.Examine(ctx, func(e store.Examination) error {
		closing, err := e.Closing()
		if err != nil {
			return err
		}
		if closing.Before < before {
			return fmt.Errorf("the slots up to %d are not closed", before)
		}
		list, err := e.Checkpoints()
		if err != nil {
			return err
		}
		c := Checkpoint{ClosedBefore: before, MadeAt: now.Unix()}
		if n := len(list); n > 0 {
			c.Previous, options.Since = protocol.Digest([]byte(list[n-1].Document)), list[n-1].ClosedBefore
		}
		v, err := verify(ctx, e, options)
		if err != nil {
			return err
		}
		if result = v.result; result.Different > 0 {
			return ErrDiffers
		}
		c.Reports, c.Digest = v.evidence.reports, v.evidence.sum()
		c.Sums, c.Losses = v.fresh.sums(), v.freshLosses.losses()
		made = store.Checkpoint{ClosedBefore: before, MadeAt: c.MadeAt}
		made.Document, err = protocol.SignDocument(protocol.DocumentCheckpoint, c, key)
		return err
	})
	return made, result, err
}

func (s sums) keys() []sumKey { return slices.SortedFunc(maps.Keys(s), sumKey.compare) }

func (s sums) sums() []Sum {
	list := make([]Sum, 0, len(s))
	for _, key := range s.keys() {
		list = append(list, Sum{key.code, key.item, key.kind, key.month, s[key]})
	}
	return list
}

func (s sums) losses() []LossSum {
	list := make([]LossSum, 0, len(s))
	for _, key := range s.keys() {
		list = append(list, LossSum{key.code, key.item, key.kind, key.month, s[key]})
	}
	return list
}

// sumKey is the key by which units of closed slots are summed up. kind is an operation type, or a
// cause of loss.
type sumKey struct{ code, item, kind, month string }

func (k sumKey) compare(other sumKey) int {
	return cmp.Or(cmp.Compare(k.code, other.code), cmp.Compare(k.item, other.item), cmp.Compare(k.kind, other.kind),
		cmp.Compare(k.month, other.month))
}

func month(slot int64) string { return time.Unix(slot, 0).UTC().Format("2006-01") }

// sums are units of closed slots.
type sums map[sumKey]int64

func (s sums) add(key sumKey, units int64) { s[key] = plus(s[key], units) }

// checkpoints reads the chain of checkpoints and sums up those up to a slot. It reports errors in
// the chain as differences.
func (v *verifier) checkpoints(list []store.Checkpoint, key ed25519.PublicKey, before int64) (operations, losses sums) {
	operations, losses = sums{}, sums{}
	previous, reached := "", int64(0)
	for _, stored := range list {
		var c Checkpoint
		name := "the checkpoint of " + time.Unix(stored.ClosedBefore, 0).UTC().Format(time.DateOnly)
		if err := protocol.VerifyDocument(protocol.DocumentCheckpoint, stored.Document, key, &c); err != nil {
			v.differ(Difference{What: "checkpoint", Where: fmt.Sprintf("%s: %v", name, err)})
			continue
		}
		if c.ClosedBefore != stored.ClosedBefore || c.Previous != previous {
			v.differ(Difference{What: "checkpoint", Where: name + " does not follow the one before it"})
		}
		previous = protocol.Digest([]byte(stored.Document))
		if c.ClosedBefore > before {
			continue
		}
		reached = c.ClosedBefore
		for _, sum := range c.Sums {
			operations.add(sumKey{sum.Code, sum.Item, sum.Type, sum.Month}, sum.Units)
		}
		for _, sum := range c.Losses {
			losses.add(sumKey{sum.Code, sum.Item, sum.Cause, sum.Month}, sum.Units)
		}
	}
	if reached != before {
		v.differ(Difference{What: "checkpoint", Where: "no checkpoint stands for the reports before " +
			time.Unix(before, 0).UTC().Format(time.RFC3339) + " that were deleted"})
	}
	return operations, losses
}

// compareSums compares the stored sums of closed slots with those in their checkpoints.
func (v *verifier) compareSums(what, of string, stored, computed sums) {
	keys := make([]sumKey, 0, len(stored))
	for key := range stored {
		keys = append(keys, key)
	}
	for key := range computed {
		if _, known := stored[key]; !known {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, sumKey.compare)
	for _, key := range keys {
		v.compare(what, stored[key], computed[key], func() string {
			return fmt.Sprintf("handshake %s, item %s, %s %s, month %s, by its checkpoint", key.code, key.item, of,
				key.kind, key.month)
		})
	}
}
