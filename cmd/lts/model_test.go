package main

import (
	"crypto/ecdh"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/servertest"
	"github.com/openlts/openlts/server/store"
)

// A vendor's own products have names and bits like those that are built in.
func TestProducts(t *testing.T) {
	data := standard(t)
	if bit := must(t, data, "product", "add", "ACME"); bit != "32" {
		t.Errorf("the first bit is %s", bit)
	}
	if bit := must(t, data, "product", "add", "ACME-2", "--bit", "1073741824"); bit != "1073741824" {
		t.Errorf("the bit is %s", bit)
	}
	if bit := must(t, data, "product", "add", "ACME-3"); bit != "64" {
		t.Errorf("the next bit is %s", bit)
	}
	for _, args := range [][]string{
		{"acme"}, {"dbr"}, {"a b"}, {""}, {"x", "--bit", "1"}, {"x", "--bit", "96"}, {"x", "--bit", "64"},
		{"x", "--bit", "-2147483648"},
	} {
		if out, err := run(data, append([]string{"product", "add"}, args...)...); err == nil {
			t.Errorf("%q: %s", args, out)
		}
	}
	var products []administration.Product
	mustJSON(t, &products, data, "product", "list")
	if len(products) != 8 || products[0].Name != "DBR" || !products[0].BuiltIn || products[5].Name != "ACME" ||
		products[5].Bit != 32 {
		t.Errorf("%+v", products)
	}
	must(t, data, "item", "add", "own", "--org", "100001", "--charge-way", "scan", "--quota", "1", "--products",
		"acme,DWT", "--handshake", "100001-reader")
	must(t, data, "item", "attach", "own", "--handshake", "100001-reader", "--position", "1")
	var items []administration.Item
	if mustJSON(t, &items, data, "item", "list"); items[1].Products != "DWT,ACME" {
		t.Errorf("%+v", items[1])
	}
	p := startServer(t, data)
	for bit, want := range map[protocol.Product]string{32: "own", 36: "own", 64: "scans", 32 | 64: "scans"} {
		device := servertest.NewDevice(p.url)
		request := device.Request("100001-reader")
		request.Products = bit
		if a, err := device.Authorize(request); err != nil || a.Item.ID != want {
			t.Errorf("products %d: %+v, %v", bit, a, err)
		}
	}
}

// What an item may state, it states.
func TestItemConditions(t *testing.T) {
	data := standard(t)
	must(t, data, "item", "add", "x", "--org", "100001", "--charge-way", "scan", "--quota", "1", "--id", "x",
		"--trial-by", "address", "--requires", "scans,other", "--requires", "third", "--request-limit", "5",
		"--refuse-clones")
	var items []administration.Item
	mustJSON(t, &items, data, "item", "list")
	if x := items[1]; !x.Trial || x.TrialBy != store.TrialByAddress || x.TrialDays != 7 ||
		strings.Join(x.Requires, " ") != "scans other third" ||
		x.RequestLimit != 5 || !x.RefuseClones {
		t.Errorf("%+v", x)
	}
	must(t, data, "item", "archive", "x")
	if out := must(t, data, "item", "list"); !strings.Contains(out, "archived") {
		t.Error(out)
	}
	must(t, data, "item", "unarchive", "x")
	must(t, data, "handshake", "archive", "100001-reader")
}

// A second key is refused where clones are, and reports as the device once it is
// confirmed.
func TestConfirmKey(t *testing.T) {
	data := standard(t)
	must(t, data, "handshake", "add", "kiosk", "--org", "100001")
	must(t, data, "item", "add", "kiosk", "--org", "100001", "--charge-way", "scan", "--quota", "100",
		"--refuse-clones", "--handshake", "100001-kiosk")
	p := startServer(t, data)
	device := servertest.NewDevice(p.url)
	if _, err := device.Authorize(device.Request("100001-kiosk")); err != nil {
		t.Fatal(err)
	}
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	device.Key = key
	if _, err := device.Authorize(device.Request("100001-kiosk")); err == nil ||
		!strings.Contains(err.Error(), "Cloned device detected.") {
		t.Errorf("%v", err)
	}
	if out := must(t, data, "denial", "list"); !strings.Contains(out, "another-key") ||
		!strings.Contains(out, "100001 (Example Corp)") || !strings.Contains(out, "kiosk") {
		t.Error(out)
	}
	var keys []store.DeviceKeyUse
	mustJSON(t, &keys, data, "device", "keys", device.UUID)
	if len(keys) != 2 || keys[1].Reporter != 1 || keys[1].ConfirmedAt != 0 {
		t.Fatalf("%+v", keys)
	}
	if out := must(t, data, "device", "keys", device.UUID); !strings.Contains(out, "separate") {
		t.Error(out)
	}
	for _, args := range [][]string{{"confirm-key", device.UUID, "--key", "-nothing"},
		{"confirm-key", "nobody", "--key", keys[1].KeyID}, {"clear-clone", "nobody"}, {"keys", "nobody"}} {
		if _, err := run(data, append([]string{"device"}, args...)...); err == nil ||
			!strings.Contains(err.Error(), "there is no") {
			t.Errorf("%q: %v", args, err)
		}
	}
	must(t, data, "device", "confirm-key", device.UUID, "--key", keys[1].KeyID)
	must(t, data, "device", "clear-clone", device.UUID)
	if _, err := device.Authorize(device.Request("100001-kiosk")); err != nil {
		t.Error(err)
	}
}

// A server under maintenance turns clients away and is alive.
func TestMaintenance(t *testing.T) {
	data := standard(t)
	p := startServer(t, data, "--maintenance")
	device := servertest.NewDevice(p.url)
	if _, err := device.Authorize(device.Request("100001-reader")); err == nil ||
		!strings.Contains(err.Error(), "under construction") {
		t.Errorf("%v", err)
	}
}
