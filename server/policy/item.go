package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// ExpiryTolerance is how long an item works on after it expired (facts 5.4).
const ExpiryTolerance = 7 * 24 * time.Hour

// Candidate is an item that a request might use, with the state of its use.
type Candidate struct {
	store.CodeItem
	Usage
}

// check is one of the conditions an item must meet, with the refusal if not.
type check func(c *Candidate, request *protocol.AuthorizationRequest, now time.Time) error

// checks are the conditions in the order in which they are tried. What the item
// leaves open, matches anything; what it states, the request must state alike.
var checks = []check{
	checkProduct, checkVersion, checkDeploymentType, checkEdition, checkChargeWay, checkModules,
	checkValidationField, checkStarted, checkExpired, checkRevoked, checkQuota,
}

// CheckItem says whether a request may use an item: nil, or why not. passed is
// the number of conditions it met.
func CheckItem(c *Candidate, request *protocol.AuthorizationRequest, now time.Time) (passed int, err error) {
	for i, check := range checks {
		if err := check(c, request, now); err != nil {
			return i, err
		}
	}
	return len(checks), nil
}

func checkProduct(c *Candidate, request *protocol.AuthorizationRequest, _ time.Time) error {
	// A client that names no product, or all, takes what the code has for it.
	if request.Products == 0 || request.Products == protocol.ProductAll || request.Products&^c.Products == 0 {
		return nil
	}
	return protocol.StatusProductMismatch
}

func checkVersion(c *Candidate, request *protocol.AuthorizationRequest, _ time.Time) error {
	if c.Version == "" || major(c.Version) == major(request.ProductVersion) {
		return nil
	}
	return protocol.StatusVersionMismatch
}

func major(version string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(version), "v"), ".")
	return first
}

func checkDeploymentType(c *Candidate, request *protocol.AuthorizationRequest, _ time.Time) error {
	if c.DeploymentType == 0 || c.DeploymentType == request.DeploymentType {
		return nil
	}
	return protocol.StatusDeploymentTypeMismatch
}

func checkEdition(c *Candidate, request *protocol.AuthorizationRequest, _ time.Time) error {
	if c.Edition == "" || strings.EqualFold(c.Edition, request.Edition) {
		return nil
	}
	return protocol.StatusEditionMismatch
}

func checkChargeWay(c *Candidate, request *protocol.AuthorizationRequest, _ time.Time) error {
	if wayOf(&c.Item) == unknown {
		return protocol.Errorf(protocol.StatusItemInvalid, "This license item %s has been invalid: this server does not know its charge way %d.",
			c.ID, c.ChargeWay)
	}
	if request.ChargeWay == protocol.ChargeWayAuto || request.ChargeWay == c.ChargeWay {
		return nil
	}
	return protocol.StatusChargeWayMismatch
}

// checkModules has no code of its own in the original.
func checkModules(c *Candidate, request *protocol.AuthorizationRequest, _ time.Time) error {
	if len(c.Modules) == 0 {
		return nil
	}
	for _, module := range request.Modules {
		if !slices.Contains(c.Modules, module) {
			return protocol.StatusNoItemMatched
		}
	}
	return nil
}

func checkValidationField(c *Candidate, request *protocol.AuthorizationRequest, _ time.Time) error {
	if wayOf(&c.Item).domains && domainOf(request.ValidationField) == "" {
		return protocol.Errorf(protocol.StatusItemAppDomainMismatch,
			"AppDomain for licenseItem is not matched: it is charged by domains, and the request names none.")
	}
	if c.ValidationField == "" || oneMatches([]string{c.ValidationField}, request.ValidationField) {
		return nil
	}
	return protocol.StatusItemAppDomainMismatch
}

func checkStarted(c *Candidate, _ *protocol.AuthorizationRequest, now time.Time) error {
	if now.Unix() < c.StartsAt {
		return protocol.StatusLicenseNotYetEffective
	}
	return nil
}

func checkExpired(c *Candidate, _ *protocol.AuthorizationRequest, now time.Time) error {
	if now.Unix() >= ValidUntil(c.Item) {
		return protocol.StatusLicenseExpired
	}
	return nil
}

func checkRevoked(c *Candidate, _ *protocol.AuthorizationRequest, _ time.Time) error {
	if c.RevokedAt != 0 {
		return protocol.Errorf(protocol.StatusItemInvalid, "This license item %s has been invalid.", c.ID)
	}
	return nil
}

func checkQuota(c *Candidate, _ *protocol.AuthorizationRequest, _ time.Time) error {
	w, t := wayOf(&c.Item), termsOf(&c.Item)
	if w.instances && t.quota >= 0 && c.Wanted > saturatingSum(t.quota, t.tolerance) {
		return protocol.StatusRequestQuotaExceeded
	}
	if !w.limit.admits(t, c.Usage) {
		return protocol.StatusLimitExceeded
	}
	return nil
}

// ValidUntil is when an item ends for good, its tolerance included, in seconds since 1970.
func ValidUntil(item store.Item) int64 { return item.ExpiresAt + int64(ExpiryTolerance/time.Second) }

// MinBufferDays is the least a client may ask for (facts 4.1).
const MinBufferDays = 7

// BufferUntil is how long a client may work without the server, in seconds since
// 1970: what it asks for, but at least 7 days, at most what the item allows, and
// not beyond the item's end.
func BufferUntil(item store.Item, requestedDays int, now time.Time) int64 {
	days := min(max(int64(requestedDays), MinBufferDays), item.MaxBufferDays)
	return min(now.Unix()+days*24*60*60, ValidUntil(item))
}
