// Package testkit is for vendors who test their SDK, and for the tests of core:
// thirty days of slots, an outage, a lost answer, in milliseconds.
//
//	clock := testkit.NewClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
//	server := testkit.NewServer(t, clock.Now)
//	network := testkit.NewNetwork(1)
//	license, err := client.Open(ctx, parameters, client.Environment{Clock: clock, Transport: network})
//	...
//	network.Break()
//	clock.Advance(30 * 24 * time.Hour)
//
// Programs in other languages have the same in the test build of the library;
// see include/openlts/testkit.h.
package testkit
