package protocol

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Encoding is how the protocol writes bytes: base64url without padding.
var Encoding = base64.RawURLEncoding

// Labels keep a MAC or key made for one purpose from being used for another.
const (
	labelReportKey = "openlts/1/report-key"
	labelReport    = "openlts/1/report\n"
	labelReceipt   = "openlts/1/receipt\n"

	typeAuthorization = "openlts-authorization"
	typeRefusal       = "openlts-refusal"
)

// ErrSignature is the error of a signature or MAC that does not verify.
var ErrSignature = errors.New("the signature does not verify")

type jwsHeader struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Type      string `json:"typ"`
}

// SigningKeyID identifies an Ed25519 key: base64url of the first 12 bytes of its SHA-256.
func SigningKeyID(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return Encoding.EncodeToString(sum[:12])
}

// SignAuthorization signs an authorization: a compact JWS, alg EdDSA.
func SignAuthorization(a *Authorization, key ed25519.PrivateKey) (string, error) {
	return sign(typeAuthorization, a, key)
}

// VerifyAuthorization checks the signature of a compact JWS and reads its payload. It does not
// check times, device or request; the client has to do that. The error is ErrSignature if the
// signature is wrong.
func VerifyAuthorization(jws string, key ed25519.PublicKey) (*Authorization, error) {
	var a Authorization
	if err := verify(typeAuthorization, jws, key, &a); err != nil {
		return nil, fmt.Errorf("the authorization: %w", err)
	}
	return &a, nil
}

// SignRefusal signs a refusal like an authorization, but with another type.
func SignRefusal(r *Refusal, key ed25519.PrivateKey) (string, error) {
	return sign(typeRefusal, r, key)
}

// VerifyRefusal checks the signature of a refusal and reads its payload, like VerifyAuthorization.
func VerifyRefusal(jws string, key ed25519.PublicKey) (*Refusal, error) {
	var r Refusal
	if err := verify(typeRefusal, jws, key, &r); err != nil {
		return nil, fmt.Errorf("the refusal: %w", err)
	}
	return &r, nil
}

// DocumentType is the type of a document that a server signs. A signature for one type is not valid
// for another.
type DocumentType string

// Types of documents.
const (
	DocumentCheckpoint DocumentType = "openlts-checkpoint"
	DocumentAdjustment DocumentType = "openlts-adjustment"
	DocumentStatement  DocumentType = "openlts-statement"
)

// SignDocument signs a server's document like an authorization.
func SignDocument(of DocumentType, document any, key ed25519.PrivateKey) (string, error) {
	return sign(string(of), document, key)
}

// VerifyDocument checks the signature of a document and reads it.
func VerifyDocument(of DocumentType, jws string, key ed25519.PublicKey, document any) error {
	return verify(string(of), jws, key, document)
}

// sign makes a JWS in compact form with one of our types.
func sign(jwsType string, value any, key ed25519.PrivateKey) (string, error) {
	header, err := json.Marshal(jwsHeader{"EdDSA", SigningKeyID(key.Public().(ed25519.PublicKey)), jwsType})
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	signed := Encoding.EncodeToString(header) + "." + Encoding.EncodeToString(payload)
	return signed + "." + Encoding.EncodeToString(ed25519.Sign(key, []byte(signed))), nil
}

// verify checks a JWS with one of our types and reads its payload.
func verify(jwsType, jws string, key ed25519.PublicKey, value any) error {
	parts := strings.Split(jws, ".")
	if len(parts) != 3 {
		return errors.New("it is not a JWS in compact form")
	}
	var decoded [3][]byte
	for i, part := range parts {
		var err error
		if decoded[i], err = Encoding.DecodeString(part); err != nil {
			return fmt.Errorf("it is not base64url: %w", err)
		}
	}
	var header jwsHeader
	if err := json.Unmarshal(decoded[0], &header); err != nil {
		return fmt.Errorf("its header is not JSON: %w", err)
	}
	// We decide on algorithm and type, never the sender.
	if header.Algorithm != "EdDSA" || header.Type != jwsType {
		return fmt.Errorf("it is of type %.80q, signed with %.80q", header.Type, header.Algorithm)
	}
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, []byte(parts[0]+"."+parts[1]), decoded[2]) {
		return ErrSignature
	}
	if err := json.Unmarshal(decoded[1], value); err != nil {
		return fmt.Errorf("its payload is not JSON: %w", err)
	}
	return nil
}

// DeriveReportKey derives the key that authenticates a device's reports and the server's receipts,
// from the own X25519 key and the other side's public key; both sides derive the same. The id
// identifies the key without revealing it: base64url of the first 12 bytes of SHA-256(device public
// key || server public key). Keys of the wrong side or size give an error.
//
// Checking a MAC takes about a microsecond, a signature fifty. The server checks one for each
// batch, so this limits how many batches it can take.
func DeriveReportKey(own *ecdh.PrivateKey, devicePublic,
	serverPublic *ecdh.PublicKey) (key []byte, id string, err error) {
	other := serverPublic
	if bytes.Equal(own.PublicKey().Bytes(), serverPublic.Bytes()) {
		other = devicePublic
	}
	shared, err := own.ECDH(other)
	if err != nil {
		return nil, "", err
	}
	both := append(append([]byte{}, devicePublic.Bytes()...), serverPublic.Bytes()...)
	sum := sha256.Sum256(both)
	key, err = hkdf.Key(sha256.New, shared, both, labelReportKey, 32)
	return key, Encoding.EncodeToString(sum[:12]), err
}

// ReportMAC authenticates the body of a report batch.
func ReportMAC(key, body []byte) string {
	return mac(key, []byte(labelReport), body)
}

// ReceiptMAC authenticates a receipt. It covers the digest of the request, so that a receipt for
// one batch is not valid for another.
func ReceiptMAC(key, requestBody, receiptBody []byte) string {
	digest := sha256.Sum256(requestBody)
	return mac(key, []byte(labelReceipt), digest[:], receiptBody)
}

// Digest is the SHA-256 of a body in base64url.
func Digest(body []byte) string {
	sum := sha256.Sum256(body)
	return Encoding.EncodeToString(sum[:])
}

// EqualMAC compares two MACs in constant time.
func EqualMAC(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }

func mac(key []byte, parts ...[]byte) string {
	h := hmac.New(sha256.New, key)
	for _, part := range parts {
		h.Write(part)
	}
	return Encoding.EncodeToString(h.Sum(nil))
}
