// Package servertest has what tests of a License Tracking Server share: devices, load by many
// devices, and a store without HTTP.
package servertest

import "github.com/openlts/openlts/server/player"

// Device is a client device.
type Device = player.Device

// Problem is the error of an error answer.
type Problem = player.Problem

// NewDevice makes a device which talks to the server at a base URL.
func NewDevice(baseURL string) *Device { return player.NewDevice(baseURL) }
