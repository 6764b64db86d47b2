package store

import (
	"github.com/openlts/openlts/core/protocol"
)

// HandshakeCodeUse is a handshake code with its items.
type HandshakeCodeUse struct {
	HandshakeCode
	Items []string // ids, in the order of use as far as positions are set
}

// ItemUse is an item with its use.
type ItemUse struct {
	Item
	// Use is how much of it is used, with the steps of its seats up to the moment that
	// was asked for.
	Use Use
	// Live is the number of seats at that moment, or of domains.
	Live  int64
	Codes []string // the handshake codes it is attached to
}

// DeviceUse is a device with its seats.
type DeviceUse struct {
	Device
	Keys  int64 // public keys seen; more than one is an anomaly
	Seats []DeviceSeat
	// Account is what the device said last of its usage over all times; nil if it
	// never did.
	Account *protocol.DeviceAccount
}

// DeviceKeyUse is a key that a device was authorized with.
type DeviceKeyUse struct {
	KeyID     string `json:"id"`
	PublicKey []byte `json:"-"`
	Reporter  int64  `json:"reporter"` // 0: its first
	CreatedAt int64  `json:"createdAt"`
	// ConfirmedAt is when an administrator confirmed it; 0: its reports are kept
	// apart from those of the first.
	ConfirmedAt int64                   `json:"confirmedAt,omitempty"`
	Account     *protocol.DeviceAccount `json:"account,omitempty"`
	Accepted    int64                   `json:"accepted"`
}

// DeviceSeat is a device's place on the list of an item.
type DeviceSeat struct {
	Item      string `json:"item"`
	From      int64  `json:"from"`
	ExpiresAt int64  `json:"expiresAt"`
	Weight    int64  `json:"weight"`
}
