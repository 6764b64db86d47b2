// Package license gets an authorization for an SDK: from the main server, from the standby server
// if the main one can't be reached, or else from the cache.
package license

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
)

// Parameters say how to reach the License Tracking Server and what to ask for. Names, defaults and
// ranges of the first fields are the vendor's (docs/compatibility.md, "Connection parameters"). The
// JSON names are those of a license key.
type Parameters struct {
	// generated: fields
	// http(s)://host[:port][/path]; required
	MainServerURL string `json:"mainServerURL"`
	// used if the main server can't be reached
	StandbyServerURL string `json:"standbyServerURL"`
	// required, unless OrganizationID is set; both may be set
	HandshakeCode string `json:"handshakeCode"`
	// the session password of the code, if it has one
	SessionPassword string `json:"sessionPassword"`
	// without HandshakeCode: the organization's default code is used
	OrganizationID string `json:"organizationID"`
	// where the SDK runs
	DeploymentType protocol.DeploymentType `json:"deploymentType"`
	// how usage is to be charged
	ChargeWay protocol.ChargeWay `json:"chargeWay"`
	// how the client UUID is made
	UUIDGenerationMethod protocol.UUIDGenerationMethod `json:"UUIDGenerationMethod"`
	// how many days an authorization may be used without the server; 0 to 6 count as 7; the license may allow fewer
	MaxBufferDays int `json:"maxBufferDays"`
	// the modules to ask for; empty: all
	LimitedLicenseModules []protocol.LicenseModule `json:"limitedLicenseModules"`
	// how many instances this machine will use at once, 1 to 1,000,000; matters only for licenses charged by instances
	MaxConcurrentInstanceCount int `json:"maxConcurrentInstanceCount"`
	// may be combined
	Products protocol.Product `json:"products"`
	// when a report whose submission failed is tried again
	Resubmit protocol.Resubmit `json:"resubmit"`
	// the version of the SDK, such as "10.2.1"
	ProductVersion string `json:"productVersion"`
	// the edition of the SDK, such as "Python"
	Edition string `json:"edition"`
	// domain, application id or process name; the server may check it
	ValidationField string `json:"validationField"`
	// shown to administrators
	DeviceFriendlyName string `json:"deviceFriendlyName"`
	// a client UUID of the host's own choice, for containers: 8-4-4-4-12 hex digits
	DeviceUUID string `json:"deviceUUID"`
	// the server's Ed25519 key in base64, as lts key show prints it: the library believes no other server; if empty, it
	// remembers the first key it sees
	ServerPublicKey string `json:"serverPublicKey"`
	// PEM file with the root certificates to trust for HTTPS; if empty, those of the machine (SSL_CERT_FILE is ignored)
	CAFile string `json:"caFile"`
	// http(s)://[user:password@]host:port
	ProxyURL string `json:"proxyURL"`
	// where usage and the identity of the device are kept; if empty, .openlts in the user's home directory, or on
	// Windows OpenLTS in the user's local application data. If nothing can be kept there, as in a container without a
	// volume, each start is a new device, which counts for a day at most (set DeviceUUID)
	DataDirectory string `json:"dataDirectory"`
	// length of a time slot and of the reporting interval in seconds; must divide a day
	SlotSeconds int `json:"slotSeconds"`
	// for the whole initialization
	InitTimeout time.Duration `json:"-"`
	// for one request to a server
	RequestTimeout time.Duration `json:"-"`
	// generated: end
}

// Limits of parameters.
const (
	MinBufferDays = 7 // docs/compatibility.md, "Connection parameters"
	maxURL        = 2047
	maxText       = 255
	maxModules    = 64
)

// Defaults are the parameters an SDK starts from.
func Defaults() Parameters {
	return Parameters{
		// generated: defaults
		DeploymentType:             protocol.DeploymentTypeDesktop,
		ChargeWay:                  protocol.ChargeWayAuto,
		UUIDGenerationMethod:       protocol.UUIDGenerationMethodRandom,
		MaxBufferDays:              7,
		MaxConcurrentInstanceCount: 1,
		Products:                   protocol.ProductAll,
		Resubmit:                   protocol.ResubmitNextInit,
		SlotSeconds:                180,
		InitTimeout:                12000 * time.Millisecond,
		RequestTimeout:             5000 * time.Millisecond,
		// generated: end
	}
}

