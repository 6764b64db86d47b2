package administration

import (
	"context"
	"errors"

	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/replay"
	"github.com/openlts/openlts/server/store"
)

// ReplayInput says with which terms to evaluate the past usage of an item again.
type ReplayInput struct {
	ChargeWay string `json:"chargeWay,omitempty"` // "": the item's
	Quota     *int64 `json:"quota,omitempty"`     // nil: the item's
	// ChargeTerms are the numbers by which it would be charged; the default is the item's or, with
	// another charge way, those of that.
	ChargeTerms store.Charging `json:"chargeTerms,omitzero"`
	From        int64          `json:"from"`            // in seconds since 1970
	Until       int64          `json:"until,omitempty"` // 0: now
}

// ReplayTerms are the terms with which usage was evaluated.
type ReplayTerms struct {
	ChargeWay string       `json:"chargeWay"`
	Quota     int64        `json:"quota"`
	Charging  policy.Terms `json:"charging"`
}

// Replayed is the result of past usage with an item's own terms and with others.
type Replayed struct {
	Item       string      `json:"item"`
	OwnTerms   ReplayTerms `json:"ownTerms"`
	OtherTerms ReplayTerms `json:"otherTerms"`
	replay.Comparison
}

// Replay says what past usage of an item would have meant with other terms; it changes nothing. It
// reads all stored reports, so only editors may call it, one at a time.
func (a *Administrator) Replay(ctx context.Context, id string, in ReplayInput) (Replayed, error) {
	result := Replayed{Item: id}
	if err := a.may(Editor); err != nil {
		return result, err
	}
	var own store.Item
	if err := a.Store.Update(ctx, func(tx store.Tx) (err error) {
		own, err = a.visibleItem(tx, id)
		return err
	}); err != nil {
		return result, err
	}
	other, err := otherTerms(own, in)
	if err != nil {
		return result, err
	}
	if in.Until == 0 {
		in.Until = a.Now().Unix()
	}
	if in.From < 0 || in.From >= in.Until {
		return result, invalid("until", "the time ends before it begins")
	}
	end, err := alone(ctx)
	if err != nil {
		return result, err
	}
	defer end()
	result.OwnTerms, result.OtherTerms = replayTerms(own), replayTerms(other)
	result.Comparison, err = replay.Compare(ctx, a.Store, own, other, in.From, in.Until)
	var pruned *store.PrunedError
	switch {
	case errors.As(err, &pruned):
		err = invalid("from", "%s", err)
	case errors.Is(err, policy.ErrNoReplay):
		err = invalid("chargeWay", "%s", err)
	}
	return result, err
}

func otherTerms(own store.Item, in ReplayInput) (other store.Item, err error) {
	other = own
	if in.ChargeWay != "" {
		if other.ChargeWay, err = ParseChargeWay(in.ChargeWay); err != nil {
			return other, err
		}
		if other.ChargeWay != own.ChargeWay {
			other.Charging = store.Charging{} // its terms belong to the other charge way
		}
	}
	if in.Quota != nil {
		if other.Quota = *in.Quota; other.Quota != store.Unlimited && (other.Quota < 1 || other.Quota > maxQuota) {
			return other, invalid("quota", "the quota %d is not from 1 to %d", other.Quota, int64(maxQuota))
		}
	}
	if in.ChargeTerms != (store.Charging{}) {
		other.Charging = in.ChargeTerms
	}
	if err := policy.CheckCharging(other); err != nil {
		return other, invalid("chargeTerms", "%s", err)
	}
	return other, nil
}

func replayTerms(item store.Item) ReplayTerms {
	return ReplayTerms{FormatChargeWay(item.ChargeWay), item.Quota, policy.TermsOf(item)}
}
