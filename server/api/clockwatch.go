package api

import (
	"slices"
	"sync"
	"time"
)

// clockWatch compares the server's clock with those of its clients. A single client may be wrong,
// but if most of the latest ones agree that the server's clock is off, it is. A server whose clock
// is far ahead refuses clients that it should serve, or grants for years.
type clockWatch struct {
	mu     sync.Mutex
	latest [clockSamples]sample
	next   int
	told   time.Time
}

// sample is how far a client's clock is ahead.
type sample struct {
	network string
	ahead   time.Duration
	taken   bool
}

const (
	clockSamples = 32
	// clockOff is the smallest difference that causes a warning.
	clockOff = time.Hour
	// clockInterval is the time between two warnings.
	clockInterval = time.Hour
)

// saw notes a client's clock. If a warning is due, it returns how far the server seems to be ahead
// (or behind, if negative).
func (c *clockWatch) saw(network string, client, server time.Time) (off time.Duration, warn bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.latest[c.next] = sample{network, client.Sub(server), true}
	c.next = (c.next + 1) % clockSamples
	differences := make([]time.Duration, 0, clockSamples)
	networks := map[string]bool{}
	for _, s := range c.latest {
		if !s.taken {
			return 0, false
		}
		differences, networks[s.network] = append(differences, s.ahead), true
	}
	// The middle three quarters agree, from more than one network.
	slices.Sort(differences)
	low, high := differences[clockSamples/8], differences[clockSamples*7/8]
	middle := differences[clockSamples/2]
	agree := low > clockOff || high < -clockOff
	if !agree || len(networks) < 2 || !c.told.IsZero() && server.Sub(c.told).Abs() < clockInterval {
		return 0, false
	}
	c.told = server
	return -middle, true
}
