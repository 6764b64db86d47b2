package license

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/openlts/openlts/core/device"
	"github.com/openlts/openlts/core/ledger"
	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
)

// Authorizer asks for authorizations.
type Authorizer struct {
	Parameters *Parameters
	Device     device.Identity
	Ledger     *ledger.Ledger
	Transport  http.RoundTripper
	Clock      slot.Clock
	Library    string // name and version of the library, told to the server
}

// Granted is an authorization in force.
type Granted struct {
	Authorization *protocol.Authorization
	// LTS is the id of the signing key of the server that granted it.
	LTS string
	// Flags say how it came about: CACHE_USED, STANDBY_USED, TRIAL, ...
	Flags protocol.StateFlag
	// Reason is why the cache was used, or nil.
	Reason error
	// AuthorizedAt and BufferUntil are by our clock, in seconds since 1970.
	AuthorizedAt, BufferUntil int64
}

const (
	// markLatest is the latest time this device ever saw: the floor for judging
	// the cache, so that turning the clock back gains nothing.
	markLatest = "latest_time"
	// clockSlack is how far a clock may go back without being called an anomaly.
	clockSlack             = time.Hour
	anomalyClockTurnedBack = "clock-turned-back"
	anomalyLedgerReplaced  = "ledger-replaced"
)

// Authorize gets an authorization within ctx's deadline. The servers' refusals
// are final; only a failure to reach any server leads to the cache.
func (a *Authorizer) Authorize(ctx context.Context) (*Granted, error) {
	now := a.Clock.Now()
	latest, markErr := a.Ledger.Mark(ctx, markLatest)
	turnedBack := markErr == nil && now.Add(clockSlack).Unix() < latest
	if markErr == nil && now.Unix() > latest {
		latest = now.Unix()
		_ = a.Ledger.SetMark(ctx, markLatest, latest) // only a convenience for later
	}

	request := a.request(now, turnedBack)
	servers := a.Parameters.Servers()
	var failures []error
	for i, server := range servers {
		granted, err := a.ask(ctx, server, request, len(servers)-i)
		if err == nil {
			if server != a.Parameters.MainServerURL {
				granted.Flags |= protocol.StateFlagStandbyUsed
			}
			if turnedBack {
				granted.Flags |= protocol.StateFlagClockAnomaly
				// The server was reached and its answer verified: our clock starts
				// afresh from here, so that one wrong date does no lasting harm.
				_ = a.Ledger.SetMark(ctx, markLatest, now.Unix())
			}
			return granted, nil
		}
		if Final(err) {
			// A refusal ends what was granted before; a request the server could not
			// read says nothing about the license.
			if status := protocol.StatusOf(err); status.FromServer() && status > protocol.StatusRequestMalformed {
				_ = a.Ledger.DropAuthorization(ctx, a.digest())
			}
			return nil, err
		}
		failures = append(failures, err)
	}
	return a.fromCache(ctx, now, latest, turnedBack, failures)
}

func (a *Authorizer) request(now time.Time, turnedBack bool) *protocol.AuthorizationRequest {
	p := a.Parameters
	r := &protocol.AuthorizationRequest{
		Protocol: protocol.Version, ClientTime: now.Unix(),
		Device: protocol.Device{
			UUID: a.Device.UUID, PublicKey: protocol.Encoding.EncodeToString(a.Device.Key.PublicKey().Bytes()),
			UUIDSource: a.Device.Source, FriendlyName: p.DeviceFriendlyName,
			Platform: runtime.GOOS + "/" + runtime.GOARCH, Library: a.Library,
		},
		HandshakeCode: p.HandshakeCode, OrganizationID: p.OrganizationID, SessionPassword: p.SessionPassword,
		Products: p.Products, ProductVersion: p.ProductVersion, Edition: p.Edition,
		DeploymentType: p.DeploymentType, ChargeWay: p.ChargeWay, Modules: p.LimitedLicenseModules,
		MaxBufferDays: p.MaxBufferDays, InstanceCount: p.MaxConcurrentInstanceCount, ValidationField: p.ValidationField,
	}
	if turnedBack {
		r.Anomalies = append(r.Anomalies, anomalyClockTurnedBack)
	}
	if a.Ledger.Damage() != "" {
		r.Anomalies = append(r.Anomalies, anomalyLedgerReplaced)
	}
	return r
}

// ask asks one server, and verifies and keeps what it grants.
func (a *Authorizer) ask(ctx context.Context, server string, request *protocol.AuthorizationRequest, serversLeft int) (*Granted, error) {
	nonce := make([]byte, 24)
	_, _ = rand.Read(nonce) // never fails (crypto/rand)
	request.Nonce = protocol.Encoding.EncodeToString(nonce)
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	ctx, cancel := withTimeout(ctx, a.Parameters.RequestTimeout, serversLeft)
	defer cancel()
	answer, err := Post(ctx, a.Transport, server, protocol.PathAuthorizations, nil, body)
	if err != nil {
		return nil, err
	}
	if answer.Status != http.StatusOK {
		return nil, answer.Problem(server)
	}
	var response protocol.AuthorizationResponse
	if json.Unmarshal(answer.Body, &response) != nil || response.Authorization == "" {
		return nil, protocol.Errorf(protocol.StatusServerResponseInvalid,
			"%s answered, but not as a License Tracking Server does (a proxy or a login page?)", server)
	}
	key, first, err := a.serverKey(ctx, server, response.PublicKey)
	if err != nil {
		return nil, err
	}
	authorization, err := protocol.VerifyAuthorization(response.Authorization, key)
	if errors.Is(err, protocol.ErrSignature) {
		return nil, protocol.Errorf(protocol.StatusServerKeyMismatch,
			"the answer of %s is not signed with the key this server is known by; if the server was set up anew, pin its key in serverPublicKey or start with a new data directory", server)
	}
	if err != nil {
		return nil, protocol.Errorf(protocol.StatusServerResponseInvalid, "%s: %w", server, err)
	}
	if authorization.Nonce != request.Nonce || authorization.Device != request.Device.UUID ||
		authorization.DeviceKey != request.Device.PublicKey {
		return nil, protocol.Errorf(protocol.StatusServerResponseInvalid,
			"the authorization of %s is for another request or device", server)
	}
	now := a.Clock.Now().Unix()
	keyText := protocol.Encoding.EncodeToString(key)
	if first {
		_ = a.Ledger.RememberServerKey(ctx, server, keyText, now)
	}
	// A ledger that can't keep it degrades later starts, not this one.
	_ = a.Ledger.SaveAuthorization(ctx, a.digest(), ledger.CachedAuthorization{
		JWS: response.Authorization, PublicKey: keyText, ReceivedAt: now})
	return grantedFrom(authorization, key, now), nil
}

