package license

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/openlts/openlts/core/internal/device"
	"github.com/openlts/openlts/core/internal/ledger"
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
	Library    string // name and version of the library, sent to the server
	// Recognition is what is known about the servers' addresses; it outlives one Authorizer.
	Recognition *Recognition
}

// Granted is an authorization in force.
type Granted struct {
	Authorization *protocol.Authorization
	// LTS is the id of the signing key of the server that granted it.
	LTS string
	// Flags say how it was obtained: CACHE_USED, STANDBY_USED, TRIAL, ...
	Flags protocol.StateFlag
	// Reason is why the cache was used, or nil.
	Reason error
	// Time reckons the time of the server that granted it.
	Time Timekeeper
}

// AuthorizedAt is when the server granted it, by our clock, in seconds since 1970.
func (g *Granted) AuthorizedAt() int64 { return g.Time.Wall(g.Authorization.IssuedAt) }

// BufferUntil is until when it may be used without the server, by our clock.
func (g *Granted) BufferUntil() int64 { return g.Time.Wall(endOf(g.Authorization)) }

// Over tells whether it may no longer be used without the server.
func (g *Granted) Over(clock slot.Clock) bool { return g.Time.Server(clock) > endOf(g.Authorization) }

// Anomalies that a device reports to a server.
const (
	anomalyClockTurnedBack = "clock-turned-back"
	anomalyLedgerReplaced  = "ledger-replaced"
)

// ErrRefused is the cause if a server refused and its signature proves it. That is final,
// regardless of other servers and the cache.
var ErrRefused = errors.New("refused by the License Tracking Server")

// Authorize gets an authorization before the deadline of ctx: from the main server, else from the
// standby server, else the cached one. A proven refusal is final.
func (a *Authorizer) Authorize(ctx context.Context) (*Granted, error) {
	granted, err := a.Renew(ctx)
	if err == nil || errors.Is(err, ErrRefused) {
		return granted, err
	}
	return a.fromCache(ctx, err)
}

// Renew gets an authorization from a server, like Authorize, but not from the cache. The error is a
// refusal (ErrRefused), or says for each server why it granted none.
func (a *Authorizer) Renew(ctx context.Context) (*Granted, error) {
	turnedBack := a.turnedBack(ctx)
	request := a.request(turnedBack)
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
			}
			return granted, nil
		}
		if errors.Is(err, ErrRefused) {
			return nil, err
		}
		failures = append(failures, err)
	}
	return nil, joinFailures(failures)
}

func (a *Authorizer) request(turnedBack bool) *protocol.AuthorizationRequest {
	p := a.Parameters
	r := &protocol.AuthorizationRequest{
		Protocol: protocol.Version, ClientTime: a.Clock.Now().Unix(),
		Device: protocol.Device{
			UUID: a.Device.UUID, PublicKey: a.devicePublicKey(),
			UUIDSource: a.Device.Source, FriendlyName: p.DeviceFriendlyName,
			Platform: runtime.GOOS + "/" + runtime.GOARCH, Library: a.Library,
		},
		HandshakeCode: p.HandshakeCode, OrganizationID: p.OrganizationID, SessionPassword: p.SessionPassword,
		Products: p.Products, ProductVersion: p.ProductVersion, Edition: p.Edition,
		DeploymentType: p.DeploymentType, ChargeWay: p.ChargeWay, Modules: p.LimitedLicenseModules,
		MaxBufferDays: p.MaxBufferDays, InstanceCount: p.MaxConcurrentInstanceCount, ValidationField: p.ValidationField,
		SlotSeconds: p.SlotSeconds,
	}
	if turnedBack {
		r.Anomalies = append(r.Anomalies, anomalyClockTurnedBack)
	}
	if a.Ledger.Damage() != "" {
		r.Anomalies = append(r.Anomalies, anomalyLedgerReplaced)
	}
	return r
}

