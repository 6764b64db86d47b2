package administration

import (
	"crypto/rand"
	"errors"
	"slices"
	"strings"

	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

// Limits of what an administrator may enter.
const (
	maxID         = 64
	maxText       = 255 // bytes
	maxQuota      = 1 << 53
	maxBufferDays = 36500
)

func checkOrganizationID(id string) error {
	if id == "" { // to be generated
		return nil
	}
	if len(id) > 18 || strings.Trim(id, "0123456789") != "" || id[0] == '0' {
		return invalid("id", "%q is not an organization id: 1 to 18 digits, not starting with 0, such as 100001", id)
	}
	return nil
}

func checkID(field, what, id string) error {
	valid := id != "" && len(id) <= maxID
	for i, c := range []byte(id) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		valid = valid && (letter || i > 0 && (c == '-' || c == '_' || c == '.'))
	}
	if !valid {
		return invalid(field, "%s %q is not 1 to %d characters out of A-Z, a-z, 0-9, '-', '_' and '.', starting with "+
			"a letter or digit", what, id, maxID)
	}
	return nil
}

func checkName(what, name string) error {
	if strings.TrimSpace(name) == "" {
		return invalid("name", "the name of the %s is empty", what)
	}
	return checkText("name", "the name of the "+what, name)
}

func checkText(field, what, text string) error {
	if len(text) > maxText {
		return invalid(field, "%s is longer than %d bytes", what, maxText)
	}
	if !policy.Plain(text) {
		return invalid(field, "%s holds characters that can't be printed", what)
	}
	return nil
}

func checkItem(item *store.Item) error {
	errs := []error{
		checkName("item", item.Name),
		checkText("edition", "the edition", item.Edition),
		checkText("validationField", "the validation field", item.ValidationField),
	}
	if item.ID != "" {
		errs = append(errs, checkID("id", "the item id", item.ID))
	}
	if item.Version != "" && strings.Trim(item.Version, "0123456789") != "" {
		errs = append(errs, invalid("version", "%q is not a major version, such as 10", item.Version))
	}
	if item.Products <= 0 {
		errs = append(errs, invalid("products", "no products are given"))
	}
	if !slices.Contains(policy.ChargeWays(), item.ChargeWay) {
		errs = append(errs, invalid("chargeWay", "items of charge way %d are not supported", item.ChargeWay))
	}
	if item.Quota != store.Unlimited && (item.Quota < 1 || item.Quota > maxQuota) {
		errs = append(errs, invalid("quota", "the quota %d is not from 1 to %d", item.Quota, int64(maxQuota)))
	}
	errs = append(errs, checkTime("startsAt", item.StartsAt), checkTime("expiresAt", item.ExpiresAt))
	if item.ExpiresAt <= item.StartsAt {
		errs = append(errs, invalid("expiresAt", "the item expires before it starts"))
	}
	errs = append(errs, checkConditions(item))
	if item.MaxBufferDays < 1 || item.MaxBufferDays > maxBufferDays {
		errs = append(errs,
			invalid("maxBufferDays", "the buffer days %d are not from 1 to %d", item.MaxBufferDays, maxBufferDays))
	}
	if err := policy.CheckCharging(*item); err != nil {
		errs = append(errs, invalid("chargeTerms", "%s", err))
	}
	return errors.Join(errs...)
}

// checkTime checks that a time can be reckoned with and written.
func checkTime(field string, unix int64) error {
	if unix < 0 || unix > policy.MaxSlot {
		return invalid(field, "%d is not a time in the years from 1970 to 9999, in seconds since 1970", unix)
	}
	return nil
}

// Limits of an item's conditions.
const (
	maxTrialDays    = 36500
	maxRequestLimit = 1 << 53
	maxRequires     = 16
)

// checkConditions checks the conditions of an item other than its quota.
func checkConditions(item *store.Item) error {
	var errs []error
	switch item.TrialBy {
	case store.TrialByNobody:
		if item.TrialDays != 0 {
			errs = append(errs, invalid("trialDays", "trial days are given, but not who may try: device or address"))
		}
	case store.TrialByDevice, store.TrialByAddress, store.TrialByBoth:
		if item.TrialDays < 1 || item.TrialDays > maxTrialDays {
			errs = append(errs,
				invalid("trialDays", "the trial days %d are not from 1 to %d", item.TrialDays, maxTrialDays))
		}
	default:
		errs = append(errs,
			invalid("trialBy", "a trial goes by device, address or both, not by %q", string(item.TrialBy)))
	}
	if len(item.Requires) > maxRequires {
		errs = append(errs, invalid("requires", "an item requires at most %d others", maxRequires))
	}
	for _, id := range item.Requires {
		if errs = append(errs, checkID("requires", "the id of the required item", id)); item.ID != "" && id == item.ID {
			errs = append(errs, invalid("requires", "item %s can't require itself", id))
		}
	}
	if item.RequestLimit < 0 || item.RequestLimit > maxRequestLimit {
		errs = append(errs, invalid("requestLimit", "the request limit %d is not from 0 to %d", item.RequestLimit,
			int64(maxRequestLimit)))
	}
	return errors.Join(errs...)
}

func randomText() string { return rand.Text()[:12] }
