//go:build openlts_testkit

package capi

// #cgo CFLAGS: -DOPENLTS_TESTKIT
// #include "job.h"
import "C"

import (
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/testkit"
)

// The test build of the library: time can be moved and the network cut; see
// include/openlts/testkit.h.
var (
	clock  testkit.ShiftedClock
	outage atomic.Bool
)

var errOutage = errors.New("an outage is simulated")

// cuttable is a transport that an outage cuts.
type cuttable struct{ next *http.Transport }

func (c cuttable) RoundTrip(r *http.Request) (*http.Response, error) {
	if outage.Load() {
		// As if there was no connection: nothing left the device.
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errOutage}
	}
	return c.next.RoundTrip(r)
}

func environment(parameters *clientParameters) (client.Environment, error) {
	transport, err := license.NewTransport(parameters)
	if err != nil {
		return client.Environment{}, err
	}
	// Nobody closes the transport with the license, so keep no idle connections.
	transport.DisableKeepAlives = true
	return client.Environment{Clock: &clock, Transport: cuttable{transport}}, nil
}

// simulate does what only the test build can.
func simulate(job *C.openlts_job) error {
	switch job.kind {
	case C.OPENLTS_MOVE_CLOCK:
		clock.Move(time.Duration(job.time) * time.Second)
	case C.OPENLTS_STEP_CLOCK:
		clock.Step(time.Duration(job.time) * time.Second)
	case C.OPENLTS_OUTAGE:
		outage.Store(job.count != 0)
	}
	return nil
}
