package administration

import (
	"context"
	"crypto/ed25519"
	"fmt"

	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
	"github.com/openlts/openlts/server/verification"
)

// AdjustItem changes how many units of an item are used, for a reason such as a refund. Reports
// stay as they are; the usage is the sum of reports and adjustments, which `lts verify` checks. The
// server's key signs an adjustment.
func (a *Administrator) AdjustItem(ctx context.Context, item string, units int64,
	reason string) (store.Adjustment, error) {
	adjustment := store.Adjustment{At: a.Now().Unix(), Units: units, Reason: reason, Actor: a.Actor}
	if err := a.may(Editor); err != nil {
		return adjustment, err
	}
	if reason == "" {
		return adjustment,
			invalid("reason", "an adjustment needs a reason: it is part of what is signed, and shown to the customer")
	}
	if err := checkText("reason", "the reason", reason); err != nil {
		return adjustment, err
	}
	if units == 0 || units > maxQuota || units < -maxQuota {
		return adjustment,
			invalid("units", "an adjustment is from -%d to %d units, and not 0", int64(maxQuota), int64(maxQuota))
	}
	err := a.Store.Update(ctx, func(tx store.Tx) error {
		i, err := a.visibleItem(tx, item)
		if err != nil {
			return err
		}
		if _, counts := i.ChargeWay.Unit(); !counts {
			return invalid("", "item %s is charged by %s, not by units: there is nothing to adjust", item,
				FormatChargeWay(i.ChargeWay))
		}
		used, err := tx.Used(i.Key)
		if err != nil {
			return err
		}
		if used+units < 0 {
			return invalid("units", "only %d units of item %s are used; %d can't be taken off", used, item, -units)
		}
		keys, err := records.ServerKeys(ctx, tx)
		if err != nil {
			return fmt.Errorf("reading the server's keys: %w", err)
		}
		adjustment.Item = i.Key
		if err := verification.SignAdjustment(&adjustment, i.ID, ed25519.NewKeyFromSeed(keys.Signing)); err != nil {
			return err
		}
		if err := tx.Adjust(adjustment); err != nil {
			return err
		}
		return a.audit(tx, "item.adjust", item, "%+d units: %s", units, reason)
	})
	return adjustment, err
}

// CountsUnits tells whether items of a charge way count units, which can be adjusted.
func CountsUnits(chargeWay string) bool {
	way, err := ParseChargeWay(chargeWay)
	_, counts := way.Unit()
	return err == nil && counts
}
