package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/servertest"
)

// customer is a server of a customer's, and files on their way to it.
type customer struct {
	t               *testing.T
	vendor, data    string
	files           string
	uuid, publicKey string
}

func newCustomer(t *testing.T) *customer {
	t.Helper()
	c := &customer{t: t, vendor: standard(t), data: filepath.Join(t.TempDir(), "data"), files: t.TempDir()}
	must(t, c.vendor, "product", "add", "ACME")
	must(t, c.vendor, "item", "add", "own", "--org", "100001", "--charge-way", "page", "--quota", "50", "--products",
		"ACME", "--requires", "scans")
	var key administration.PublicKey
	mustJSON(t, &key, c.vendor, "vendor", "key")
	c.publicKey = key.PublicKey
	c.uuid = must(t, c.data, "server", "id")
	return c
}

// issue signs a file, which is its name.
func (c *customer) issue(name string, args ...string) string {
	c.t.Helper()
	path := filepath.Join(c.files, name)
	must(c.t, c.vendor, append([]string{"license", "issue", "--out", path}, args...)...)
	return path
}

func (c *customer) refused(want string, args ...string) {
	c.t.Helper()
	if out, err := run(c.data, append([]string{"license", "import"}, args...)...); err == nil ||
		!strings.Contains(err.Error(), want) {
		c.t.Errorf("%q: %v\n%s\nwant %q", args, err, out, want)
	}
}

func (c *customer) items() map[string]administration.Item {
	c.t.Helper()
	var list []administration.Item
	mustJSON(c.t, &list, c.data, "item", "list")
	items := map[string]administration.Item{}
	for _, item := range list {
		items[item.ID] = item
	}
	return items
}

// A customer's activation from the first step to the revocation.
func TestLicenseFiles(t *testing.T) {
	c := newCustomer(t)
	first := c.issue("first", "--item", "scans", "--item", "own", "--server-uuid", c.uuid, "--alias", "Example 2026")

	c.refused("lts vendor trust", first)
	must(t, c.data, "vendor", "trust", "--key", c.publicKey, "--name", "Acme SDKs")
	if out := must(t, c.data, "license", "import", first, "--show"); !strings.Contains(out, "Example 2026") ||
		!strings.Contains(out, "ACME") || !strings.Contains(out, "added") {
		t.Error(out)
	}
	if len(c.items()) != 0 {
		t.Error("it was to be shown only")
	}

	var imported contentJSON
	mustJSON(t, &imported, c.data, "license", "import", first)
	items := c.items()
	if imported.Again || imported.Revision != 1 || len(imported.Items) != 2 || len(items) != 2 ||
		items["own"].Products != "ACME" ||
		items["own"].LicenseFile != imported.License || items["own"].Requires[0] != "scans" ||
		items["scans"].Quota.Limit != 1_000_000 ||
		strings.Join(items["scans"].Handshakes, " ") != imported.Handshake ||
		imported.Handshake != "100001-"+imported.License {
		t.Errorf("%+v, %+v", imported, items)
	}
	p := startServer(t, c.data)
	device := servertest.NewDevice(p.url)
	if _, err := device.Authorize(device.Request(imported.Handshake)); err != nil {
		t.Error(err)
	}

	// Again: nothing changes, not even what an administrator did since.
	must(t, c.data, "item", "archive", "own")
	mustJSON(t, &imported, c.data, "license", "import", first)
	if again := c.items(); !imported.Again || again["own"].ArchivedAt == 0 || len(again) != 2 {
		t.Errorf("%+v, %+v", imported, again)
	}
	must(t, c.data, "handshake", "add", "web", "--org", "100001")
	for range 2 {
		must(t, c.data, "license", "import", first, "--handshake", "100001-web")
	}
	if codes := c.items()["scans"].Handshakes; len(codes) != 2 {
		t.Errorf("%v", codes)
	}

	// The next revision: one item less, another quota, another item.
	must(t, c.vendor, "item", "add", "more", "--org", "100001", "--charge-way", "scan", "--quota", "7")
	second := c.issue("second", "--item", "own", "--item", "more", "--replaces", first)
	mustJSON(t, &imported, c.data, "license", "import", second)
	items = c.items()
	if imported.Revision != 2 || items["scans"].ArchivedAt == 0 || items["own"].ArchivedAt != 0 ||
		strings.Join(items["more"].Handshakes, " ") != imported.Handshake {
		t.Errorf("%+v, %+v", imported, items)
	}
	c.refused("revision 2 was imported", first)

	// The revocation.
	revoked := filepath.Join(c.files, "revoked")
	must(t, c.vendor, "license", "revoke", second, "--out", revoked)
	if out := must(t, c.data, "license", "import", revoked); !strings.Contains(out, "revoked") {
		t.Error(out)
	}
	items = c.items()
	if items["own"].RevokedAt == 0 || items["more"].RevokedAt == 0 {
		t.Errorf("%+v", items)
	}
	c.refused("revision 3 was imported", second)
	if _, err := device.Authorize(device.Request(imported.Handshake)); err == nil ||
		!strings.Contains(err.Error(), "has been invalid") {
		t.Errorf("%v", err)
	}
	if out := must(t, c.data, "license", "list"); !strings.Contains(out, imported.License) ||
		!strings.Contains(out, "yes") {
		t.Error(out)
	}
	if out := must(t, c.data, "vendor", "list"); !strings.Contains(out, "Acme SDKs") {
		t.Error(out)
	}
	if out := must(t, c.data, "audit", "list"); !strings.Contains(out, "license.import") ||
		!strings.Contains(out, "vendor.trust") {
		t.Error(out)
	}
}

