package pages_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/administration"
	"github.com/openlts/openlts/server/licensefile"
	"github.com/openlts/openlts/server/verification"
)

// keys makes those of a vendor.
func keys(t testing.TB) (ed25519.PublicKey, ed25519.PrivateKey) {
	t.Helper()
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return public, key
}

// extremes are values that a field of a kind should not have, or hardly.
func extremes(kind reflect.Type) (values []reflect.Value) {
	switch kind.Kind() {
	case reflect.String:
		for _, text := range []string{"", hostile, "../../x", strings.Repeat("x", 5000), "\x00", "a\nb", "\u202e"} {
			values = append(values, reflect.ValueOf(text).Convert(kind))
		}
	case reflect.Int, reflect.Int64:
		for _, n := range []int64{0, 1, -1, math.MinInt64, math.MaxInt64, 1 << 53, 1 << 40, 253402300800} {
			values = append(values, reflect.ValueOf(n).Convert(kind))
		}
	case reflect.Bool:
		values = append(values, reflect.ValueOf(true).Convert(kind), reflect.ValueOf(false).Convert(kind))
	case reflect.Slice:
		values = append(values, reflect.Zero(kind))
		for _, each := range extremes(kind.Elem()) {
			list := reflect.MakeSlice(kind, 0, 0)
			for range 3 {
				list = reflect.Append(list, each)
			}
			values = append(values, list.Slice(0, 1), list)
		}
	case reflect.Struct:
		for i := range kind.NumField() {
			for _, each := range extremes(kind.Field(i).Type) {
				value := reflect.New(kind).Elem()
				value.Field(i).Set(each)
				values = append(values, value)
			}
		}
	default:
	}
	return values
}

// A vendor that is trusted, and signs whatever there is: its files are taken or refused, and
// what was taken is shown, sums up, and can be looked at like anything else.
func TestHostileVendor(t *testing.T) {
	o := openOffice(t)
	must[administration.Account](t)(o.desk.AddAccount(t.Context(), administration.AccountInput{
		Name: "olga", Password: password, Role: administration.Owner,
	}))
	ctx := t.Context()
	public, key := keys(t)
	if _, err := o.desk.TrustVendor(ctx, protocol.Encoding.EncodeToString(public), "Vendor"); err != nil {
		t.Fatal(err)
	}
	n, taken, refused := 0, 0, 0
	now := o.desk.Now().Unix()
	sound := func() *licensefile.File {
		n++
		return &licensefile.File{
			Version: licensefile.Version, ID: fmt.Sprint("file-", n), Revision: 1, Status: licensefile.Active,
			Organization: "100001", OrganizationName: "Example Corp", IssuedAt: now, ImportUntil: now + 86400,
			Items: []licensefile.Item{{ID: fmt.Sprint("item-", n), Name: "Scans", Products: protocol.ProductAll,
				ChargeWay: protocol.ChargeWayScanCount, Quota: 100, StartsAt: now - 60, ExpiresAt: now + 86400*30,
				MaxBufferDays: 7}},
		}
	}
	try := func(what string, f *licensefile.File) {
		t.Helper()
		text, err := licensefile.Sign(f, key)
		if err != nil {
			refused++ // too large to be signed
			return
		}
		_, err = o.desk.ImportLicense(ctx, text, administration.Import{Server: "00000000-0000-8000-8000-000000000000"})
		switch {
		case err == nil:
			taken++
		case len(administration.Errors(err)) > 0:
			refused++
			if len(err.Error()) > 4096 {
				t.Errorf("%s: the error has %d bytes", what, len(err.Error()))
			}
		default:
			t.Errorf("%s is a failure of the server: %v", what, err)
		}
	}
	try("a sound file", sound())
	if taken != 1 {
		t.Fatal("a sound file is refused")
	}
	file, item := reflect.TypeFor[licensefile.File](), reflect.TypeFor[licensefile.Item]()
	for i := range file.NumField() - 1 { // without the items
		for _, value := range extremes(file.Field(i).Type) {
			f := sound()
			reflect.ValueOf(f).Elem().Field(i).Set(value)
			try(file.Field(i).Name, f)
		}
	}
	for i := range item.NumField() {
		for _, value := range extremes(item.Field(i).Type) {
			f := sound()
			reflect.ValueOf(&f.Items[0]).Elem().Field(i).Set(value)
			try("item."+item.Field(i).Name, f)
		}
	}
	if taken < 20 || refused < 100 {
		t.Errorf("%d were taken, %d refused: this test does not see what it is for", taken, refused)
	}
	owner := o.signedIn(t, "olga")
	paths := []string{"/", "/licenses", "/items", "/products", "/alerts", "/audit", "/organizations/100001",
		"/statistics"}
	for after := ""; ; {
		page := must[administration.Page[administration.Item]](t)(
			o.desk.Items(ctx, administration.Selection{After: after}))
		for _, item := range page.Items {
			paths = append(paths, "/items/"+url.PathEscape(item.ID))
		}
		if after = page.Next; after == "" {
			break
		}
	}
	for _, path := range paths {
		if response, body := owner.get(t, path); response.StatusCode != 200 || strings.Contains(body, "<b data-evil") {
			t.Errorf("%s: %d", path, response.StatusCode)
		}
	}
	result := must[verification.Result](t)(verification.Run(ctx, o.desk.Store, verification.Options{}))
	if result.Different != 0 {
		t.Errorf("%+v", result)
	}
}

