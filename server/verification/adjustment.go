package verification

import (
	"crypto/ed25519"
	"errors"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// Adjustment is the part of an adjustment that the server signs.
type Adjustment struct {
	Item   string `json:"item"` // its id
	At     int64  `json:"at"`
	Units  int64  `json:"units"`
	Reason string `json:"reason"`
	Actor  string `json:"actor"`
}

// SignAdjustment signs an adjustment of an item with this id.
func SignAdjustment(a *store.Adjustment, item string, key ed25519.PrivateKey) (err error) {
	a.Signature, err = protocol.SignDocument(protocol.DocumentAdjustment,
		Adjustment{item, a.At, a.Units, a.Reason, a.Actor}, key)
	return err
}

// CheckAdjustment checks that the server signed this adjustment.
func CheckAdjustment(a store.Adjustment, item string, key ed25519.PublicKey) error {
	var signed Adjustment
	if err := protocol.VerifyDocument(protocol.DocumentAdjustment, a.Signature, key, &signed); err != nil {
		return err
	}
	if signed != (Adjustment{item, a.At, a.Units, a.Reason, a.Actor}) {
		return errors.New("it is not what was signed")
	}
	return nil
}