// What can't be meant for this server, or is not the vendor's word, changes nothing.
func TestRefusedLicenseFiles(t *testing.T) {
	c := newCustomer(t)
	must(t, c.data, "vendor", "trust", "--key", c.publicKey, "--name", "Acme SDKs")
	for _, key := range []string{"", "x", c.publicKey + "AAAA"} {
		if _, err := run(c.data, "vendor", "trust", "--key", key, "--name", "x"); err == nil {
			t.Errorf("the key %q", key)
		}
	}
	c.refused("is for the server",
		c.issue("other", "--item", "scans", "--server-uuid", "5f0c4a52-0d2b-8d0e-9b6c-1f2e3d4c5b6a"))

	good := c.issue("good", "--item", "scans")
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	edited := filepath.Join(c.files, "edited")
	if err := os.WriteFile(edited, []byte(strings.Replace(string(text), "1000000", "9000000", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	c.refused("was changed after it was signed", edited)
	noise := filepath.Join(c.files, "noise")
	if err := os.WriteFile(noise, []byte("SQLite format 3\x00 and more"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.refused("not a license file", noise)
	c.refused("reading the license file", filepath.Join(c.files, "nothing"))

	revoked := filepath.Join(c.files, "revoked")
	must(t, c.vendor, "license", "revoke", good, "--out", revoked)
	c.refused("never imported", revoked)

	// An item that is here already, and a product that has another bit.
	must(t, c.data, "org", "add", "Example Corp", "--id", "100001")
	must(t, c.data, "item", "add", "scans", "--org", "100001", "--charge-way", "scan", "--quota", "3")
	c.refused("did not come with this license file", good)
	must(t, c.data, "product", "add", "OTHER", "--bit", "32")
	c.refused("OTHER", c.issue("product", "--item", "own"))
	must(t, c.vendor, "item", "add", "plain", "--org", "100001", "--charge-way", "scan", "--quota", "7")
	c.refused("lts handshake list", c.issue("code", "--item", "plain"), "--handshake", "100001-nobody")
	if items := c.items(); len(items) != 1 || items["scans"].Quota.Limit != 3 {
		t.Errorf("%+v", items)
	}

	for want, args := range map[string][]string{
		"lts item list": {"--item", "nothing"}, "lts server id": {"--item", "scans", "--server-uuid", "x"},
		"days": {"--item", "scans", "--import-days", "-1"}, "to replace": {"--item", "scans", "--replaces", edited},
		"exists": {"--item", "scans", "--out", good},
	} {
		if _, err := run(c.vendor, append([]string{"license", "issue"}, args...)...); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// A database has its keys from the first command on: a backup of it is complete.
func TestKeysFromTheFirstCommandOn(t *testing.T) {
	onFiles(t)
	data := standard(t)
	backup := filepath.Join(t.TempDir(), "restored", "lts.db")
	if err := os.Mkdir(filepath.Dir(backup), 0o700); err != nil {
		t.Fatal(err)
	}
	must(t, data, "backup", backup)
	if id, restored := must(t, data, "server", "id"), must(t, filepath.Dir(backup), "server", "id"); id != restored {
		t.Errorf("%s, restored %s", id, restored)
	}
}
