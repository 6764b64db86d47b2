// Package client combines the packages of core into a license in use: authorized when it is opened,
// metered while it runs, reported every interval. The C ABI calls it, and Go programs import it.
package client

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/slot"
)

// Version is the version of the library.
const Version = "0.1.0"

// Environment is what tests can replace of a license's surroundings. The zero value means the
// machine's own clock and network.
type Environment struct {
	Clock slot.Clock
	// Transport carries requests to servers; with nil, the license makes its own.
	Transport http.RoundTripper
	// RenewEvery is how often a license in use asks for a new authorization; 0 means
	// once a day.
	RenewEvery time.Duration
}

// License is a license in use. A host calls its methods, from any goroutine.
type License struct {
	meter    *meter
	types    atomic.Int32 // operation types the host defined
	defining sync.Mutex   // held while an operation type is defined
	closed   atomic.Bool
}

// lockFile is locked by the process that submits.
const lockFile = "submit.lock"

// Open asks for an authorization and starts metering. It blocks for parameters.InitTimeout at most.
// The error is a *protocol.Error whose status says why; a refusal by a server is final.
func Open(ctx context.Context, parameters license.Parameters, environment Environment) (*License, error) {
	if err := parameters.Check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, parameters.InitTimeout)
	defer cancel()
	m, err := newMeter(parameters, environment)
	if err != nil {
		return nil, err
	}
	if err := m.open(ctx, environment.RenewEvery); err != nil {
		m.release()
		return nil, err
	}
	l := &License{meter: m}
	l.types.Store(int32(m.tally.DefinedTypes()))
	m.start()
	return l, nil
}
