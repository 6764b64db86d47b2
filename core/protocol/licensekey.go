package protocol

import (
	"encoding/base64"
	"encoding/json"
)

// LicenseKeyPrefix begins a license key: one string with everything that a client needs to get an
// authorization. Base64 of a JSON object of connection parameters follows it.
const LicenseKeyPrefix = "LTS1"

// NewLicenseKey makes a license key from connection parameters: anything that marshals to a JSON
// object of them.
func NewLicenseKey(parameters any) (string, error) {
	text, err := json.Marshal(parameters)
	if err != nil {
		return "", err
	}
	return LicenseKeyPrefix + base64.StdEncoding.EncodeToString(text), nil
}
