package policy

import "github.com/openlts/openlts/server/store"

// Recount is the sum of an item's seats as if the item had always had its present terms. steps are
// those of all its seats, in order. Exceptions follow from seats and terms alone, so that whoever
// knows these can prove them. So a larger quota removes the exceptions that it covers, and a
// smaller one adds some.
func Recount(item store.Item, sum store.SeatSum, steps []store.Step) store.SeatSum {
	if sum.At == 0 {
		return sum // it never had any
	}
	use := &store.Use{Steps: steps}
	if len(steps) > 0 {
		use.At = min(steps[0].At, sum.At) - 1 // before that, there were none
	}
	sumOf(&item, use).settle(sum.At)
	return use.SeatSum
}

// SameExceptions tells whether a change of an item leaves its exceptions as they are.
func SameExceptions(before, after store.Item) bool {
	return !after.ChargeWay.CountsExceptions() ||
		before.Quota == after.Quota && before.StartsAt == after.StartsAt && before.Slot() == after.Slot()
}