func (a *Authorizer) devicePublicKey() string {
	return protocol.Encoding.EncodeToString(a.Device.Key.PublicKey().Bytes())
}

// ask asks one server, and verifies and stores what it grants.
func (a *Authorizer) ask(ctx context.Context, server string, request *protocol.AuthorizationRequest,
	serversLeft int) (*Granted, error) {
	nonce := make([]byte, 24)
	_, _ = rand.Read(nonce) // never fails (crypto/rand)
	request.Nonce = protocol.Encoding.EncodeToString(nonce)
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	ctx, cancel := withTimeout(ctx, a.Parameters.RequestTimeout, serversLeft)
	defer cancel()
	if err := a.recognize(ctx, server); err != nil {
		return nil, err
	}
	// Read the clock before the request, so that the server's time is never reckoned too early.
	asked := question{server, request, body, read(a.Clock)}
	answer, err := Post(ctx, a.Transport, server, protocol.PathAuthorizations, nil, body)
	if err != nil {
		return nil, err
	}
	if answer.Status != http.StatusOK {
		return nil, a.refused(ctx, asked, answer)
	}
	authorization, key, err := a.granted(ctx, asked, answer)
	if err != nil {
		a.Recognition.Doubt(server)
		return nil, err
	}
	a.Recognition.Seen(server, key.id())
	return a.keep(ctx, asked, authorization, key), nil
}

// recognize says why a server is not the one whose key is pinned, before we send it anything.
func (a *Authorizer) recognize(ctx context.Context, server string) error {
	if a.Parameters.ServerPublicKey == "" {
		return nil
	}
	public, err := a.Parameters.pinnedKey()
	if err != nil {
		return err
	}
	return a.Recognition.Recognize(ctx, a.Transport, server, protocol.SigningKeyID(public))
}

// briefly limits how long the ledger may take of the time for an authorization: if others hold it,
// there must be time left to ask the servers.
func briefly(ctx context.Context) (context.Context, context.CancelFunc) {
	const share, longest = 8, time.Second
	wait := longest
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(deadline)/share)
	}
	return context.WithTimeout(ctx, wait)
}

// keep stores what a server granted, and the time by its clock. If the ledger can't store it, later
// starts suffer, but not this one.
func (a *Authorizer) keep(ctx context.Context, asked question, authorization signed[*protocol.Authorization],
	key serverKey) *Granted {
	ctx, cancel := briefly(ctx)
	defer cancel()
	now := asked.at.wall.Unix()
	granted := grantedFrom(authorization.value, key)
	// Take the server's clock as it is: if it was ahead and is corrected, that must do no lasting
	// harm.
	granted.Time = Timekeeper{authorization.value.IssuedAt, asked.at}
	grant := ledger.Grant{Request: a.digest(key), LTS: granted.LTS, Anchor: granted.Time.anchor(),
		CachedAuthorization: ledger.CachedAuthorization{JWS: authorization.jws, PublicKey: key.text(), ReceivedAt: now}}
	if key.first {
		grant.FirstMet = asked.server
	}
	_ = a.Ledger.SaveGrant(ctx, grant)
	if skew := now - authorization.value.IssuedAt; max(skew, -skew) > slackSeconds {
		granted.Flags |= protocol.StateFlagClockAnomaly
	}
	return granted
}

func grantedFrom(authorization *protocol.Authorization, key serverKey) *Granted {
	g := &Granted{Authorization: authorization, LTS: key.id()}
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

// joinFailures joins the errors of all servers into one, with the status of the first that answered
// at all, or else of the first.
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

func day(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.DateOnly) }

func moment(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.DateTime) + " UTC" }

// failed adds, to why no server granted anything, why the cache could not be used.
func failed(reason error, format string, arguments ...any) error {
	return &protocol.Error{Status: protocol.StatusOf(reason), Err: reason,
		Detail: strings.TrimRight(reason.Error(), ".") + "; " + fmt.Sprintf(format, arguments...)}
}