// Check validates the parameters, and corrects those where the vendor is lenient. The error names
// the field, what is wrong with it and what to do.
func (p *Parameters) Check() error {
	texts := []struct {
		name, value string
		limit       int
	}{
		// generated: texts
		{"mainServerURL", p.MainServerURL, maxURL},
		{"standbyServerURL", p.StandbyServerURL, maxURL},
		{"handshakeCode", p.HandshakeCode, maxText},
		{"sessionPassword", p.SessionPassword, maxText},
		{"organizationID", p.OrganizationID, maxText},
		{"productVersion", p.ProductVersion, maxText},
		{"edition", p.Edition, maxText},
		{"validationField", p.ValidationField, maxText},
		{"deviceFriendlyName", p.DeviceFriendlyName, maxText},
		{"deviceUUID", p.DeviceUUID, maxText},
		{"serverPublicKey", p.ServerPublicKey, maxText},
		{"caFile", p.CAFile, maxURL},
		{"proxyURL", p.ProxyURL, maxURL},
		{"dataDirectory", p.DataDirectory, maxURL},
		// generated: end
	}
	for _, text := range texts {
		if len(text.value) > text.limit {
			return invalid("%s is longer than %d bytes", text.name, text.limit)
		}
		if !utf8.ValidString(text.value) {
			return invalid("%s is not UTF-8", text.name)
		}
	}
	if p.MainServerURL == "" && p.StandbyServerURL == "" {
		return invalid("mainServerURL is empty: set it to the address of the License Tracking Server")
	}
	for name, value := range map[string]*string{"mainServerURL": &p.MainServerURL,
		"standbyServerURL": &p.StandbyServerURL} {
		if err := checkServerURL(name, value); err != nil {
			return err
		}
	}
	if p.ProxyURL != "" {
		if u, err := url.Parse(p.ProxyURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			// The URL may contain a password, so the message leaves it out.
			return invalid("proxyURL is not of the form http://[user:password@]host:port")
		}
	}
	if p.HandshakeCode == "" && p.OrganizationID == "" {
		return protocol.Errorf(protocol.StatusNoLicense,
			"No license specified. Set handshakeCode or organizationID.")
	}
	if len(p.LimitedLicenseModules) > maxModules {
		return invalid("limitedLicenseModules has more than %d entries", maxModules)
	}
	for _, module := range p.LimitedLicenseModules {
		if module < 1 || module > 63 {
			return invalid("limitedLicenseModules has the module %d; modules are numbered 1 to 63", module)
		}
	}
	return p.checkNumbers()
}

func (p *Parameters) checkNumbers() error {
	switch {
	case p.DeploymentType < 0 || p.DeploymentType > 255:
		return invalid("deploymentType %d is not a deployment type", p.DeploymentType)
	case p.ChargeWay < 0 || p.ChargeWay > 255:
		return invalid("chargeWay %d is not a charge way", p.ChargeWay)
	case p.UUIDGenerationMethod != protocol.UUIDGenerationMethodRandom &&
		p.UUIDGenerationMethod != protocol.UUIDGenerationMethodHardware:
		return invalid("UUIDGenerationMethod %d is neither 1 (random) nor 2 (hardware)", p.UUIDGenerationMethod)
	case p.MaxBufferDays < 0:
		return invalid("maxBufferDays %d is negative", p.MaxBufferDays)
	case p.MaxConcurrentInstanceCount < 1 || p.MaxConcurrentInstanceCount > protocol.MaxInstances:
		return invalid("maxConcurrentInstanceCount %d is not from 1 to %d", p.MaxConcurrentInstanceCount,
			protocol.MaxInstances)
	case p.Products == 0:
		return invalid("products is 0: name at least one product, or all (65535)")
	case p.Resubmit != protocol.ResubmitNextInit && p.Resubmit != protocol.ResubmitInterval:
		return invalid("resubmit %d is neither 0 (next init) nor 1 (interval)", p.Resubmit)
	case p.InitTimeout < 0 || p.RequestTimeout < 0:
		return invalid("a timeout is negative")
	}
	if _, err := slot.Check(int64(p.SlotSeconds)); err != nil {
		return invalid("slotSeconds: %w", err)
	}
	// The documentation of one language allows 0, that of the others starts at 7; less than 7
	// counts as 7.
	p.MaxBufferDays = max(p.MaxBufferDays, MinBufferDays)
	if p.InitTimeout == 0 {
		p.InitTimeout = Defaults().InitTimeout
	}
	if p.RequestTimeout == 0 {
		p.RequestTimeout = Defaults().RequestTimeout
	}
	if p.ServerPublicKey != "" {
		if _, err := p.pinnedKey(); err != nil {
			return err
		}
	}
	return nil
}

