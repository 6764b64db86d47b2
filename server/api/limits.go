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

// Limits say how many requests a second are served; 0 is no limit. Each allows a
// burst of a multiple of its rate: devices that start together are no attack.
type Limits struct {
	// Authorizations are those of one network: an IPv4 /24 or an IPv6 /48.
	Authorizations float64
	// PerCode are authorizations under one handshake code, from anywhere.
	PerCode float64
	// Guesses are refusals that tell whether a code or password is right, by network.
	Guesses float64
	// Devices are authorizations of devices that were never seen before, by network.
	Devices float64
	// Reports are the batches of one device key.
	Reports float64
	// Loopback limits this machine as well. It may be a reverse proxy, which stands
	// for all clients; one that says whom it stands for (X-Forwarded-For) is taken at
	// its word.
	Loopback bool
}

// DefaultLimits suit a server that anybody can reach.
var DefaultLimits = Limits{Authorizations: 100, PerCode: 500, Guesses: 1, Devices: 5, Reports: 20}

// How many seconds of its rate a limit allows at once.
const (
	burstSeconds       = 20
	guessBurstSeconds  = 50
	deviceBurstSeconds = 200 // a fleet is rolled out at once
)

// maxLimited is how many networks, codes or keys are remembered of each limit. Who
// is forgotten has its whole burst again, so a flood from ever new addresses is
// bounded by what its addresses are worth.
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

// take takes one of what name is allowed, or says when to come again.
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

// left says when to come again if nothing is left for name. It takes nothing.
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
		// The last one was added by the proxy itself; the others anybody could write.
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

// address is what a trial by address goes by: an IPv4 address, or the network of one
// site in IPv6; "" if there is none.
func address(r *http.Request) string {
	from, ok := client(r)
	if !ok {
		return ""
	}
	return prefix(from, 32, 64)
}

// network is where a request comes from, as far as it is limited; "" if it is not.
func (l *limiters) network(r *http.Request) string {
	if from, ok := client(r); !ok || from.IsLoopback() && !l.loopback {
		return ""
	}
	return site(r)
}

// site is the network that a request comes from, of the size that is limited.
func site(r *http.Request) string {
	from, ok := client(r)
	if !ok {
		return ""
	}
	return prefix(from, 24, 48)
}

// guess tells whether a refusal says something about a code or password that
// whoever asks did not know.
func guess(refusal error) bool {
	switch protocol.StatusOf(refusal) {
	case protocol.StatusHandshakeCodeNotFound, protocol.StatusOrganizationNotFound,
		protocol.StatusHandshakeOrganizationMismatch,
		protocol.StatusSessionPasswordIncorrect:
		return true
	}
	return false
}

// admit says whether an authorization from a network is decided on now.
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

// mayGuess says whether a password from a network is looked at now.
func (l *limiters) mayGuess(network string, now time.Time) error {
	if network == "" {
		return nil
	}
	return l.guesses.left(network, now)
}

// mayBeNew tells whether a device that was never seen before is authorized now.
func (l *limiters) mayBeNew(network string, now time.Time) bool {
	return network == "" || l.devices.left(network, now) == nil
}

// isNew takes note of such a device, or says when it may come again.
func (l *limiters) isNew(network string, now time.Time) error {
	if network == "" {
		return nil
	}
	return l.devices.take(network, now)
}

// refused takes note of a refusal.
func (l *limiters) refused(network string, refusal error, now time.Time) error {
	if network == "" || !guess(refusal) {
		return nil
	}
	return l.guesses.take(network, now)
}

// admitReports says whether a batch of a device key from a network is read now.
func (l *limiters) admitReports(network, key string, now time.Time) error {
	if network == "" {
		return nil
	}
	return l.reports.take(key, now)
}
