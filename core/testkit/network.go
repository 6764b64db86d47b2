package testkit

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
)

// Network is a transport that can be broken: it loses requests, loses answers after the server has
// committed, delivers requests twice, and answers in place of the server. Any goroutine may use it.
type Network struct {
	next http.RoundTripper

	mu     sync.Mutex
	random *rand.Rand
	broken bool
	dead   bool
	faults int
}

// NewNetwork makes a network that works; seed decides what happens when it is
// broken.
func NewNetwork(seed uint64) *Network {
	return &Network{next: &http.Transport{DisableKeepAlives: true}, random: rand.New(rand.NewPCG(seed, seed))}
}

// Break makes the network unreliable: about every other request succeeds.
func (n *Network) Break() { n.set(true, false) }

// Cut lets nothing through.
func (n *Network) Cut() { n.set(true, true) }

// Repair makes the network good again.
func (n *Network) Repair() { n.set(false, false) }

func (n *Network) set(broken, dead bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.broken, n.dead = broken, dead
}

// Faults is how many requests were tampered with.
func (n *Network) Faults() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.faults
}

// ErrNetwork is the error of a request that a broken network lost.
var ErrNetwork = errors.New("the network failed (by testkit)")

type fate int

const (
	arrives fate = iota
	swallowed
	unreachable
	answerLost
	delivered2
	proxyAnswers
)

func (n *Network) fate() fate {
	n.mu.Lock()
	defer n.mu.Unlock()
	fates := []fate{arrives, arrives, swallowed, answerLost, delivered2, proxyAnswers}
	chosen := arrives
	if n.broken {
		chosen = fates[n.random.IntN(len(fates))]
	}
	if n.dead {
		chosen = unreachable
	}
	if chosen != arrives {
		n.faults++
	}
	return chosen
}

// RoundTrip carries a request, or does not.
func (n *Network) RoundTrip(r *http.Request) (*http.Response, error) {
	switch n.fate() {
	case swallowed:
		return nil, ErrNetwork
	case unreachable: // as when nobody listens
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: ErrNetwork}
	case answerLost:
		if answer, err := n.next.RoundTrip(r); err == nil {
			_ = answer.Body.Close()
		}
		return nil, ErrNetwork
	case delivered2:
		again := r.Clone(r.Context())
		if r.GetBody != nil {
			again.Body, _ = r.GetBody()
		}
		if answer, err := n.next.RoundTrip(again); err == nil {
			_ = answer.Body.Close()
		}
	case proxyAnswers:
		return &http.Response{
			StatusCode: http.StatusBadGateway, Status: "502 Bad Gateway", Proto: "HTTP/1.1", ProtoMajor: 1,
			ProtoMinor: 1, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("<html>")), Request: r,
		}, nil
	case arrives:
	}
	return n.next.RoundTrip(r)
}
