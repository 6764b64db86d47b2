package policy

import (
	"math"
	"time"

	"github.com/openlts/openlts/core/protocol"
)

// unitTolerance is what is allowed beyond a quota of units, in percent (facts 5.4).
const unitTolerance = 5

// unitCount charges by units: barcodes scanned, or pages processed. Beyond quota
// and tolerance everyone is refused.
type unitCount struct{ unit protocol.Unit }

func (w unitCount) counts(unit protocol.Unit) bool { return unit == w.unit || unit == protocol.UnitAny }

func (unitCount) seats() bool { return false }

func (unitCount) seatUntil(int64, time.Time) int64 { return 0 }

func (unitCount) tolerance(quota int64) int64 { return share(quota, unitTolerance) }

func (w unitCount) admits(quota int64, usage Usage) bool {
	return w.state(quota, usage.Used) != protocol.QuotaExhausted
}

func (w unitCount) inTolerance(quota int64, usage Usage) bool {
	return w.state(quota, usage.Used) != protocol.QuotaOK
}

func (w unitCount) state(quota, used int64) protocol.QuotaState {
	switch {
	case quota < 0 || used < quota:
		return protocol.QuotaOK
	case used < saturatingSum(quota, w.tolerance(quota)):
		return protocol.QuotaTolerance
	}
	return protocol.QuotaExhausted
}

// saturatingSum adds two numbers that are not negative and stops at the largest.
func saturatingSum(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
