package policy

import "github.com/openlts/openlts/server/store"

// Recount is the sum of an item's seats as it would be if the item had always been
// charged by the terms that it has now. Steps are all of its seats', in order. Exceptions
// follow from seats and terms alone, so that whoever knows these can prove them; hence a
// larger quota takes back the exceptions that it covers, and a smaller one adds some.
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

// SameExceptions tells whether an item that is changed has the exceptions that it had.
func SameExceptions(before, after store.Item) bool {
	return !after.ChargeWay.CountsExceptions() ||
		before.Quota == after.Quota && before.StartsAt == after.StartsAt && before.Slot() == after.Slot()
}
