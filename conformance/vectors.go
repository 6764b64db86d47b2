package conformance

import (
	_ "embed" // the vectors
	"encoding/json"
	"fmt"
)

//go:embed signing.json
var signing []byte

//go:embed slots.json
var slots []byte

// Signing are the golden vectors of the protocol's keys, signatures and MACs, as far as
// programs are judged by them: what one has to arrive at with these keys and bodies.
type Signing struct {
	DevicePrivateKey string `json:"devicePrivateKey"` // X25519, 32 bytes in base64url
	DevicePublicKey  string `json:"devicePublicKey"`
	RequestBody      string `json:"requestBody"`   // of an authorization
	RequestDigest    string `json:"requestDigest"` // of its bytes
}

// Slots are the vectors of slot arithmetic.
type Slots struct {
	Slots []struct {
		Note        string `json:"note"`
		Time        int64  `json:"time"` // seconds since 1970
		SlotSeconds int    `json:"slotSeconds"`
		Start       int64  `json:"start"`
	} `json:"slots"`
	InvalidSlotSeconds []int `json:"invalidSlotSeconds"`
}

// SigningVectors reads signing.json.
func SigningVectors() (v Signing, err error) { return v, read("signing.json", signing, &v) }

// SlotVectors reads slots.json.
func SlotVectors() (v Slots, err error) { return v, read("slots.json", slots, &v) }

func read(name string, text []byte, to any) error {
	if err := json.Unmarshal(text, to); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
