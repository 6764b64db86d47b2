// Package policy has the rules of the License Tracking Server: which item a device may use, how
// quotas, tolerances and seats work, and how reports are merged. Everything in it is pure: no
// clock, no database, no network.
package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// Proof is what is known about the session password in a request: the hashes that it fits or does
// not fit. Finding out takes too long to do it while deciding.
type Proof struct{ Right, Wrong []string }

// CheckHandshake says whether a request may use a handshake code: it checks whether code or
// organization are archived, the session password, and then the validation field. nil means yes. If
// that depends on hashes with which nobody has compared the password yet, it returns these instead.
func CheckHandshake(code store.HandshakeCode, request *protocol.AuthorizationRequest, proof Proof,
	now time.Time) (untried []string, refusal error) {
	if code.Archived(now.Unix()) || code.OrganizationArchivedAt != 0 {
		return nil, because(protocol.StatusHandshakeCodeNotFound, protocol.ReasonArchived)
	}
	if untried, refusal := checkPassword(code, request, proof, now); untried != nil || refusal != nil {
		return untried, refusal
	}
	if len(code.ValidationFields) > 0 && !oneMatches(code.ValidationFields, request.ValidationField) {
		return nil, protocol.StatusHandshakeAppDomainMismatch
	}
	return nil, nil
}

// notAfter limits the time for which a device may work offline to that of its code, if it is known
// when the code will be archived: who copied its license key may not go on with it for longer.
func notAfter(code store.HandshakeCode, offline int64) int64 {
	if code.ArchivedAt == 0 {
		return offline
	}
	return min(offline, code.ArchivedAt)
}

func checkPassword(code store.HandshakeCode, request *protocol.AuthorizationRequest, proof Proof,
	now time.Time) (untried []string, refusal error) {
	switch {
	case code.SessionPassword == "":
		return nil, nil
	case request.SessionPassword == "":
		return nil, protocol.StatusSessionPasswordIncorrect
	}
	hashes := []string{code.SessionPassword}
	if code.PreviousPassword != "" && now.Unix() < code.PreviousUntil {
		hashes = append(hashes, code.PreviousPassword)
	}
	for _, hash := range hashes {
		switch {
		case slices.Contains(proof.Right, hash):
			return nil, nil
		case !slices.Contains(proof.Wrong, hash):
			untried = append(untried, hash)
		}
	}
	if len(untried) > 0 {
		return untried, nil
	}
	return nil, protocol.StatusSessionPasswordIncorrect
}

// oneMatches compares validation fields. Domains and Windows process names have
// no upper and lower case, so neither have validation fields.
func oneMatches(wanted []string, got string) bool {
	for _, value := range wanted {
		if strings.EqualFold(value, got) {
			return true
		}
	}
	return false
}
