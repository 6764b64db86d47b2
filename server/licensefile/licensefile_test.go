package licensefile

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

var (
	key   = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	other = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, ed25519.SeedSize))
)

func public(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

func sample() *File {
	tolerance := int64(20)
	return &File{
		Version: Version, ID: "f-1", Revision: 3, Alias: "Example <2026>", Status: Active, Organization: "100001",
		OrganizationName: "Example & Sons", Server: "5f0c4a52-0d2b-8d0e-9b6c-1f2e3d4c5b6a", IssuedAt: 5, ImportUntil: 6,
		Items: []Item{{
			ID: "scans", Name: "Scans", Products: 33, OwnProducts: []OwnProduct{{"ACME", 32}}, Version: "10",
			Edition: "Python", DeploymentType: 2, ChargeWay: 2, Charging: store.Charging{Tolerance: &tolerance},
			Modules: []protocol.LicenseModule{1, 2}, Quota: 5, StartsAt: 1, ExpiresAt: 2, MaxBufferDays: 7,
			ValidationField: "x", Trial: true, TrialBy: store.TrialByDevice, TrialDays: 7, Requires: []string{"a"},
			RequestLimit: 8, RefuseClones: true, Revoked: true,
		}, {ID: "plain"}},
	}
}

func signed(t testing.TB, f *File) []byte {
	t.Helper()
	text, err := Sign(f, key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestThereAndBack(t *testing.T) {
	text := signed(t, sample())
	got, err := Open(text, []ed25519.PublicKey{public(other), public(key)})
	if err != nil || !reflect.DeepEqual(got, sample()) {
		t.Errorf("%+v, %v", got, err)
	}
	if !strings.Contains(string(text), `"alias": "Example <2026>"`) {
		t.Errorf("people can't read it:\n%s", text)
	}
	if id, err := Vendor(text); err != nil || id != protocol.SigningKeyID(public(key)) {
		t.Errorf("%s, %v", id, err)
	}
}

// Whatever is changed, added or left out, it is not believed.
func TestEveryChangeIsNoticed(t *testing.T) {
	text := signed(t, sample())
	vendors := []ed25519.PublicKey{public(key)}
	for i := range text {
		changed := bytes.Clone(text)
		changed[i] ^= 1
		if _, err := Open(changed, vendors); err == nil {
			t.Fatalf("byte %d was changed: %q", i, text[max(0, i-10):i+1])
		}
		if _, err := Open(append(bytes.Clone(text[:i]), text[i+1:]...), vendors); err == nil {
			t.Fatalf("byte %d is missing", i)
		}
		if _, err := Open(append(append(bytes.Clone(text[:i]), ' '), text[i:]...), vendors); err == nil {
			t.Fatalf("a space was added at %d", i)
		}
	}
	if _, err := Open(bytes.Replace(text, []byte(`"quota": 5`), []byte(`"quota": 6`), 1),
		vendors); !errors.Is(err, ErrEdited) {
		t.Error(err)
	}
	if _, err := Open(bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")), vendors); err == nil {
		t.Error("other line ends")
	}
}

func TestRefusedFiles(t *testing.T) {
	vendors := []ed25519.PublicKey{public(key)}
	if _, err := Open(signed(t, sample()), []ed25519.PublicKey{public(other)}); !errors.Is(err, ErrUntrusted) ||
		!strings.Contains(err.Error(), protocol.SigningKeyID(public(key))) {
		t.Error(err)
	}
	for want, change := range map[string]func(*File){
		"later lts": func(f *File) { f.Version = 2 }, "lacks its id": func(f *File) { f.ID = "" },
		"its revision":     func(f *File) { f.Revision = 0 },
		"whom it licenses": func(f *File) { f.Organization = "" }, "status": func(f *File) { f.Status = "new" },
		"more than 1000": func(f *File) { f.Items = make([]Item, MaxItems+1) },
	} {
		f := sample()
		change(f)
		if _, err := Open(signed(t, f), vendors); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	raw := func(content string) []byte {
		signature := ed25519.Sign(key, []byte(label+content))
		return []byte(content + signatureLine + protocol.SigningKeyID(public(key)) + " " +
			protocol.Encoding.EncodeToString(signature) + "\n")
	}
	for _, content := range []string{"", "{}", "null\n", "{}{}\n", `{"licenseTextVersion":1,"licenseId":"a","revision":1,"organizationId":"1","licenseStatus":"active","onlyOnMondays":true}` +
		"\n"} {
		if f, err := Open(raw(content), vendors); err == nil {
			t.Errorf("%q: %+v", content, f)
		}
	}
	for _, text := range []string{"", "\n", "x", strings.Repeat("x", MaxSize+1), "{}\nsignature a b\n",
		"{}\nsignature \n"} {
		if _, err := Open([]byte(text), vendors); !errors.Is(err, ErrFormat) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
	if _, err := Sign(&File{Alias: strings.Repeat("x", MaxSize)}, key); err == nil {
		t.Error("a file that is too long")
	}
}

// No text makes it panic; what can be read can be signed and read again.
func FuzzDecode(f *testing.F) {
	text := signed(f, sample())
	f.Add(text)
	f.Add([]byte(`{"licenseTextVersion":1,"licenseItems":[{"charging":{"slot":1e400}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := Open(text, []ed25519.PublicKey{public(key)}); err != nil && !errors.Is(err, ErrFormat) &&
			!errors.Is(err, ErrEdited) && !errors.Is(err, ErrUntrusted) {
			t.Log(err) // rightly signed, and of another version
		}
		// What the vendor signed may be anything, too.
		file, err := decode(text)
		if err != nil {
			return
		}
		again, err := Sign(file, key)
		if err != nil {
			return // too long
		}
		if got, err := Open(again, []ed25519.PublicKey{public(key)}); err != nil || got.ID != file.ID ||
			len(got.Items) != len(file.Items) {
			t.Errorf("%+v, %v", got, err)
		}
	})
}
