// Package policy holds the rules of the License Tracking Server: which item a
// device may use, how quotas, tolerances and device lists work, and how reports
// are merged. Everything in it is pure: no clock, no database, no network.
package policy

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// CheckHandshake says whether a request may use a handshake code: session
// password, then validation field. nil means yes.
func CheckHandshake(code store.HandshakeCode, request *protocol.AuthorizationRequest) error {
	if code.SessionPassword != "" && !equalSecret(code.SessionPassword, request.SessionPassword) {
		return protocol.StatusSessionPasswordIncorrect
	}
	if len(code.ValidationFields) > 0 && !oneMatches(code.ValidationFields, request.ValidationField) {
		return protocol.StatusHandshakeAppDomainMismatch
	}
	return nil
}

// equalSecret compares in a time that tells nothing, not even the length.
func equalSecret(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
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
