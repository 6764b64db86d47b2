package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// ExpiryTolerance is how long an item still works after it expired (docs/compatibility.md,
// "Counting").
const ExpiryTolerance = 7 * 24 * time.Hour

// Candidate is an item that a request might use, with the state of its use.
type Candidate struct {
	store.CodeItem
	Usage
	// Granted is how many authorizations were granted, if the item limits them.
	Granted int64
	// TrialUntil is when the trial of the asking device or address ends, or would end if it began
	// now; 0: the item is not a trial.
	TrialUntil int64
	// TrialOf says whose trial that is: the device's or the address's.
	TrialOf store.TrialBy
	// BaseMissing means that it is an add-on, and the code has none of the items it requires in
	// force.
	BaseMissing bool
	// Clone is why the asking device looks like a copy; "": it does not.
	Clone protocol.Reason
}

// check is one condition that an item must meet, with the refusal if it does not.
type check func(c *Candidate, request *protocol.AuthorizationRequest, now time.Time) error

// checks are the conditions in their order. What an item does not specify is not checked; what it
// specifies, the request must match.
var checks = []check{
	checkProduct, checkVersion, checkDeploymentType, checkEdition, checkChargeWay, checkModules,
	checkValidationField, checkStarted, checkExpired, checkTrial, checkInForce, checkBase, checkClone,
	checkRequests, checkQuota,
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
	// A client that names no product, or all of them, may get any item of the code.
	if request.Products == 0 || request.Products == protocol.ProductAll || c.Products == protocol.ProductAll ||
		request.Products&^c.Products == 0 {
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
		return protocol.Errorf(protocol.StatusItemInvalid,
			"This license item %s has been invalid: this server does not know its charge way %d.",
			c.ID, c.ChargeWay)
	}
	if request.ChargeWay == protocol.ChargeWayAuto || request.ChargeWay == c.ChargeWay {
		return nil
	}
	return protocol.StatusChargeWayMismatch
}

// checkModules has no published code of its own.
func checkModules(c *Candidate, request *protocol.AuthorizationRequest, _ time.Time) error {
	if len(c.Modules) == 0 {
		return nil
	}
	for _, module := range request.Modules {
		if !slices.Contains(c.Modules, module) {
			return because(protocol.StatusNoItemMatched, protocol.ReasonModules)
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
		return because(protocol.StatusLicenseExpired, protocol.ReasonItemExpired)
	}
	return nil
}

func checkTrial(c *Candidate, _ *protocol.AuthorizationRequest, now time.Time) error {
	if c.TrialUntil == 0 || now.Unix() < c.TrialUntil {
		return nil
	}
	if c.TrialOf == store.TrialByAddress {
		return protocol.Errorf(protocol.StatusLicenseExpired,
			"License for this ip has expired.").Because(protocol.ReasonAddressExpired)
	}
	return because(protocol.StatusLicenseExpired, protocol.ReasonDeviceExpired)
}

func checkInForce(c *Candidate, _ *protocol.AuthorizationRequest, _ time.Time) error {
	var reason protocol.Reason
	switch {
	case c.RevokedAt != 0:
		reason = protocol.ReasonRevoked
	case c.ArchivedAt != 0:
		reason = protocol.ReasonArchived
	default:
		return nil
	}
	return protocol.Errorf(protocol.StatusItemInvalid, "This license item %s has been invalid.", c.ID).Because(reason)
}

func checkBase(c *Candidate, _ *protocol.AuthorizationRequest, _ time.Time) error {
	if c.BaseMissing {
		return protocol.StatusItemDependencyMissing
	}
	return nil
}

// checkClone refuses a device that looks like a copy only if the item asks for that, because honest
// devices may look so.
func checkClone(c *Candidate, _ *protocol.AuthorizationRequest, _ time.Time) error {
	if c.RefuseClones && c.Clone != "" {
		return because(protocol.StatusClonedDevice, c.Clone)
	}
	return nil
}

func checkRequests(c *Candidate, _ *protocol.AuthorizationRequest, _ time.Time) error {
	if c.RequestLimit > 0 && c.Granted >= c.RequestLimit {
		return because(protocol.StatusRequestQuotaExceeded, protocol.ReasonRequests)
	}
	return nil
}

// because is a refusal with the message of its code and a reason.
func because(status protocol.Status, reason protocol.Reason) error {
	return &protocol.Error{Status: status, Detail: status.Message(), Reason: reason}
}

func checkQuota(c *Candidate, _ *protocol.AuthorizationRequest, _ time.Time) error {
	w, t := wayOf(&c.Item), termsOf(&c.Item)
	if w.instances && t.quota >= 0 && c.Wanted > store.SaturatingSum(t.quota, t.tolerance) {
		return because(protocol.StatusRequestQuotaExceeded, protocol.ReasonInstances)
	}
	if !w.limit.admits(t, c.Usage) {
		return protocol.StatusLimitExceeded
	}
	return nil
}

// InForce tells whether an item can be used at all: it has begun, has not ended, and is neither
// revoked nor archived.
func InForce(item store.Item, now time.Time) bool {
	return item.StartsAt <= now.Unix() && now.Unix() < ValidUntil(item) && item.RevokedAt == 0 && item.ArchivedAt == 0
}

// TrialUntil is when a trial that began at a time ends.
func TrialUntil(item store.Item, startedAt int64) int64 { return startedAt + item.TrialDays*24*60*60 }

// ValidUntil is when an item ends for good, including its tolerance, in seconds since 1970.
func ValidUntil(item store.Item) int64 { return item.ExpiresAt + int64(ExpiryTolerance/time.Second) }

// notAfterTrial is a time, or the end of the trial if that is earlier.
func (c *Candidate) notAfterTrial(moment int64) int64 {
	if c.TrialUntil == 0 {
		return moment
	}
	return min(moment, c.TrialUntil)
}

// MinBufferDays is the least a client may ask for (docs/compatibility.md,
// "Connection parameters").
const MinBufferDays = 7

// BufferUntil is until when a client may work without the server, in seconds since 1970: what it
// asks for, but at least 7 days, at most what the item allows, and not beyond the item's end.
func BufferUntil(item store.Item, requestedDays int, now time.Time) int64 {
	days := min(max(int64(requestedDays), MinBufferDays), item.MaxBufferDays)
	return min(now.Unix()+days*24*60*60, ValidUntil(item))
}
