package policy

import (
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// limit is what happens beyond a quota.
type limit interface {
	// admits tells whether the asking device may use the item.
	admits(t terms, usage Usage) bool
	// inTolerance tells whether the device may use the item only because of what is allowed beyond
	// its quota.
	inTolerance(t terms, usage Usage) bool
	// state is the state of the quota.
	state(t terms, usage Usage) protocol.QuotaState
}

// everybody refuses all devices beyond quota and tolerance.
type everybody struct{}

func (l everybody) admits(t terms, usage Usage) bool {
	return l.state(t, usage) != protocol.QuotaExhausted
}

func (l everybody) inTolerance(t terms, usage Usage) bool {
	return l.state(t, usage) != protocol.QuotaOK
}

func (everybody) state(t terms, usage Usage) protocol.QuotaState {
	switch {
	case t.quota < 0 || usage.Used < t.quota:
		return protocol.QuotaOK
	case usage.Used < store.SaturatingSum(t.quota, t.tolerance):
		return protocol.QuotaTolerance
	}
	return protocol.QuotaExhausted
}

// newcomers refuses new devices beyond quota and tolerance; devices with a seat keep it.
type newcomers struct{}

func (newcomers) admits(t terms, usage Usage) bool {
	return t.quota < 0 || usage.Held >= max(usage.Wanted, 1) ||
		usage.with() <= store.SaturatingSum(t.quota, t.tolerance)
}

func (newcomers) inTolerance(t terms, usage Usage) bool {
	return t.quota >= 0 && usage.Held < max(usage.Wanted, 1) && usage.with() > t.quota
}

// state treats a full list as ok, because nobody on it is beyond the limit.
func (newcomers) state(t terms, usage Usage) protocol.QuotaState {
	switch {
	case t.quota < 0 || usage.Used <= t.quota:
		return protocol.QuotaOK
	case usage.Used <= store.SaturatingSum(t.quota, t.tolerance):
		return protocol.QuotaTolerance
	}
	return protocol.QuotaExhausted
}

// exceptions counts, in each slot, the seats beyond the quota, and refuses everybody once the
// allowed exceptions are used up.
type exceptions struct{}

func (exceptions) admits(t terms, usage Usage) bool {
	return t.exceptions < 0 || usage.Exceptions < t.exceptions
}

func (exceptions) inTolerance(t terms, usage Usage) bool {
	return t.quota >= 0 && usage.with() > t.quota
}

func (l exceptions) state(t terms, usage Usage) protocol.QuotaState {
	switch {
	case !l.admits(t, usage):
		return protocol.QuotaExhausted
	case t.quota >= 0 && usage.Used > t.quota:
		return protocol.QuotaTolerance
	}
	return protocol.QuotaOK
}

// closed is the limit of items that nobody may use.
type closed struct{}

func (closed) admits(terms, Usage) bool { return false }

func (closed) inTolerance(terms, Usage) bool { return false }

func (closed) state(terms, Usage) protocol.QuotaState { return protocol.QuotaExhausted }
