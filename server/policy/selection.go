package policy

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/openlts/openlts/core/protocol"
)

// Select picks the item for a request from the items of its handshake code, or says why none fits:
// the reason of the item that met the most conditions, and of several such items that of the first
// in order. It also returns that item with the refusal; nil if the code has no candidates.
func Select(candidates []Candidate, request *protocol.AuthorizationRequest, now time.Time) (*Candidate, error) {
	if len(candidates) == 0 {
		return nil, because(protocol.StatusNoItemMatched, protocol.ReasonNoItems)
	}
	ordered := slices.Clone(candidates)
	if request.Item != "" {
		ordered = slices.DeleteFunc(ordered, func(c Candidate) bool { return c.ID != request.Item })
	}
	slices.SortFunc(ordered, func(a, b Candidate) int { return compare(&a, &b, now) })

	closest, refusal, most := (*Candidate)(nil), error(protocol.StatusItemNotFound), -1
	for i := range ordered {
		passed, err := CheckItem(&ordered[i], request, now)
		if err == nil {
			return &ordered[i], nil
		}
		if passed > most {
			closest, refusal, most = &ordered[i], err, passed
		}
	}
	return closest, refusal
}

// compare orders the items of a code (docs/compatibility.md, "Order of use"): by the positions that
// an administrator gave them; then by nearest expiry, most specific, least restrictive. An item
// that is beyond its end or quota and only within its tolerance comes after all others, so that a
// renewed or enlarged license is used as soon as it exists.
func compare(a, b *Candidate, now time.Time) int {
	return cmp.Or(
		compareBool(inTolerance(a, now), inTolerance(b, now)),
		cmp.Compare(place(a), place(b)),
		cmp.Compare(a.ExpiresAt, b.ExpiresAt),
		-cmp.Compare(specificity(a), specificity(b)),
		-compareAllowance(a, b),
		cmp.Compare(a.Key, b.Key),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func inTolerance(c *Candidate, now time.Time) bool {
	return now.Unix() >= c.ExpiresAt || wayOf(&c.Item).limit.inTolerance(termsOf(&c.Item), c.Usage)
}

func place(c *Candidate) int64 {
	if c.Position == 0 {
		return math.MaxInt64
	}
	return c.Position
}

// specificity is how many conditions an item specifies.
func specificity(c *Candidate) int {
	n := 0
	for _, stated := range []bool{
		c.Products != protocol.ProductAll, c.Version != "", c.Edition != "", c.DeploymentType != 0,
		len(c.Modules) > 0, c.ValidationField != "",
	} {
		if stated {
			n++
		}
	}
	return n
}

// compareAllowance compares how much items allow, among equally specific ones:
// modules, then products, then quota.
func compareAllowance(a, b *Candidate) int {
	return cmp.Or(
		cmp.Compare(moduleCount(a), moduleCount(b)),
		cmp.Compare(bits.OnesCount32(uint32(a.Products)), bits.OnesCount32(uint32(b.Products))),
		cmp.Compare(uint64(a.Quota), uint64(b.Quota)), // unlimited, -1, becomes the largest
	)
}

func moduleCount(c *Candidate) int {
	if len(c.Modules) == 0 {
		return math.MaxInt // all
	}
	return len(c.Modules)
}
