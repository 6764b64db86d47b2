// Package client ties the concepts of core together into a license in use:
// authorized when it is opened, metered while it runs, reported every interval.
// It is what the C ABI calls, and what Go programs import.
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

// Environment is what a license takes from the outside. The zero value means
// the machine's own.
type Environment struct {
	Clock slot.Clock
	// Transport carries requests to servers; nil makes one of the license's own.
	Transport http.RoundTripper
	// RenewEvery is how often a license in use asks for a new authorization; 0 means
	// once a day.
	RenewEvery time.Duration
}

// License is a license in use: what a host calls. Its methods may be called from any
// goroutine.
type License struct {
	meter    *meter
	types    atomic.Int32 // operation types the host defined
	defining sync.Mutex   // held while an operation type is defined
	closed   atomic.Bool
}

// lockFile is locked by the process that submits.
const lockFile = "submit.lock"

// Open asks for an authorization and begins metering. It blocks for
// parameters.InitTimeout at most. The error is a *protocol.Error whose status
// says why; a refusal by a server is final.
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
