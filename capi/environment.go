//go:build !openlts_testkit

package main

import "github.com/openlts/openlts/core/client"

// environment is what licenses take from outside: the machine's clock and
// network. The test build has another (testkit.go).
func environment(*clientParameters) (client.Environment, error) { return client.Environment{}, nil }
