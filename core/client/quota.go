package client

import (
	"fmt"

	"github.com/openlts/openlts/core/protocol"
)

// noteQuota keeps what a receipt says about our item's quota. A quota that runs out while the
// process works sets a flag and is not an error, because usage that happened must be counted.
func (m *meter) noteQuota(quota protocol.Quota) {
	m.mu.Lock()
	changed := m.quota.State != quota.State
	m.quota = quota
	m.mu.Unlock()
	if !changed {
		return
	}
	m.clearFlag(protocol.StateFlagQuotaInTolerance | protocol.StateFlagQuotaExhausted)
	switch quota.State {
	case protocol.QuotaTolerance:
		m.setFlag(protocol.StateFlagQuotaInTolerance)
		m.event(protocol.EventKindStateChanged, protocol.StatusOK, 0, beyondQuota(quota))
	case protocol.QuotaExhausted:
		m.setFlag(protocol.StateFlagQuotaExhausted)
		m.event(protocol.EventKindStateChanged, protocol.StatusLimitExceeded, 0,
			"quota and tolerance are used up; the next authorization will be refused")
	case protocol.QuotaOK:
		m.event(protocol.EventKindStateChanged, protocol.StatusOK, 0, "the quota is in order again")
	}
}

// beyondQuota describes, for people, a quota that is used up but within its tolerance.
func beyondQuota(quota protocol.Quota) string {
	if quota.ExceptionsAllowed > 0 {
		return fmt.Sprintf("the quota of %d is exceeded, with %d at work; %d of %d exceptions are left",
			quota.Limit, quota.Used, max(0, quota.ExceptionsAllowed-quota.Exceptions), quota.ExceptionsAllowed)
	}
	return fmt.Sprintf("the quota of %d is used up; %d more are tolerated", quota.Limit,
		max(0, quota.Limit+quota.Tolerance-quota.Used))
}
