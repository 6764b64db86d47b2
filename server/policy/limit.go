package policy

import (
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// limit is what happens beyond a quota.
type limit interface {
	// admits tells whether who asks may use the item.
	admits(t terms, usage Usage) bool
	// inTolerance tells whether who may use the item does so only thanks to what is
	// allowed beyond its quota.
	inTolerance(t terms, usage Usage) bool
	// state is how the quota stands.
	state(t terms, usage Usage) protocol.QuotaState
}

// everybody is refused beyond quota and tolerance.
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

// newcomers are refused beyond quota and tolerance; who is on the list goes on, with
// what it has.
type newcomers struct{}

func (newcomers) admits(t terms, usage Usage) bool {
	return t.quota < 0 || usage.Held >= max(usage.Wanted, 1) ||
		usage.with() <= store.SaturatingSum(t.quota, t.tolerance)
}

func (newcomers) inTolerance(t terms, usage Usage) bool {
	return t.quota >= 0 && usage.Held < max(usage.Wanted, 1) && usage.with() > t.quota
}

// state takes a full list for what it is: nobody on it is over the limit.
func (newcomers) state(t terms, usage Usage) protocol.QuotaState {
	switch {
	case t.quota < 0 || usage.Used <= t.quota:
		return protocol.QuotaOK
	case usage.Used <= store.SaturatingSum(t.quota, t.tolerance):
		return protocol.QuotaTolerance
	}
	return protocol.QuotaExhausted
}

// exceptions are counted beyond the quota: in each slot, what is active beyond it.
// Everybody is refused once they are used up.
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

// closed is the limit of what nobody may use.
type closed struct{}

func (closed) admits(terms, Usage) bool { return false }

func (closed) inTolerance(terms, Usage) bool { return false }

func (closed) state(terms, Usage) protocol.QuotaState { return protocol.QuotaExhausted }
