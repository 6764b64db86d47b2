// Package licensefile is the file by which a vendor gives license items to a customer who runs an
// own License Tracking Server: a text that people can read, signed by the vendor's key in its last
// line. Nothing in it is decoded before the signature is verified.
package licensefile

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// Version is the version of the format.
const Version = 1

// Limits of a file.
const (
	MaxSize  = 1 << 20 // bytes
	MaxItems = 1000
)

// Status of a license file.
type Status string

// Statuses.
const (
	Active  Status = "active"
	Revoked Status = "revoked" // all its items are, for good
)

// File is the content of a license file.
type File struct {
	Version int `json:"licenseTextVersion"`
	// ID is the same for all revisions of a file.
	ID string `json:"licenseId"`
	// Revision rises with each revision, so that an older one can't undo a newer one.
	Revision int64  `json:"revision"`
	Alias    string `json:"alias,omitempty"` // a name for people
	Status   Status `json:"licenseStatus"`
	// Organization is the licensee.
	Organization     string `json:"organizationId"`
	OrganizationName string `json:"organizationName"`
	// Server is the UUID of the only server that may import it; "": any may.
	Server string `json:"serverUuid,omitempty"`
	// IssuedAt and ImportUntil are in seconds since 1970. After ImportUntil no server imports it
	// any more; what was imported stays. 0: no end.
	IssuedAt    int64  `json:"issuedAt"`
	ImportUntil int64  `json:"importUntil,omitempty"`
	Items       []Item `json:"licenseItems"`
}

// Item is a license item in a file. The fields mean what they mean in store.Item.
type Item struct {
	ID              string                   `json:"id"`
	Name            string                   `json:"name"`
	Products        protocol.Product         `json:"products"`
	OwnProducts     []OwnProduct             `json:"ownProducts,omitempty"` // names of bits that are not built in
	Version         string                   `json:"version,omitempty"`
	Edition         string                   `json:"edition,omitempty"`
	DeploymentType  protocol.DeploymentType  `json:"deploymentType,omitempty"`
	ChargeWay       protocol.ChargeWay       `json:"chargeWay"`
	Charging        store.Charging           `json:"charging,omitzero"`
	Modules         []protocol.LicenseModule `json:"modules,omitempty"`
	Quota           int64                    `json:"quota"`
	StartsAt        int64                    `json:"startsAt"`
	ExpiresAt       int64                    `json:"expiresAt"`
	MaxBufferDays   int64                    `json:"maxBufferDays"`
	ValidationField string                   `json:"validationField,omitempty"`
	Trial           bool                     `json:"trial,omitempty"`
	TrialBy         store.TrialBy            `json:"trialBy,omitempty"`
	TrialDays       int64                    `json:"trialDays,omitempty"`
	Requires        []string                 `json:"requires,omitempty"`
	RequestLimit    int64                    `json:"requestLimit,omitempty"`
	RefuseClones    bool                     `json:"refuseClones,omitempty"`
	Revoked         bool                     `json:"revoked,omitempty"`
}

// OwnProduct is a product of the vendor's own.
type OwnProduct struct {
	Name string           `json:"name"`
	Bit  protocol.Product `json:"bit"`
}

// Errors of a text that is not a valid license file.
var (
	// ErrFormat means that the text has another format.
	ErrFormat = errors.New("this is not a license file")
	// ErrUntrusted means that the vendor is not trusted.
	ErrUntrusted = errors.New("the license file is signed by a vendor that is not trusted here")
	// ErrEdited means that the signature does not fit the text.
	ErrEdited = errors.New(
		"the license file was changed after it was signed, if only in a space or a line end; import it as it was sent")
)

// The last line: the signature, with the id of the key.
const signatureLine = "signature "

// label prevents that a signature is used for something else.
const label = "openlts/1/license-file\n"

// Sign gives the text of a file, with its signature.
func Sign(f *File, key ed25519.PrivateKey) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(f); err != nil {
		return nil, err
	}
	signature := ed25519.Sign(key, append([]byte(label), text.Bytes()...))
	fmt.Fprintf(&text, "%s%s %s\n", signatureLine, protocol.SigningKeyID(key.Public().(ed25519.PublicKey)),
		protocol.Encoding.EncodeToString(signature))
	if text.Len() > MaxSize {
		return nil, fmt.Errorf("the license file would have more than %d bytes; put fewer items into it", MaxSize)
	}
	return text.Bytes(), nil
}

// Vendor finds the id of the key with which a file claims to be signed. That is not verified.
func Vendor(text []byte) (keyID string, err error) {
	_, keyID, _, err = split(text)
	return keyID, err
}

// Open reads a file that one of these vendors signed.
func Open(text []byte, vendors []ed25519.PublicKey) (*File, error) {
	signed, keyID, signature, err := split(text)
	if err != nil {
		return nil, err
	}
	for _, vendor := range vendors {
		if protocol.SigningKeyID(vendor) != keyID {
			continue
		}
		if !ed25519.Verify(vendor, append([]byte(label), signed...), signature) {
			return nil, ErrEdited
		}
		return decode(signed)
	}
	return nil, fmt.Errorf("%w: the vendor's key is %s", ErrUntrusted, keyID)
}

// split takes a text apart into what is signed and the signature.
func split(text []byte) (signed []byte, keyID string, signature []byte, err error) {
	if len(text) > MaxSize {
		return nil, "", nil, fmt.Errorf("%w: it has more than %d bytes", ErrFormat, MaxSize)
	}
	body, ok := bytes.CutSuffix(text, []byte("\n"))
	start := bytes.LastIndexByte(body, '\n') + 1
	fields := strings.Split(string(body[start:]), " ")
	if !ok || start == 0 || len(fields) != 3 || fields[0]+" " != signatureLine || !utf8.Valid(text) {
		return nil, "", nil, fmt.Errorf("%w: its last line is not %q, a key and a signature", ErrFormat,
			strings.TrimSpace(signatureLine))
	}
	id, idErr := protocol.Encoding.DecodeString(fields[1])
	signature, err = protocol.Encoding.DecodeString(fields[2])
	if err != nil || idErr != nil || len(id) != 12 || len(signature) != ed25519.SignatureSize {
		return nil, "", nil, fmt.Errorf("%w: its last line holds no signature", ErrFormat)
	}
	return text[:start], fields[1], signature, nil
}

// decode reads the signed text. It refuses unknown fields, because they may be conditions.
func decode(signed []byte) (*File, error) {
	var version struct {
		Version int `json:"licenseTextVersion"`
	}
	if json.Unmarshal(signed, &version) == nil && version.Version != Version {
		return nil, fmt.Errorf("the license file has version %d of the format, this program knows version %d; "+
			"use a later lts", version.Version, Version)
	}
	decoder := json.NewDecoder(bytes.NewReader(signed))
	decoder.DisallowUnknownFields()
	f := &File{}
	if err := decoder.Decode(f); err != nil {
		return nil, fmt.Errorf("the license file can't be read: %w; use a later lts", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows its content", ErrFormat)
	}
	switch {
	case f.ID == "" || f.Revision < 1 || f.Organization == "":
		return nil, fmt.Errorf("%w: it lacks its id, its revision or whom it licenses", ErrFormat)
	case f.Status != Active && f.Status != Revoked:
		return nil, fmt.Errorf(
			"the license file has the status %.40q, which this program does not know; use a later lts",
			string(f.Status))
	case len(f.Items) > MaxItems:
		return nil, fmt.Errorf("%w: it has more than %d items", ErrFormat, MaxItems)
	}
	return f, nil
}
