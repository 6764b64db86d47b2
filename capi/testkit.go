//go:build openlts_testkit

package main

// #cgo CFLAGS: -DOPENLTS_TESTKIT
// #include "capi.h"
import "C"

import (
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/license"
	"github.com/openlts/openlts/core/slot"
)

// The test build of the library: time can be moved and the network cut; see
// include/openlts/testkit.h.
var (
	clock  slot.Shifted
	outage atomic.Bool
)

var errOutage = errors.New("an outage is simulated")

// cuttable is a transport that an outage cuts.
type cuttable struct{ next *http.Transport }

func (c cuttable) RoundTrip(r *http.Request) (*http.Response, error) {
	if outage.Load() {
		return nil, errOutage
	}
	return c.next.RoundTrip(r)
}

func environment(parameters *clientParameters) (client.Environment, error) {
	transport, err := license.NewTransport(parameters)
	if err != nil {
		return client.Environment{}, err
	}
	// Nobody closes it when the license is; a test build may leave a connection.
	transport.DisableKeepAlives = true
	return client.Environment{Clock: &clock, Transport: cuttable{transport}}, nil
}

//export openlts_go_move_clock
func openlts_go_move_clock(seconds C.int64_t) (status C.int32_t) {
	defer guard(&status)
	clock.Move(time.Duration(seconds) * time.Second)
	return 0
}

//export openlts_go_outage
func openlts_go_outage(on C.int32_t) (status C.int32_t) {
	defer guard(&status)
	outage.Store(on != 0)
	return 0
}
