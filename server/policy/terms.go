package policy

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
	"github.com/openlts/openlts/server/store"
)

// exceptionsAllowed is how many exceptions are allowed within 365 days, for each one
// of the quota (docs/compatibility.md, "Beyond the quota").
const exceptionsAllowed = 1000

// briefSeat is how long a seat lasts if the device's identity is only in memory. A container that
// is thrown away has another UUID the next time, and must not fill the list.
const briefSeat = 24 * time.Hour

// terms are the numbers by which an item is charged: its own, or those of its charge way.
type terms struct {
	quota      int64 // store.Unlimited: none
	tolerance  int64 // beyond the quota, in what it counts
	exceptions int64 // that are allowed; -1 if there is no quota
	slot       slot.Length
	window     int64 // in seconds, like the following fields
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

// share is round(percent % of quota), rounding halves up; an unlimited quota has no tolerance.
func share(quota, percent int64) int64 {
	if quota <= 0 {
		return 0
	}
	return store.SaturatingSum(saturatingProduct(quota/100, percent), (quota%100*percent+50)/100)
}

// saturatingProduct multiplies two numbers that are not negative and stops at the
// largest.
func saturatingProduct(a, b int64) int64 {
	if a != 0 && b > math.MaxInt64/a {
		return math.MaxInt64
	}
	return a * b
}

// Terms are the numbers by which an item is charged, for display: its own, or those of its charge
// way. What does not apply is nil.
type Terms struct {
	// Exceptions are how many are allowed within 365 days.
	Exceptions *int64 `json:"exceptions,omitempty"`
	// Tolerance is how much is allowed beyond the quota.
	Tolerance *int64 `json:"tolerance,omitempty"`
	// The following fields are in seconds; see store.Charging.
	Slot   *int64 `json:"slot,omitempty"`
	Window *int64 `json:"window,omitempty"`
	Least  *int64 `json:"least,omitempty"`
	Brief  *int64 `json:"brief,omitempty"`
}

// TermsOf gives the terms of an item.
func TermsOf(item store.Item) Terms {
	t, does := termsOf(&item), appliesTo(&item)
	slot := int64(t.slot)
	var terms Terms
	for _, n := range []struct {
		applies bool
		to      **int64
		value   *int64
	}{
		{does.exceptions && t.quota >= 0, &terms.Exceptions, &t.exceptions},
		{does.tolerance && t.quota >= 0, &terms.Tolerance, &t.tolerance},
		{does.slot, &terms.Slot, &slot}, {does.window, &terms.Window, &t.window}, {does.least, &terms.Least, &t.least},
		{does.window, &terms.Brief, &t.brief},
	} {
		if n.applies {
			*n.to = n.value
		}
	}
	return terms
}

// Usual are the default numbers of a charge way: the tolerance in percent, the exceptions for each
// one of the quota. What does not apply is nil.
func Usual(chargeWay protocol.ChargeWay) store.Charging {
	item := store.Item{ChargeWay: chargeWay, Quota: store.Unlimited}
	t, does, tolerance, exceptions := termsOf(&item), appliesTo(&item), wayOf(&item).tolerance, int64(exceptionsAllowed)
	slot := int64(t.slot)
	var usual store.Charging
	for _, n := range []struct {
		applies bool
		to      **int64
		value   *int64
	}{
		{does.tolerance, &usual.Tolerance, &tolerance}, {does.exceptions, &usual.Exceptions, &exceptions},
		{does.slot, &usual.Slot, &slot}, {does.window, &usual.Window, &t.window}, {does.least, &usual.Least, &t.least},
		{does.window, &usual.Brief, &t.brief},
	} {
		if n.applies {
			*n.to = n.value
		}
	}
	return usual
}

// applies says which terms apply to a charge way.
type applies struct{ tolerance, exceptions, slot, window, least bool }

func appliesTo(item *store.Item) applies {
	w := wayOf(item)
	_, exceptional := w.limit.(exceptions)
	_, onList := w.stay.(listed)
	return applies{
		tolerance: !exceptional, exceptions: exceptional, slot: exceptional, window: w.stay != nil, least: onList,
	}
}

// Limits for the terms of an item.
const (
	maxTolerance  = 10_000    // percent
	maxExceptions = 1_000_000 // for each one of the quota
	maxLasting    = 3650 * 24 * 60 * 60
)

// CheckCharging says what is wrong with the terms of an item.
func CheckCharging(item store.Item) error {
	c, does := item.Charging, appliesTo(&item)
	var errs []error
	for _, n := range []struct {
		name        string
		value       *int64
		applies     bool
		least, most int64
	}{
		{"tolerance in percent", c.Tolerance, does.tolerance, 0, maxTolerance},
		{"number of exceptions for each one of the quota", c.Exceptions, does.exceptions, 0, maxExceptions},
		{"length of a slot in seconds", c.Slot, does.slot, 1, slot.Day},
		{"time that a seat lasts, in seconds", c.Window, does.window, 1, maxLasting},
		{"time that a seat lasts at least, in seconds", c.Least, does.least, 0, maxLasting},
		{"time that a seat of a device without a home lasts, in seconds", c.Brief, does.window, 1, maxLasting},
	} {
		switch {
		case n.value == nil:
		case !n.applies:
			errs = append(errs, fmt.Errorf("the charge way %s has no %s", item.ChargeWay.Short(), n.name))
		case *n.value < n.least || *n.value > n.most:
			errs = append(errs, fmt.Errorf("the %s, %d, is not from %d to %d", n.name, *n.value, n.least, n.most))
		}
	}
	if c.Slot != nil {
		if _, err := slot.Check(*c.Slot); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
