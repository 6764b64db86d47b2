package pages

import (
	"slices"
	"testing"

	rules "github.com/openlts/openlts/server/policy"
)

// The form of an item offers each charge way that the server has a rule for, and no other.
func TestEachChargeWayIsOffered(t *testing.T) {
	var offered, known []string
	for _, each := range ways {
		offered = append(offered, each.way)
	}
	for _, way := range rules.ChargeWays() {
		known = append(known, way.Short())
	}
	slices.Sort(offered)
	slices.Sort(known)
	if !slices.Equal(offered, known) {
		t.Errorf("terms.go tells of %v, the rules are those of %v", offered, known)
	}
}
