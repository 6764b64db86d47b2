package administration

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/openlts/openlts/server/password"
	"github.com/openlts/openlts/server/recent"
	"github.com/openlts/openlts/server/store"
	"github.com/openlts/openlts/server/store/records"
)

// How long sessions last.
const (
	sessionTime = 30 * 24 * time.Hour // in all
	idleTime    = 7 * 24 * time.Hour  // without being used
	touchTime   = 10 * time.Minute    // how exact "last seen" is
)

// Attempts limits how often passwords and tokens are tried: for each network and, so that many
// networks together don't get more, for each name.
type Attempts struct {
	names, networks *recent.Cache[*rate.Limiter]
}

// How many attempts are allowed at once, and after how long one more is. A name allows many, so
// that whoever wants to lock somebody out has to keep trying, from several networks.
const (
	attemptsOfNetwork = 10
	networkTime       = 30 * time.Second
	attemptsOfName    = 100
	nameTime          = 10 * time.Second
)

// maxAttempts is how many names and networks are remembered.
const maxAttempts = 20_000

// NewAttempts makes the limits of a server.
func NewAttempts() *Attempts {
	return &Attempts{names: recent.New[*rate.Limiter](maxAttempts), networks: recent.New[*rate.Limiter](maxAttempts)}
}

// take uses an attempt, if one is left; giveBack returns it after a correct one.
func (t *Attempts) take(name, network string, now time.Time) (giveBack func(), ok bool) {
	// Store digests, because names may be long. A network without attempts left makes no entry for
	// a name: otherwise a single network could push out the entries that protect others.
	var taken []*rate.Reservation
	giveBack = func() {
		for _, each := range taken {
			each.CancelAt(now)
		}
	}
	for _, bound := range []struct {
		of    *recent.Cache[*rate.Limiter]
		whose string
		every time.Duration
		many  int
	}{{t.networks, network, networkTime, attemptsOfNetwork}, {t.names, name, nameTime, attemptsOfName}} {
		limiter := bound.of.GetOr(digest(bound.whose), func() *rate.Limiter {
			return rate.NewLimiter(rate.Every(bound.every), bound.many)
		})
		reservation := limiter.ReserveN(now, 1)
		taken = append(taken, reservation)
		if reservation.DelayFrom(now) > 0 {
			giveBack()
			return nil, false
		}
	}
	return giveBack, true
}

// Network is the network whose addresses count as one: an IPv4 /24 or an IPv6 /48.
func Network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap()
	bits := 48
	if ip.Is4() {
		bits = 24
	}
	prefix, err := ip.WithZone("").Prefix(bits)
	if err != nil { // these numbers of bits always fit
		return address
	}
	return prefix.String()
}

// nobody is the hash with which a password is compared if there is no such account, so that this
// takes as long.
var nobody = sync.OnceValue(func() string { return password.Hash(secret()) })

var errSignIn = &Error{Kind: Unauthenticated, Field: "password", Text: "this name and password don't belong together"}

// verify tells whether a password is the one that was hashed.
func verify(text, hashed string) (bool, error) {
	if len(text) > maxPassword {
		return false, nil
	}
	return password.Verify(text, hashed)
}

// SignIn begins a session and returns its secret.
func (a *Administrator) SignIn(ctx context.Context, attempts *Attempts, network, name, text string) (string, error) {
	name = strings.TrimSpace(name)
	now := a.Now()
	giveBack, ok := attempts.take("name "+name, network, now)
	if !ok {
		return "", &Error{
			Kind: Limited, Field: "password", Text: "too many wrong passwords; wait a minute, then try again",
		}
	}
	account, err := records.AccountByName(ctx, a.Store, name)
	unknown := errors.Is(err, store.ErrNotFound)
	if err != nil && !unknown {
		return "", err
	}
	hashed := account.Password
	if unknown {
		hashed = nobody()
	}
	right, err := verify(text, hashed)
	if err != nil {
		return "", err
	}
	if unknown || !right {
		return "", errSignIn
	}
	giveBack()
	made := secret()
	err = a.Store.Update(ctx, func(tx store.Tx) error {
		current, err := records.AccountByName(ctx, tx, name)
		if errors.Is(err, store.ErrNotFound) || err == nil && current.Password != hashed {
			// the account was removed or changed meanwhile
			return errSignIn
		}
		if err != nil {
			return err
		}
		if err := records.DropSessions(ctx, tx, now.Add(-sessionTime).Unix(), now.Add(-idleTime).Unix()); err != nil {
			return err
		}
		return records.AddSession(ctx, tx, records.Session{
			Digest: digest(made), Account: current, CreatedAt: now.Unix(), SeenAt: now.Unix(),
		})
	})
	return made, err
}

var errNotSignedIn = &Error{Kind: Unauthenticated, Text: "you are not signed in"}

// Session gives the principal of a session, by its secret.
func (a *Administrator) Session(ctx context.Context, secret string) (Principal, error) {
	s, err := records.FindSession(ctx, a.Store, digest(secret))
	if errors.Is(err, store.ErrNotFound) {
		return Principal{}, errNotSignedIn
	}
	if err != nil {
		return Principal{}, err
	}
	now := a.Now()
	if now.Sub(time.Unix(s.CreatedAt, 0)) > sessionTime || now.Sub(time.Unix(s.SeenAt, 0)) > idleTime {
		return Principal{}, errNotSignedIn
	}
	if now.Sub(time.Unix(s.SeenAt, 0)) > touchTime {
		if err := a.Store.Update(ctx, func(tx store.Tx) error {
			return records.TouchSession(ctx, tx, s, now.Unix())
		}); err != nil {
			return Principal{}, err
		}
	}
	return Principal{Name: s.Account.Name, Role: Role(s.Account.Role), Organization: s.Account.Organization}, nil
}

// SignOut ends a session.
func (a *Administrator) SignOut(ctx context.Context, secret string) error {
	return a.Store.Update(ctx, func(tx store.Tx) error { return records.EndSession(ctx, tx, digest(secret)) })
}

// ChangePassword changes the password of the account of a session, and ends the account's other
// sessions.
func (a *Administrator) ChangePassword(ctx context.Context, attempts *Attempts, network, session, old,
	text string) error {
	s, err := records.FindSession(ctx, a.Store, digest(session))
	if errors.Is(err, store.ErrNotFound) {
		return errNotSignedIn
	}
	if err != nil {
		return err
	}
	now := a.Now()
	giveBack, ok := attempts.take("name "+s.Account.Name, network, now)
	if !ok {
		return &Error{Kind: Limited, Field: "old", Text: "too many wrong passwords; wait a minute, then try again"}
	}
	right, err := verify(old, s.Account.Password)
	if err != nil {
		return err
	}
	if !right {
		return invalid("old", "this is not your present password")
	}
	giveBack()
	if err := checkNewPassword(text, s.Account.Name); err != nil {
		return err
	}
	return a.setPassword(ctx, s.Account.Name, text, s.Digest, "account.change-password")
}
