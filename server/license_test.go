package server_test

import (
	"crypto/ed25519"
	"strings"
	"testing"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/store"
)

// A license file is imported up to its day, and not later; what was imported before
// stays, and a revocation comes at any time.
func TestLicenseFilesAgainstTheClock(t *testing.T) {
	vendor, customer := start(t), start(t)
	key, err := vendor.VendorKey(t.Context())
	check(t, err)
	_, err = customer.TrustVendor(t.Context(),
		protocol.Encoding.EncodeToString(key.Public().(ed25519.PublicKey)), "Acme")
	check(t, err)
	issue := func(id string) []byte {
		t.Helper()
		vendor.item(t, store.Item{ID: id, Quota: 5})
		_, text, err := vendor.IssueLicense(t.Context(), administration.Issue{Items: []string{id}, Days: 30})
		check(t, err)
		return text
	}
	early, late := issue("early"), issue("late")
	_, revoked, err := vendor.RevokeLicense(t.Context(), early)
	check(t, err)
	imports := func(text []byte) (*administration.Imported, error) {
		return customer.ImportLicense(t.Context(), text, administration.Import{})
	}
	if _, err := imports(revoked); err == nil || !strings.Contains(err.Error(), "never imported") {
		t.Errorf("%v", err)
	}
	_, err = imports(early)
	check(t, err)
	customer.advance(30 * day)
	if _, err := imports(late); err == nil || !strings.Contains(err.Error(), "could be imported until") {
		t.Errorf("%v", err)
	}
	if again, err := imports(early); err != nil || !again.Again || again.Items[0].Change != "unchanged" {
		t.Errorf("%+v, %v", again, err)
	}
	if last, err := imports(revoked); err != nil || last.Items[0].Change != "revoked" {
		t.Errorf("%+v, %v", last, err)
	}
}
