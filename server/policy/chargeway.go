package policy

import (
	"slices"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// way is a charge way: what uses an item's quota, for how long, and what happens
// beyond it. Which operations use it, the definitions say. Each has a file of its
// own, which registers it. Its numbers hold for items that state no others; see
// store.Charging.
type way struct {
	// stay is for how long a device takes a seat; nil if devices take none.
	stay stay
	// instances tells that a seat weighs as much as the instances asked for.
	instances bool
	// domains tells that each domain takes its part of the quota, for good.
	domains bool
	// limit is what happens beyond the quota.
	limit limit
	// tolerance is what is allowed beyond the quota, in percent.
	tolerance int64
	// window is how long a seat lasts, and least how long at least, beyond the item's
	// end.
	window, least time.Duration
}

// ways are the charge ways this server knows.
var ways = map[protocol.ChargeWay]*way{}

// register makes a charge way known.
func register(number protocol.ChargeWay, w way) *way {
	ways[number] = &w
	return &w
}

// unknown stands for all charge ways that this server does not know: nobody may use
// such an item, and nothing is charged.
var unknown = &way{limit: closed{}}

func wayOf(item *store.Item) *way {
	if w, known := ways[item.ChargeWay]; known {
		return w
	}
	return unknown
}

// ChargeWays lists the charge ways this server knows, by number.
func ChargeWays() []protocol.ChargeWay {
	list := make([]protocol.ChargeWay, 0, len(ways))
	for w := range ways {
		list = append(list, w)
	}
	slices.Sort(list)
	return list
}

// Seats tells whether devices take seats of an item.
func Seats(item store.Item) bool { return wayOf(&item).stay != nil }

// Charged is how many of these operations use an item's quota.
func Charged(chargeWay protocol.ChargeWay, operations store.Counts) int64 {
	charged, counts := chargeWay.Unit()
	if !counts {
		return 0
	}
	var units int64
	for _, count := range operations {
		if unit := protocol.UnitOf(count.Type); unit == charged || unit == protocol.UnitAny {
			units = store.SaturatingSum(units, count.Units)
		}
	}
	return units
}

// Usage is how much of an item is used, as its charge way counts it.
type Usage struct {
	Used int64 // units, the weights of all seats, or domains
	// Held is what the device or domain that asks has of it.
	Held int64
	// Wanted is what it would have; 0 means 1.
	Wanted int64
	// Exceptions are seats beyond the quota in slots that are over, since they were
	// cleared the last time.
	Exceptions int64
}

// with is how much would be used if the one who asks got what it wants.
func (u Usage) with() int64 { return store.SaturatingSum(u.Used-u.Held, max(u.Held, u.Wanted, 1)) }

// Quota is how an item's quota stands with this much used.
func Quota(item store.Item, usage Usage) protocol.Quota {
	w, t := wayOf(&item), termsOf(&item)
	quota := protocol.Quota{Limit: item.Quota, Used: usage.Used, State: w.limit.state(t, usage)}
	if _, counted := w.limit.(exceptions); counted {
		quota.Exceptions, quota.ExceptionsAllowed = usage.Exceptions, t.exceptions
	} else {
		quota.Tolerance = t.tolerance
	}
	return quota
}

// Using is how much of an item is used at a moment, for those who look at it.
func Using(i store.ItemUse, now time.Time) Usage {
	use := i.Use
	return usageOf(&i.Item, &use, now.Unix())
}

// usageOf brings the use of an item up to now and tells how much it is.
func usageOf(item *store.Item, use *store.Use, now int64) Usage {
	if _, counts := item.ChargeWay.Unit(); counts {
		return Usage{Used: use.Units}
	}
	sumOf(item, use).settle(now)
	return Usage{Used: use.Active, Exceptions: use.Exceptions}
}
