package protocol_test

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/openlts/openlts/core/protocol"
)

var update = flag.Bool("update", false, "write the signing vectors anew")

const vectorsFile = "../../conformance/signing.json"

// vectors are what every implementation of the protocol, in any language, has
// to arrive at. Keys are 32 bytes in base64url.
type vectors struct {
	Comment string `json:"comment"`

	SigningSeed      string                 `json:"signingSeed"` // Ed25519 (RFC 8032)
	SigningPublicKey string                 `json:"signingPublicKey"`
	SigningKeyID     string                 `json:"signingKeyID"`
	Authorization    protocol.Authorization `json:"authorization"`
	JWS              string                 `json:"jws"`

	DevicePrivateKey string `json:"devicePrivateKey"` // X25519 (RFC 7748)
	DevicePublicKey  string `json:"devicePublicKey"`
	ServerPrivateKey string `json:"serverPrivateKey"`
	ServerPublicKey  string `json:"serverPublicKey"`
	ReportKey        string `json:"reportKey"`
	ReportKeyID      string `json:"reportKeyID"`

	ReportBody    string `json:"reportBody"`
	ReportDigest  string `json:"reportDigest"`
	ReportMAC     string `json:"reportMAC"`
	ReceiptBody   string `json:"receiptBody"`
	ReceiptMAC    string `json:"receiptMAC"`
	MACOfNoReport string `json:"macOfEmptyReport"`
}

func fixedKey(first byte) []byte {
	key := make([]byte, 32)
	for i := range key {
		key[i] = first + byte(i)
	}
	return key
}

