package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/policy"
)

// An item may state the numbers it is charged by; what it does not state, goes by its
// charge way.
func TestChargingOfItems(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	must(t, data, "org", "add", "Example Corp")
	add := func(id, way string, more ...string) administration.Item {
		t.Helper()
		must(t, data,
			append([]string{"item", "add", id, "--org", "100001", "--charge-way", way, "--quota", "10"}, more...)...)
		var item administration.Item
		mustJSON(t, &item, data, "item", "show", id)
		return item
	}
	n := func(value int64) *int64 { return &value }
	const day = 86400
	for _, test := range []struct {
		id, way string
		more    []string
		want    policy.Terms
	}{
		{"a", "scan", nil, policy.Terms{Tolerance: n(1)}},
		{"b", "scan", []string{"--tolerance", "0"}, policy.Terms{Tolerance: n(0)}},
		{"c", "device", nil, policy.Terms{Tolerance: n(1), Window: n(90 * day), Least: n(7 * day), Brief: n(day)}},
		{"d", "device", []string{"--tolerance", "30", "--seat", "30d", "--seat-least", "1d", "--seat-brief", "1h"},
			policy.Terms{Tolerance: n(3), Window: n(30 * day), Least: n(day), Brief: n(3600)}},
		{"e", "concurrent-device", nil,
			policy.Terms{Exceptions: n(10_000), Slot: n(180), Window: n(240), Brief: n(day)}},
		{"f", "concurrent-instance", []string{"--exceptions", "5", "--slot", "60", "--seat", "90s"},
			policy.Terms{Exceptions: n(50), Slot: n(60), Window: n(90), Brief: n(day)}},
		{"g", "yearly-active-device", nil,
			policy.Terms{Exceptions: n(10_000), Slot: n(180), Window: n(365 * day), Brief: n(day)}},
		{"h", "domain", nil, policy.Terms{Tolerance: n(0)}},
	} {
		got := add(test.id, test.way, test.more...)
		for _, pair := range [][2]*int64{{got.Charging.Tolerance, test.want.Tolerance},
			{got.Charging.Exceptions, test.want.Exceptions}, {got.Charging.Slot, test.want.Slot},
			{got.Charging.Window, test.want.Window}, {got.Charging.Least, test.want.Least},
			{got.Charging.Brief, test.want.Brief}} {
			if (pair[0] == nil) != (pair[1] == nil) || pair[0] != nil && *pair[0] != *pair[1] {
				t.Errorf("%s: %+v, not %+v", test.way, got.Charging, test.want)
			}
		}
	}
	shown := must(t, data, "item", "show", "f")
	for _, want := range []string{"exceptions", "0 of 50", "50 of 50 exceptions", "1m30s", "live seats"} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is not in\n%s", want, shown)
		}
	}
}

// docs/operations.md tells of every charge way.
func TestChargeWaysAreDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range administration.ChargeWayNames() {
		if !strings.Contains(string(page), "\n| `"+name+"` | ") {
			t.Errorf("the charge way %s has no line there", name)
		}
	}
}

func TestLasting(t *testing.T) {
	for text, seconds := range map[string]int64{"90d": 90 * 86400, "24h": 86400, "4m": 240, "1h30m": 5400, "45s": 45,
		"1h0m5s": 3605, "0d": 0} {
		if got, err := administration.ParseLasting(text); err != nil || got != seconds {
			t.Errorf("%s: %d, %v", text, got, err)
		}
		if again, err := administration.ParseLasting(administration.FormatLasting(seconds)); err != nil ||
			again != seconds {
			t.Errorf("%s: %s, %d, %v", text, administration.FormatLasting(seconds), again, err)
		}
	}
}
