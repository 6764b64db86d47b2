package policy

import (
	"slices"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// Usage is how much of an item is used, as its charge way counts it.
type Usage struct {
	Used   int64 // units, or devices on the list
	Seated bool  // the device that asks is on the list
}

// way is a charge way. Each has a file of its own.
type way interface {
	// counts tells whether an operation charged as this unit uses the quota.
	counts(protocol.Unit) bool
	// seats tells whether devices take seats, and until when one is taken now.
	seats() bool
	seatUntil(expiresAt int64, now time.Time) int64
	// tolerance is what is allowed beyond a quota.
	tolerance(quota int64) int64
	// admits tells whether a device may use an item.
	admits(quota int64, usage Usage) bool
	// inTolerance tells whether a device that may use an item does so only
	// thanks to its tolerance.
	inTolerance(quota int64, usage Usage) bool
	// state is how a quota stands with this much used.
	state(quota, used int64) protocol.QuotaState
}

// ways are the charge ways this server knows.
var ways = map[protocol.ChargeWay]way{
	protocol.ChargeWayScanCount:   unitCount{protocol.UnitScan},
	protocol.ChargeWayPageCount:   unitCount{protocol.UnitPage},
	protocol.ChargeWayDeviceCount: deviceCount{},
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
func Seats(item store.Item) bool { return ways[item.ChargeWay].seats() }

// SeatUntil is when a seat taken or used now expires, in seconds since 1970.
func SeatUntil(item store.Item, now time.Time) int64 {
	return ways[item.ChargeWay].seatUntil(item.ExpiresAt, now)
}

// Charged is how many of these operations use an item's quota.
func Charged(chargeWay protocol.ChargeWay, counts store.Counts) int64 {
	var units int64
	for _, count := range counts {
		if ways[chargeWay].counts(protocol.UnitOf(count.Type)) {
			units = saturatingSum(units, count.Units)
		}
	}
	return units
}

// Quota is how an item's quota stands with this much used.
func Quota(item store.Item, used int64) protocol.Quota {
	w := ways[item.ChargeWay]
	return protocol.Quota{Limit: item.Quota, Tolerance: w.tolerance(item.Quota), Used: used, State: w.state(item.Quota, used)}
}

// share is round(percent % of quota), halves upwards; without limit there is no
// tolerance either.
func share(quota, percent int64) int64 {
	if quota <= 0 {
		return 0
	}
	return quota/100*percent + (quota%100*percent+50)/100
}