func x25519(t *testing.T, raw []byte) *ecdh.PrivateKey {
	t.Helper()
	key, err := ecdh.X25519().NewPrivateKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func computed(t *testing.T) vectors {
	t.Helper()
	signing := ed25519.NewKeyFromSeed(fixedKey(1))
	device, server := x25519(t, fixedKey(64)), x25519(t, fixedKey(128))
	key, id, err := protocol.DeriveReportKey(device, device.PublicKey(), server.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	encode := protocol.Encoding.EncodeToString
	v := vectors{
		Comment:     "Golden vectors of the protocol's signatures and MACs; docs/protocol.md says how they come about.",
		SigningSeed: encode(fixedKey(1)), SigningPublicKey: encode(signing.Public().(ed25519.PublicKey)),
		SigningKeyID: protocol.SigningKeyID(signing.Public().(ed25519.PublicKey)),
		Authorization: protocol.Authorization{
			Protocol: 1, Device: "5f0c4a52-0d2b-4d0e-9b6c-1f2e3d4c5b6a", DeviceKey: encode(device.PublicKey().Bytes()),
			Nonce: "AAECAwQFBgcICQoLDA0ODw", HandshakeCode: "100001-reader", OrganizationID: "100001",
			Item: protocol.Item{ID: "scans", Name: "10,000 scans", Products: protocol.ProductDBR, ChargeWay: protocol.ChargeWayScanCount,
				Modules: []protocol.LicenseModule{protocol.LicenseModuleONED, protocol.LicenseModuleQRCode}, StartsAt: 1767225600, ExpiresAt: 1798761600},
			Quota:    protocol.Quota{Limit: 10000, Tolerance: 500, Used: 42, State: protocol.QuotaOK},
			IssuedAt: 1772366410, ValidUntil: 1799366400, BufferUntil: 1772971210,
			ReportKey: protocol.ReportKey{ServerPublicKey: encode(server.PublicKey().Bytes()), ID: id},
		},
		DevicePrivateKey: encode(device.Bytes()), DevicePublicKey: encode(device.PublicKey().Bytes()),
		ServerPrivateKey: encode(server.Bytes()), ServerPublicKey: encode(server.PublicKey().Bytes()),
		ReportKey: encode(key), ReportKeyID: id,
		ReportBody:  `{"protocol":1,"batch":"0b9f1c2e-6a53-4f6d-8f0e-2d1c3b4a5968","device":"5f0c4a52-0d2b-4d0e-9b6c-1f2e3d4c5b6a","sentAt":1772366590,"groups":[{"run":"c0ffee00-0000-4000-8000-000000000001","handshakeCode":"100001-reader","item":"scans","slotSeconds":180,"reports":[{"slot":1772366400,"revision":1,"counts":{"EAN_13":2,"QR_CODE":3}}]}]}`,
		ReceiptBody: `{"batch":"0b9f1c2e-6a53-4f6d-8f0e-2d1c3b4a5968","receivedAt":1772366591,"accepted":1}`,
	}
	if v.JWS, err = protocol.SignAuthorization(&v.Authorization, signing); err != nil {
		t.Fatal(err)
	}
	v.ReportDigest = protocol.Digest([]byte(v.ReportBody))
	v.ReportMAC = protocol.ReportMAC(key, []byte(v.ReportBody))
	v.ReceiptMAC = protocol.ReceiptMAC(key, []byte(v.ReportBody), []byte(v.ReceiptBody))
	v.MACOfNoReport = protocol.ReportMAC(key, nil)
	return v
}

func TestVectors(t *testing.T) {
	want, err := json.MarshalIndent(computed(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(vectorsFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != string(want) {
		t.Errorf("%s does not hold what this code computes: the protocol changed.\nhave %s\nwant %s", vectorsFile, have, want)
	}
}

func TestBothSidesDeriveTheSameKey(t *testing.T) {
	device, server := x25519(t, fixedKey(64)), x25519(t, fixedKey(128))
	a, idA, errA := protocol.DeriveReportKey(device, device.PublicKey(), server.PublicKey())
	b, idB, errB := protocol.DeriveReportKey(server, device.PublicKey(), server.PublicKey())
	if errA != nil || errB != nil || string(a) != string(b) || idA != idB || len(a) != 32 {
		t.Errorf("%x %s %v, %x %s %v", a, idA, errA, b, idB, errB)
	}
	other, _, _ := protocol.DeriveReportKey(x25519(t, fixedKey(65)), device.PublicKey(), server.PublicKey())
	if string(other) == string(a) {
		t.Error("another device derives the same key")
	}
}

func TestForgedAuthorizations(t *testing.T) {
	v := computed(t)
	raw, _ := protocol.Encoding.DecodeString(v.SigningPublicKey)
	key := ed25519.PublicKey(raw)
	if a, err := protocol.VerifyAuthorization(v.JWS, key); err != nil || a.Nonce != v.Authorization.Nonce {
		t.Fatalf("the true one: %+v, %v", a, err)
	}
	parts := strings.Split(v.JWS, ".")
	header := func(text string) string {
		return protocol.Encoding.EncodeToString([]byte(text)) + "." + parts[1] + "." + parts[2]
	}
	for name, jws := range map[string]string{
		"other payload":   parts[0] + "." + protocol.Encoding.EncodeToString([]byte(`{"protocol":1}`)) + "." + parts[2],
		"no signature":    parts[0] + "." + parts[1] + ".",
		"short signature": parts[0] + "." + parts[1] + "." + parts[2][:40],
		"alg none":        header(`{"alg":"none","kid":"x","typ":"openlts-authorization"}`),
		"alg HS256":       header(`{"alg":"HS256","kid":"x","typ":"openlts-authorization"}`),
		"other type":      header(`{"alg":"EdDSA","kid":"x","typ":"JWT"}`),
		"header no JSON":  header(`x`),
		"two parts":       parts[0] + "." + parts[1],
		"four parts":      v.JWS + ".x",
		"not base64":      parts[0] + ".!!!." + parts[2],
		"empty":           "",
	} {
		if a, err := protocol.VerifyAuthorization(jws, key); err == nil {
			t.Errorf("%s: passed as %+v", name, a)
		}
	}
	if _, err := protocol.VerifyAuthorization(v.JWS, ed25519.PublicKey(fixedKey(9))); !errors.Is(err, protocol.ErrSignature) {
		t.Errorf("another server's key: %v", err)
	}
	if _, err := protocol.VerifyAuthorization(v.JWS, nil); !errors.Is(err, protocol.ErrSignature) {
		t.Errorf("no key: %v", err)
	}
}

func FuzzVerifyAuthorization(f *testing.F) {
	f.Add("a.b.c")
	f.Add("eyJhbGciOiJFZERTQSJ9.e30.AAAA")
	f.Add("..")
	key := ed25519.NewKeyFromSeed(fixedKey(1)).Public().(ed25519.PublicKey)
	f.Fuzz(func(t *testing.T, jws string) {
		if a, err := protocol.VerifyAuthorization(jws, key); err == nil {
			t.Errorf("a forged authorization passed: %+v", a)
		}
	})
}

func TestStatus(t *testing.T) {
	for status, want := range map[protocol.Status]struct{ name, message string }{
		protocol.StatusOK:            {"OK", "Successful."},
		protocol.StatusLimitExceeded: {"LIMIT_EXCEEDED", "License has exceeded its limit."},
		-1:                           {"UNKNOWN", "Unknown status code."},
	} {
		if status.Name() != want.name || status.Message() != want.message {
			t.Errorf("%d: %s, %s", status, status.Name(), status.Message())
		}
	}
	if err := protocol.Errorf(protocol.StatusTooMany, "caused by %w", os.ErrExist); protocol.StatusOf(err) != protocol.StatusTooMany || !errors.Is(err, os.ErrExist) {
		t.Error(err)
	}
	if protocol.StatusOf(errors.New("x")) != protocol.StatusInternal || protocol.StatusOf(nil) != protocol.StatusOK {
		t.Error("errors without a status")
	}
	if !protocol.StatusStandbyRefuses.FromServer() || protocol.StatusFailedToReachLTS.FromServer() || protocol.StatusLicenseCacheUsed.FromServer() {
		t.Error("which codes are a server's")
	}
}

func TestOperationTypeNames(t *testing.T) {
	for name, want := range map[string]bool{"MRZ": true, "A": true, "A_1": true, "": false, "1A": false, "_A": false, "a": false, "A B": false, "Ä": false, strings.Repeat("A", 65): false} {
		if protocol.ValidOperationTypeName(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
	if protocol.UnitOf("QR_CODE") != protocol.UnitScan || protocol.UnitOf("PAGE_LOADED") != protocol.UnitPage || protocol.UnitOf("MRZ") != protocol.UnitAny {
		t.Error("units")
	}
	for number, name := range protocol.OperationTypeNames() {
		if back, ok := protocol.OperationTypeByName(name); !ok || back != number || number >= protocol.FirstHostOperationType {
			t.Errorf("%s: %d, %d", name, number, back)
		}
	}
}
