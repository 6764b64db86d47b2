package policy

import (
	"time"

	"github.com/openlts/openlts/core/protocol"
)

// deviceTolerance is what is allowed beyond a quota of devices, in percent (facts 5.4).
const deviceTolerance = 10

// A device stays on the list for 90 days after it was last heard of, or until
// the license expires, but at least 7 days (facts 2.6).
const (
	seatDays    = 90 * 24 * time.Hour
	minSeatDays = 7 * 24 * time.Hour
)

// deviceCount charges by devices on a list. Beyond quota and tolerance new
// devices are refused; known ones go on.
type deviceCount struct{}

func (deviceCount) counts(protocol.Unit) bool { return false }

func (deviceCount) seats() bool { return true }

func (deviceCount) seatUntil(expiresAt int64, now time.Time) int64 {
	return max(min(now.Add(seatDays).Unix(), expiresAt), now.Add(minSeatDays).Unix())
}

func (deviceCount) tolerance(quota int64) int64 { return share(quota, deviceTolerance) }

func (w deviceCount) admits(quota int64, usage Usage) bool {
	return quota < 0 || usage.Seated || usage.Used < saturatingSum(quota, w.tolerance(quota))
}

func (deviceCount) inTolerance(quota int64, usage Usage) bool {
	return quota >= 0 && !usage.Seated && usage.Used >= quota
}

// state takes a full list for what it is: nobody on it is over the limit.
func (w deviceCount) state(quota, used int64) protocol.QuotaState {
	switch {
	case quota < 0 || used <= quota:
		return protocol.QuotaOK
	case used <= saturatingSum(quota, w.tolerance(quota)):
		return protocol.QuotaTolerance
	}
	return protocol.QuotaExhausted
}
