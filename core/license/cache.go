package license

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/openlts/openlts/core/internal/ledger"
	"github.com/openlts/openlts/core/protocol"
)

// digest identifies what is asked for and at which server: an authorization is reused only for the
// same.
func (a *Authorizer) digest(key serverKey) string {
	p := a.Parameters
	asked := fmt.Sprintf("%q",
		[]any{key.text(), p.HandshakeCode, p.OrganizationID, p.SessionPassword, p.ProductVersion, p.Edition,
			p.ValidationField, fmt.Sprint(p.Products, p.DeploymentType, p.ChargeWay, p.LimitedLicenseModules),
			a.Device.UUID})
	sum := sha256.Sum256([]byte(asked))
	return protocol.Encoding.EncodeToString(sum[:])
}

// cached is an authorization that was granted before.
type cached struct {
	granted *Granted
	useless error // why it can't be used now; nil if it can
}

func (c *cached) usable() bool { return c.useless == nil }

// cached finds what a server granted before for the same request, and reckons that server's time;
// nil if there is nothing.
func (a *Authorizer) cached(ctx context.Context, key serverKey) *cached {
	ctx, cancel := briefly(ctx)
	defer cancel()
	kept, err := a.Ledger.Authorization(ctx, a.digest(key))
	if err != nil || kept == nil {
		return nil
	}
	authorization, err := protocol.VerifyAuthorization(kept.JWS, key.public)
	if err != nil || authorization.Device != a.Device.UUID || authorization.DeviceKey != a.devicePublicKey() {
		return nil
	}
	c := &cached{granted: grantedFrom(authorization, key)}
	now := read(a.Clock)
	anchor, err := a.reckoned(ctx, c.granted.LTS, ledger.Anchor{Server: authorization.IssuedAt, Wall: kept.ReceivedAt},
		now.wall.Unix())
	c.granted.Time = Timekeeper{anchor.Server, now}
	switch {
	case err != nil:
		c.useless = fmt.Errorf("the clock was set back: it shows %s, and showed %s before; the authorization that is "+
			"kept can be used again once a server was reached",
			moment(now.wall.Unix()), moment(anchor.Wall))
	case !usableAt(authorization, anchor.Server):
		c.useless = fmt.Errorf("the authorization of %s could be used without the server until %s only",
			day(c.granted.AuthorizedAt()), day(c.granted.BufferUntil()))
	}
	return c
}

// reckoned reckons a server's time and stores the moved anchor. first is the anchor to use if none
// is stored.
func (a *Authorizer) reckoned(ctx context.Context, lts string, first ledger.Anchor, now int64) (ledger.Anchor, error) {
	anchor, found, err := a.Ledger.Anchor(ctx, lts)
	if err != nil || !found {
		anchor = first
	}
	moved, err := reckon(anchor, now)
	if err == nil && moved != anchor {
		_ = a.Ledger.SetAnchor(ctx, lts, moved) // if it fails, the next start reckons from the older anchor
	}
	return moved, err
}

// turnedBack tells whether our clock is behind a time that it has already shown.
func (a *Authorizer) turnedBack(ctx context.Context) bool {
	ctx, cancel := briefly(ctx)
	defer cancel()
	for _, key := range a.knownServers(ctx) {
		anchor, found, err := a.Ledger.Anchor(ctx, key.id())
		if err != nil || !found {
			continue
		}
		if _, err := reckon(anchor, a.Clock.Now().Unix()); err != nil {
			return true
		}
	}
	return false
}

// fromCache uses what one of our servers granted before, if that is still valid. reason is why no
// server granted anything now.
func (a *Authorizer) fromCache(ctx context.Context, reason error) (*Granted, error) {
	var useless error
	for _, key := range a.knownServers(ctx) {
		c := a.cached(ctx, key)
		switch {
		case c == nil:
		case !c.usable():
			useless = c.useless
		default:
			c.granted.Flags |= protocol.StateFlagCacheUsed
			c.granted.Reason = reason
			return c.granted, nil
		}
	}
	if useless != nil {
		return nil, failed(reason, "%v", useless)
	}
	return nil, reason
}