// serverKey is the key a server's answer must be signed with: the pinned one,
// else the one remembered, else the one it shows now (first is true then).
func (a *Authorizer) serverKey(ctx context.Context, server, shown string) (key []byte, first bool, err error) {
	if a.Parameters.ServerPublicKey != "" {
		key, err = a.Parameters.pinnedKey()
		return key, false, err
	}
	remembered, err := a.Ledger.ServerKey(ctx, server)
	if err != nil {
		remembered = "" // an unreadable ledger must not keep an honest user out
	}
	text := remembered
	if text == "" {
		text = shown
	}
	key, err = protocol.Encoding.DecodeString(text)
	if err != nil || len(key) != 32 {
		return nil, false, protocol.Errorf(protocol.StatusServerResponseInvalid, "%s does not show a valid signing key", server)
	}
	return key, remembered == "", nil
}

func grantedFrom(authorization *protocol.Authorization, key []byte, receivedAt int64) *Granted {
	g := &Granted{
		Authorization: authorization,
		LTS:           protocol.SigningKeyID(key),
		AuthorizedAt:  receivedAt,
		// The server's clock and ours may differ: what counts is how long.
		BufferUntil: receivedAt + max(0, authorization.BufferUntil-authorization.IssuedAt),
	}
	if authorization.Trial {
		g.Flags |= protocol.StateFlagTrial
	}
	g.Flags |= QuotaFlags(authorization.Quota)
	if expires := authorization.Item.ExpiresAt; expires != 0 && authorization.IssuedAt >= expires {
		g.Flags |= protocol.StateFlagExpiredInTolerance
	}
	return g
}

// QuotaFlags are the state flags of a quota.
func QuotaFlags(q protocol.Quota) protocol.StateFlag {
	switch q.State {
	case protocol.QuotaTolerance:
		return protocol.StateFlagQuotaInTolerance
	case protocol.QuotaExhausted:
		return protocol.StateFlagQuotaExhausted
	default:
		return 0
	}
}

// fromCache uses the authorization cached before, if it is still in force.
func (a *Authorizer) fromCache(ctx context.Context, now time.Time, latest int64, turnedBack bool, failures []error) (*Granted, error) {
	reason := joinFailures(failures)
	cached, err := a.Ledger.Authorization(ctx, a.digest())
	if err != nil || cached == nil {
		return nil, reason
	}
	key, err := protocol.Encoding.DecodeString(cached.PublicKey)
	if err != nil {
		return nil, reason
	}
	if a.Parameters.ServerPublicKey != "" { // pinned since it was cached
		if key, err = a.Parameters.pinnedKey(); err != nil {
			return nil, err
		}
	}
	authorization, err := protocol.VerifyAuthorization(cached.JWS, key)
	if err != nil || authorization.Device != a.Device.UUID {
		return nil, reason
	}
	granted := grantedFrom(authorization, key, cached.ReceivedAt)
	if max(now.Unix(), latest) > granted.BufferUntil {
		return nil, protocol.Errorf(protocol.StatusOf(reason),
			"%s; the authorization of %s could be used without the server until %s only",
			strings.TrimRight(reason.Error(), "."), day(granted.AuthorizedAt), day(granted.BufferUntil))
	}
	granted.Flags |= protocol.StateFlagCacheUsed
	if turnedBack {
		granted.Flags |= protocol.StateFlagClockAnomaly
	}
	granted.Reason = reason
	return granted, nil
}

func day(unix int64) string { return time.Unix(unix, 0).UTC().Format("2006-01-02") }

// joinFailures makes one error out of what each server said, with the status of
// the first that got an answer at all, else of the first.
func joinFailures(failures []error) *protocol.Error {
	joined := &protocol.Error{Status: protocol.StatusFailedToReachLTS}
	details := make([]string, 0, len(failures))
	for _, failure := range failures {
		if status := protocol.StatusOf(failure); joined.Status == protocol.StatusFailedToReachLTS {
			joined.Status = status
		}
		details = append(details, failure.Error())
	}
	joined.Detail = joined.Status.Message() + " " + strings.Join(details, "; ")
	joined.Err = errors.Join(failures...)
	return joined
}

// digest names what is asked for: an authorization is reused only for the same.
func (a *Authorizer) digest() string {
	p := a.Parameters
	asked := fmt.Sprintf("%q", []any{p.HandshakeCode, p.OrganizationID, p.SessionPassword, p.ProductVersion, p.Edition,
		p.ValidationField, fmt.Sprint(p.Products, p.DeploymentType, p.ChargeWay, p.LimitedLicenseModules), a.Device.UUID})
	sum := sha256.Sum256([]byte(asked))
	return protocol.Encoding.EncodeToString(sum[:])
}