// Texts that are no license file, or not a trusted vendor's, change nothing, however large
// or deep they are, and cost little.
func TestHostileLicenseTexts(t *testing.T) {
	o := openOffice(t)
	must[administration.Account](t)(o.desk.AddAccount(t.Context(), administration.AccountInput{
		Name: "olga", Password: password, Role: administration.Owner,
	}))
	ctx := t.Context()
	trusted, _ := keys(t)
	_, stranger := keys(t)
	if _, err := o.desk.TrustVendor(ctx, protocol.Encoding.EncodeToString(trusted), "Vendor"); err != nil {
		t.Fatal(err)
	}
	foreign := must[[]byte](t)(licensefile.Sign(&licensefile.File{Version: 1, ID: "f", Revision: 1,
		Status: licensefile.Active, Organization: "100001", OrganizationName: "x"}, stranger))
	// Signed by a stranger, in the name of who is trusted.
	claimed := bytes.Replace(foreign, []byte(protocol.SigningKeyID(stranger.Public().(ed25519.PublicKey))),
		[]byte(protocol.SigningKeyID(trusted)), 1)
	line := string(claimed[bytes.LastIndex(claimed, []byte("signature ")):])
	for name, text := range map[string]string{
		"nothing": "", "a line end": "\n", "a stranger's": string(foreign), "a stranger's, who claims": string(claimed),
		"cut": string(claimed[:len(claimed)-1]), "CRLF": strings.ReplaceAll(string(claimed), "\n", "\r\n"),
		"deep": strings.Repeat("[", 500_000) + "\n" + line, "many lines": strings.Repeat("\n", 900_000) + line,
		"large": strings.Repeat("x", licensefile.MaxSize) + "\n" + line, "signature alone": line,
		"two signatures": line + line, "no text": "\xff\xfe\n" + line,
		"zero": strings.Repeat("\x00", 1000) + "\n" + line,
		"gzip": "\x1f\x8b\x08\x00\n" + line, "BOM": "\ufeff" + string(claimed),
	} {
		_, err := o.desk.ImportLicense(ctx, []byte(text), administration.Import{})
		if mistakes := administration.Errors(err); len(mistakes) == 0 || len(err.Error()) > 4096 {
			t.Errorf("%s: %.200v", name, err)
		}
	}
	owner := o.signedIn(t, "olga")
	for _, action := range []string{"import", "show", "revoke", "issue"} {
		for _, field := range []string{"license", "revoked", "replaces"} {
			form := url.Values{"action": {action}, field: {strings.Repeat("x", 4<<20)}}
			if response, _ := owner.post(t, "/licenses", form); response.StatusCode != 422 {
				t.Errorf("4 MiB for %s: %d", action, response.StatusCode)
			}
			form = url.Values{"action": {action}, field: {string(claimed)}, "items": {strings.Repeat("x", 1000)}}
			if response, _ := owner.post(t, "/licenses", form); response.StatusCode/100 != 4 {
				t.Errorf("a forged file for %s: %d", action, response.StatusCode)
			}
		}
	}
	text, err := json.Marshal(must[administration.Page[administration.Item]](t)(
		o.desk.Items(ctx, administration.Selection{})))
	if err != nil || string(text) != `{"items":[]}` {
		t.Errorf("%s, %v", text, err)
	}
}
