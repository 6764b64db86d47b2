package policy

import (
	"slices"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// way is a charge way: what uses an item's quota, for how long, and what happens beyond it. The
// definitions say which operations use it. Each charge way has its own file, which registers it.
// Its numbers are the defaults for items; see store.Charging.
type way struct {
	// stay says how long a device takes a seat; nil if devices take none.
	stay stay
	// instances means that the weight of a seat is the number of instances asked for.
	instances bool
	// domains means that each domain uses one of the quota, for good.
	domains bool
	// limit is what happens beyond the quota.
	limit limit
	// tolerance is what is allowed beyond the quota, in percent.
	tolerance int64
	// window is how long a seat lasts; least is how long it lasts at least, even beyond the item's
	// end.
	window, least time.Duration
}

// ways are the charge ways that this server knows.
var ways = map[protocol.ChargeWay]*way{}

// register adds a charge way.
func register(number protocol.ChargeWay, w way) *way {
	ways[number] = &w
	return &w
}

// unknown is used for all charge ways that this server does not know: nobody may use such an item,
// and nothing is charged.
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

// Seats tells whether devices take seats on an item.
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

// Usage is how much of an item is used, in what its charge way counts.
type Usage struct {
	Used int64 // units, the weights of all seats, or domains
	// Held is how much of that the asking device or domain has.
	Held int64
	// Wanted is how much it would then have; 0 means 1.
	Wanted int64
	// Exceptions are the seats beyond the quota in past slots, added up since they were last reset.
	Exceptions int64
}

// with is how much would be used if the device or domain got what it wants.
func (u Usage) with() int64 { return store.SaturatingSum(u.Used-u.Held, max(u.Held, u.Wanted, 1)) }

// Quota is the state of an item's quota with this usage.
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

// Using is how much of an item is used at a time, for display.
func Using(i store.ItemUse, now time.Time) Usage {
	use := i.Use
	return usageOf(&i.Item, &use, now.Unix())
}

// usageOf moves the use of an item on to now and returns how much it is.
func usageOf(item *store.Item, use *store.Use, now int64) Usage {
	if _, counts := item.ChargeWay.Unit(); counts {
		return Usage{Used: use.Units}
	}
	sumOf(item, use).settle(now)
	return Usage{Used: use.Active, Exceptions: use.Exceptions}
}
