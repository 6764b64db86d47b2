// Package testkit is for vendors who test their SDK, and for the tests of core. Thirty days of
// slots, an outage or a lost answer take milliseconds.
//
//	clock := testkit.NewClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
//	server := testkit.NewServer(t, clock.Now)
//	network := testkit.NewNetwork(1)
//	license, err := client.Open(ctx, parameters, client.Environment{Clock: clock, Transport: network})
//	...
//	network.Break()
//	clock.Advance(30 * 24 * time.Hour)
//
// The test build of the library has the same for other languages; see include/openlts/testkit.h.
package testkit
