package policy

import (
	"math"
	"time"

	"github.com/openlts/openlts/core/slot"
	"github.com/openlts/openlts/server/store"
)

// exceptionsAllowed is how many exceptions are allowed within 365 days, for each one
// of the quota (docs/compatibility.md, "Beyond the quota").
const exceptionsAllowed = 1000

// briefSeat is how long a seat lasts whose device has no home. A container that is
// thrown away has another UUID the next time; it must not eat up the list.
const briefSeat = 24 * time.Hour

// terms are the numbers an item is charged by: its own, or those of its charge way.
type terms struct {
	quota      int64 // store.Unlimited: none
	tolerance  int64 // beyond the quota, in what it counts
	exceptions int64 // that are allowed; -1 if there is no quota
	slot       slot.Length
	window     int64 // in seconds, as what follows
	least      int64
	brief      int64
	startsAt   int64 // in seconds since 1970
	expiresAt  int64
}

func termsOf(item *store.Item) terms {
	w, own := wayOf(item), &item.Charging
	t := terms{
		quota: item.Quota, slot: item.Slot(), startsAt: item.StartsAt, expiresAt: item.ExpiresAt,
		window: or(own.Window, int64(w.window/time.Second)), least: or(own.Least, int64(w.least/time.Second)),
		brief: or(own.Brief, int64(briefSeat/time.Second)),
	}
	t.tolerance = share(t.quota, or(own.Tolerance, w.tolerance))
	t.exceptions = -1
	if t.quota >= 0 {
		t.exceptions = saturatingProduct(t.quota, or(own.Exceptions, exceptionsAllowed))
	}
	return t
}

func or(own *int64, usual int64) int64 {
	if own != nil {
		return *own
	}
	return usual
}

// share is round(percent % of quota), halves upwards; without limit there is no
// tolerance either.
func share(quota, percent int64) int64 {
	if quota <= 0 {
		return 0
	}
	return saturatingSum(saturatingProduct(quota/100, percent), (quota%100*percent+50)/100)
}

// saturatingSum adds two numbers that are not negative and stops at the largest.
func saturatingSum(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// saturatingProduct multiplies two numbers that are not negative and stops at the
// largest.
func saturatingProduct(a, b int64) int64 {
	if a != 0 && b > math.MaxInt64/a {
		return math.MaxInt64
	}
	return a * b
}
