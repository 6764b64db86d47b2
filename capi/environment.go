//go:build !openlts_testkit

package capi

// #include "job.h"
import "C"

import (
	"github.com/openlts/openlts/core/client"
	"github.com/openlts/openlts/core/protocol"
)

// environment gives licenses the machine's clock and network. The test build has another one
// (testkit.go).
func environment(*clientParameters) (client.Environment, error) { return client.Environment{}, nil }

// simulate refuses what only the test build can do.
func simulate(*C.openlts_job) error { return protocol.StatusInternal }
