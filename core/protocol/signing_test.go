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
	RequestBody      string                 `json:"requestBody"`
	RequestDigest    string                 `json:"requestDigest"`
	Refusal          protocol.Refusal       `json:"refusal"`
	RefusalJWS       string                 `json:"refusalJWS"`

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

	// The framing for browsers.
	FramedReport  string `json:"framedReport"`
	FramedReceipt string `json:"framedReceipt"`
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
	const client, nonce = "5f0c4a52-0d2b-4d0e-9b6c-1f2e3d4c5b6a", "AAECAwQFBgcICQoLDA0ODw"
	request := `{"protocol":1,"nonce":"` + nonce + `","clientTime":1772366410,"device":{"uuid":"` + client +
		`","publicKey":"` +
		encode(device.PublicKey().Bytes()) + `","uuidSource":"random"},"handshakeCode":"100001-reader",` +
		`"products":65535,"deploymentType":2,"chargeWay":0,"maxBufferDays":7,"instanceCount":1}`
	v := vectors{
		Comment:     "Golden vectors of the protocol's signatures and MACs; docs/protocol.md says how they come about.",
		SigningSeed: encode(fixedKey(1)), SigningPublicKey: encode(signing.Public().(ed25519.PublicKey)),
		SigningKeyID: protocol.SigningKeyID(signing.Public().(ed25519.PublicKey)),
		Authorization: protocol.Authorization{
			Protocol: 1, Device: client, DeviceKey: encode(device.PublicKey().Bytes()),
			Nonce: nonce, Request: protocol.Digest([]byte(request)), HandshakeCode: "100001-reader",
			OrganizationID: "100001",
			Item: protocol.Item{ID: "scans", Name: "10,000 scans", Products: protocol.ProductDBR,
				ChargeWay: protocol.ChargeWayScanCount,
				Modules:   []protocol.LicenseModule{protocol.LicenseModuleONED, protocol.LicenseModuleQRCode},
				StartsAt:  1767225600, ExpiresAt: 1798761600},
			Quota:    protocol.Quota{Limit: 10000, Tolerance: 500, Used: 42, State: protocol.QuotaOK},
			IssuedAt: 1772366410, ValidUntil: 1799366400, BufferUntil: 1772971210,
			ReportKey: protocol.ReportKey{ServerPublicKey: encode(server.PublicKey().Bytes()), ID: id},
		},
		RequestBody: request, RequestDigest: protocol.Digest([]byte(request)),
		Refusal: protocol.Refusal{
			Protocol: 1, Device: client, DeviceKey: encode(device.PublicKey().Bytes()), Nonce: nonce,
			Request: protocol.Digest([]byte(request)), Code: protocol.StatusLimitExceeded,
			Detail: protocol.StatusLimitExceeded.Message(), IssuedAt: 1772366410,
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
	if v.RefusalJWS, err = protocol.SignRefusal(&v.Refusal, signing); err != nil {
		t.Fatal(err)
	}
	v.ReportDigest = protocol.Digest([]byte(v.ReportBody))
	v.ReportMAC = protocol.ReportMAC(key, []byte(v.ReportBody))
	v.ReceiptMAC = protocol.ReceiptMAC(key, []byte(v.ReportBody), []byte(v.ReceiptBody))
	v.MACOfNoReport = protocol.ReportMAC(key, nil)
	v.FramedReport = "openlts/1 " + id + " " + v.ReportMAC + "\n" + v.ReportBody
	v.FramedReceipt = "openlts/1 " + v.ReceiptMAC + "\n" + v.ReceiptBody
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
		t.Errorf("%s does not hold what this code computes: the protocol changed.\nhave %s\nwant %s",
			vectorsFile, have, want)
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

// TestForgeries: neither an authorization nor a refusal passes if it is not signed as
// what it is taken for.
func TestForgeries(t *testing.T) {
	v := computed(t)
	raw, _ := protocol.Encoding.DecodeString(v.SigningPublicKey)
	key := ed25519.PublicKey(raw)
	for kind, c := range map[string]struct {
		jws, other, typ string // the true one, a true one of the other kind
		verify          func(jws string, key ed25519.PublicKey) (nonce string, err error)
	}{
		"authorization": {v.JWS, v.RefusalJWS, "openlts-authorization",
			func(jws string, key ed25519.PublicKey) (string, error) {
				a, err := protocol.VerifyAuthorization(jws, key)
				if err != nil {
					return "", err
				}
				return a.Nonce, nil
			}},
		"refusal": {v.RefusalJWS, v.JWS, "openlts-refusal", func(jws string, key ed25519.PublicKey) (string, error) {
			r, err := protocol.VerifyRefusal(jws, key)
			if err != nil {
				return "", err
			}
			return r.Nonce, nil
		}},
	} {
		if nonce, err := c.verify(c.jws, key); err != nil || nonce != v.Authorization.Nonce {
			t.Fatalf("the true %s: %q, %v", kind, nonce, err)
		}
		parts := strings.Split(c.jws, ".")
		header := func(text string) string {
			return protocol.Encoding.EncodeToString([]byte(text)) + "." + parts[1] + "." + parts[2]
		}
		for name, jws := range map[string]string{
			"of the other kind": c.other,
			"other payload": parts[0] + "." + protocol.Encoding.EncodeToString([]byte(`{"protocol":1}`)) +
				"." + parts[2],
			"no signature":    parts[0] + "." + parts[1] + ".",
			"short signature": parts[0] + "." + parts[1] + "." + parts[2][:40],
			"alg none":        header(`{"alg":"none","kid":"x","typ":"` + c.typ + `"}`),
			"alg HS256":       header(`{"alg":"HS256","kid":"x","typ":"` + c.typ + `"}`),
			"other type":      header(`{"alg":"EdDSA","kid":"x","typ":"JWT"}`),
			"header no JSON":  header(`x`),
			"two parts":       parts[0] + "." + parts[1],
			"four parts":      c.jws + ".x",
			"not base64":      parts[0] + ".!!!." + parts[2],
			"empty":           "",
		} {
			if nonce, err := c.verify(jws, key); err == nil {
				t.Errorf("%s, %s: passed with nonce %q", kind, name, nonce)
			}
		}
		if _, err := c.verify(c.jws, ed25519.PublicKey(fixedKey(9))); !errors.Is(err, protocol.ErrSignature) {
			t.Errorf("%s, another server's key: %v", kind, err)
		}
		if _, err := c.verify(c.jws, nil); !errors.Is(err, protocol.ErrSignature) {
			t.Errorf("%s, no key: %v", kind, err)
		}
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
		if r, err := protocol.VerifyRefusal(jws, key); err == nil {
			t.Errorf("a forged refusal passed: %+v", r)
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
	err := protocol.Errorf(protocol.StatusTooMany, "caused by %w", os.ErrExist)
	if protocol.StatusOf(err) != protocol.StatusTooMany || !errors.Is(err, os.ErrExist) {
		t.Error(err)
	}
	if protocol.StatusOf(errors.New("x")) != protocol.StatusInternal || protocol.StatusOf(nil) != protocol.StatusOK {
		t.Error("errors without a status")
	}
	if !protocol.StatusStandbyRefuses.FromServer() || protocol.StatusFailedToReachLTS.FromServer() ||
		protocol.StatusLicenseCacheUsed.FromServer() {
		t.Error("which codes are a server's")
	}
	for status, want := range map[protocol.Status]bool{
		protocol.StatusStandbyRefuses: false, protocol.StatusHandshakeCodeNotFound: true,
		protocol.StatusClonedDevice: true, protocol.StatusRequestMalformed: false, protocol.StatusServerFailed: false,
		protocol.StatusFailedToReachLTS: false, protocol.StatusOK: false,
	} {
		if status.Decision() != want {
			t.Errorf("%s decides: %v", status.Name(), !want)
		}
	}
	joined := errors.Join(protocol.Errorf(protocol.StatusFailedToReachLTS, "x"),
		protocol.Errorf(protocol.StatusTooMany, "y"))
	if !errors.Is(joined, protocol.StatusTooMany) || errors.Is(joined, protocol.StatusInternal) {
		t.Error("errors are not found by their status")
	}
}

func TestOperationTypeNames(t *testing.T) {
	for name, want := range map[string]bool{"MRZ": true, "A": true, "A_1": true, "": false, "1A": false, "_A": false,
		"a": false, "A B": false, "Ä": false, strings.Repeat("A", 65): false} {
		if protocol.ValidOperationTypeName(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
	if protocol.UnitOf("QR_CODE") != protocol.UnitScan || protocol.UnitOf("PAGE_LOADED") != protocol.UnitPage ||
		protocol.UnitOf("MRZ") != protocol.UnitAny {
		t.Error("units")
	}
	for number, name := range protocol.OperationTypeNames() {
		if back, ok := protocol.OperationTypeByName(name); !ok || back != number ||
			number >= protocol.FirstHostOperationType {
			t.Errorf("%s: %d, %d", name, number, back)
		}
	}
}
