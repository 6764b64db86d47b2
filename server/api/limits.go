package api

import (
	"math"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/recent"
)

// Limits say how many requests a second are served; 0 means no limit. Each allows a burst of a
// multiple of its rate, because devices that start together are no attack.
type Limits struct {
	// Authorizations is the limit for one network: an IPv4 /24 or an IPv6 /48.
	Authorizations float64
	// PerCode is the limit of authorizations for one handshake code, from anywhere.
	PerCode float64
	// Guesses is the limit, by network, of refusals that reveal whether a code or password is
	// right.
	Guesses float64
	// Devices is the limit, by network, of authorizations of devices that were never seen before.
	Devices float64
	// Reports is the limit of batches from one device key.
	Reports float64
	// Loopback limits this machine as well. By default it is not limited, because it may be a
	// reverse proxy for all clients. If a proxy says for whom it asks (X-Forwarded-For), the server
	// believes it.
	Loopback bool
}

// DefaultLimits suit a server that anybody can reach.
var DefaultLimits = Limits{Authorizations: 100, PerCode: 500, Guesses: 1, Devices: 5, Reports: 20}

// How many seconds' worth of its rate a limit allows at once.
const (
	burstSeconds       = 20
	guessBurstSeconds  = 50
	deviceBurstSeconds = 200 // for fleets that are rolled out at once
)

// maxLimited is how many networks, codes or keys each limit remembers. A forgotten one gets its
// whole burst again, so a flood from ever new addresses is limited only by the number of its
// addresses.
const maxLimited = 20_000

// limiter limits by a name.
type limiter struct {
	rate  rate.Limit
	burst int
	names *recent.Cache[*rate.Limiter]
}

func newLimiter(perSecond float64, seconds int) *limiter {
	return &limiter{rate: rate.Limit(perSecond), burst: int(max(1, math.Ceil(perSecond*float64(seconds)))),
		names: recent.New[*rate.Limiter](maxLimited)}
}

func (l *limiter) of(name string) *rate.Limiter {
	return l.names.GetOr(name, func() *rate.Limiter { return rate.NewLimiter(l.rate, l.burst) })
}

// take uses one of the requests that name is allowed, or says when to come again.
func (l *limiter) take(name string, now time.Time) error {
	if l.rate == 0 {
		return nil
	}
	reservation := l.of(name).ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	reservation.CancelAt(now)
	return tooMany(wait)
}

// left says when to come again if name has used up its limit. It uses nothing.
func (l *limiter) left(name string, now time.Time) error {
	if l.rate == 0 {
		return nil
	}
	if tokens := l.of(name).TokensAt(now); tokens < 1 {
		return tooMany(time.Duration((1 - tokens) / float64(l.rate) * float64(time.Second)))
	}
	return nil
}

func tooMany(wait time.Duration) error { return &limited{protocol.StatusRequestRateLimited, wait} }

// limiters are the limits of a server.
type limiters struct {
	authorizations, codes, guesses, devices, reports *limiter
	loopback                                         bool
}

func newLimiters(l Limits) *limiters {
	return &limiters{
		authorizations: newLimiter(l.Authorizations, burstSeconds), codes: newLimiter(l.PerCode, burstSeconds),
		guesses: newLimiter(l.Guesses, guessBurstSeconds), devices: newLimiter(l.Devices, deviceBurstSeconds),
		reports: newLimiter(l.Reports, burstSeconds), loopback: l.Loopback,
	}
}

// client is the address a request comes from; ok is false if it has none.
func client(r *http.Request) (address netip.Addr, ok bool) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	address, err = netip.ParseAddr(host)
	if err != nil { // not a network, such as a Unix socket
		return address, false
	}
	if address.IsLoopback() {
		// The proxy itself added the last one; anybody could write the others.
		forwarded := r.Header.Values("X-Forwarded-For")
		if len(forwarded) > 0 {
			list := forwarded[len(forwarded)-1]
			client, err := netip.ParseAddr(strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:]))
			if err == nil {
				address = client
			}
		}
	}
	return address.Unmap().WithZone(""), true
}

// prefix is the network of an address, of so many bits.
func prefix(address netip.Addr, bits4, bits6 int) string {
	bits := bits6
	if address.Is4() {
		bits = bits4
	}
	network, err := address.Prefix(bits)
	if err != nil { // these numbers of bits always fit
		return address.String()
	}
	return network.String()
}

// address is the address for a trial by address: an IPv4 address, or the network of one site in
// IPv6; "" if there is none.
func address(r *http.Request) string {
	from, ok := client(r)
	if !ok {
		return ""
	}
	return prefix(from, 32, 64)
}

// network is the network by which a request is limited; "" if it is not limited.
func (l *limiters) network(r *http.Request) string {
	if from, ok := client(r); !ok || from.IsLoopback() && !l.loopback {
		return ""
	}
	return site(r)
}

// site is the network from which a request comes, in the size that is limited.
func site(r *http.Request) string {
	from, ok := client(r)
	if !ok {
		return ""
	}
	return prefix(from, 24, 48)
}

// guess tells whether a refusal reveals to the caller whether a code or password is right.
func guess(refusal error) bool {
	switch protocol.StatusOf(refusal) {
	case protocol.StatusHandshakeCodeNotFound, protocol.StatusOrganizationNotFound,
		protocol.StatusHandshakeOrganizationMismatch,
		protocol.StatusSessionPasswordIncorrect:
		return true
	}
	return false
}

// admit says whether the limits allow an authorization from a network now.
func (l *limiters) admit(network, code string, now time.Time) error {
	if network == "" {
		return nil
	}
	if err := l.guesses.left(network, now); err != nil {
		return err
	}
	if err := l.authorizations.take(network, now); err != nil {
		return err
	}
	return l.codes.take(code, now)
}

// mayGuess says whether the limits allow checking a password from a network now.
func (l *limiters) mayGuess(network string, now time.Time) error {
	if network == "" {
		return nil
	}
	return l.guesses.left(network, now)
}

// mayBeNew tells whether the limits allow authorizing a new device now.
func (l *limiters) mayBeNew(network string, now time.Time) bool {
	return network == "" || l.devices.left(network, now) == nil
}

// isNew counts a new device, or says when it may come again.
func (l *limiters) isNew(network string, now time.Time) error {
	if network == "" {
		return nil
	}
	return l.devices.take(network, now)
}

// refused counts a refusal.
func (l *limiters) refused(network string, refusal error, now time.Time) error {
	if network == "" || !guess(refusal) {
		return nil
	}
	return l.guesses.take(network, now)
}

// admitReports says whether the limits allow reading a batch of a device key from a network now.
func (l *limiters) admitReports(network, key string, now time.Time) error {
	if network == "" {
		return nil
	}
	return l.reports.take(key, now)
}
