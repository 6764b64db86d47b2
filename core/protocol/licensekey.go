package protocol

import (
	"encoding/base64"
	"encoding/json"
)

// LicenseKeyPrefix begins a license key: one string that holds what a client
// needs to get authorized. Base64 of a JSON object of connection parameters
// follows.
const LicenseKeyPrefix = "LTS1"

// NewLicenseKey makes a license key of connection parameters: anything that
// marshals to a JSON object of them.
func NewLicenseKey(parameters any) (string, error) {
	text, err := json.Marshal(parameters)
	if err != nil {
		return "", err
	}
	return LicenseKeyPrefix + base64.StdEncoding.EncodeToString(text), nil
}