func checkServerURL(name string, value *string) error {
	if *value == "" {
		return nil
	}
	u, err := url.Parse(*value)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil || u.RawQuery != "" ||
		u.Fragment != "" {
		return invalid("%s %.80q is not of the form http(s)://host[:port][/path]", name, *value)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return invalid("%s %.80q has the port %.20s; ports are numbered 1 to 65535", name, *value, port)
		}
	}
	*value = strings.TrimRight(u.String(), "/")
	return nil
}

// pinnedKey reads serverPublicKey, in either alphabet of base64.
func (p *Parameters) pinnedKey() ([]byte, error) {
	text := strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimSpace(p.ServerPublicKey)),
		"=")
	key, err := protocol.Encoding.DecodeString(text)
	if err != nil || len(key) != 32 {
		return nil, invalid("serverPublicKey is not an Ed25519 key: 32 bytes in base64 are expected")
	}
	return key, nil
}

// Servers are the servers to ask, in order.
func (p *Parameters) Servers() []string {
	var servers []string
	for _, server := range []string{p.MainServerURL, p.StandbyServerURL} {
		if server != "" {
			servers = append(servers, server)
		}
	}
	return servers
}

func invalid(format string, arguments ...any) error {
	return protocol.Errorf(protocol.StatusInvalidArgument, format, arguments...)
}

// legacyKeyPrefix begins license keys in the vendor's format, which are accepted, too
// (docs/compatibility.md).
const legacyKeyPrefix = "DLS2"

// ApplyKey sets the parameters that a license key contains: a prefix and base64 of a JSON object.
// Other parameters stay as they are. A server key that is already set stays, too: the vendor pinned
// it, and the license key may come from a customer.
func (p *Parameters) ApplyKey(key string) error {
	rest, ok := strings.CutPrefix(strings.TrimSpace(key), protocol.LicenseKeyPrefix)
	if !ok {
		rest, ok = strings.CutPrefix(strings.TrimSpace(key), legacyKeyPrefix)
	}
	if !ok {
		return invalid("the license key does not begin with %s", protocol.LicenseKeyPrefix)
	}
	if len(rest) > 1<<16 {
		return invalid("the license key is too long")
	}
	text, err := base64.StdEncoding.DecodeString(rest)
	if err != nil {
		return invalid("the license key is damaged: it is not base64")
	}
	applied := *p
	times := struct {
		Init    *int32 `json:"initTimeoutMilliseconds"`
		Request *int32 `json:"requestTimeoutMilliseconds"`
	}{}
	if errors.Join(json.Unmarshal(text, &applied), json.Unmarshal(text, &times)) != nil {
		return invalid("the license key is damaged: it does not hold a JSON object of parameters")
	}
	if times.Init != nil {
		applied.InitTimeout = time.Duration(*times.Init) * time.Millisecond
	}
	if times.Request != nil {
		applied.RequestTimeout = time.Duration(*times.Request) * time.Millisecond
	}
	if p.ServerPublicKey != "" {
		own, err := p.pinnedKey()
		if err != nil {
			return err
		}
		other, err := applied.pinnedKey()
		if err != nil || !bytes.Equal(own, other) {
			return protocol.Errorf(protocol.StatusServerKeyMismatch,
				"the license key is one of another License Tracking Server than the one this SDK is made for; ask the "+
					"SDK's vendor for one")
		}
	}
	*p = applied
	return nil
}
