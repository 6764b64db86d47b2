package api

import (
	"crypto/ecdh"
	"errors"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/core/slot"
	"github.com/openlts/openlts/server/password"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

// Limits of a request's content, in bytes and elements.
const (
	minNonce     = 16
	maxNonce     = 64
	maxText      = 512
	maxModules   = 64
	maxAnomalies = 16
	maxAnomaly   = 64
)

// authorize answers POST /v1/authorizations.
func (a *API) authorize(w http.ResponseWriter, r *http.Request) error {
	body, release, err := a.strangers.read(w, r, protocol.MaxAuthorizationBody, site(r))
	if err != nil {
		return err
	}
	defer release()
	var request protocol.AuthorizationRequest
	if err := decode(body, &request); err != nil {
		return err
	}
	if err := checkVersion(request.Protocol); err != nil {
		return err
	}
	if err := checkAuthorization(&request); err != nil {
		return err
	}
	network := a.limits.Load().network(r)
	if err := a.limits.Load().admit(network, request.HandshakeCode, a.Now()); err != nil {
		return err
	}
	key, err := a.Keys.deviceKey(request.Device.PublicKey)
	if err != nil {
		return err
	}
	a.compareClocks(r, &request)
	granted, err := a.decide(r, &request, key, network)
	if err != nil {
		if later := a.limits.Load().refused(network, err, a.Now()); later != nil {
			return later
		}
		if status := protocol.StatusOf(err); status.FromServer() {
			a.Outcomes.Refused(request.HandshakeCode, status)
			a.Log.Info("authorization refused", "code", int(status), "cause", string(protocol.ReasonOf(err)),
				"reason", err.Error(),
				"device", request.Device.UUID, "handshake", request.HandshakeCode, "organization",
				request.OrganizationID)
		}
		return a.refusal(err, &request, body)
	}
	a.Outcomes.Granted(granted.HandshakeCode)
	granted.Request = protocol.Digest(body)
	granted.ReportKey = protocol.ReportKey{
		ServerPublicKey: protocol.Encoding.EncodeToString(a.Keys.Report.PublicKey().Bytes()), ID: key.KeyID,
	}
	signed, err := protocol.SignAuthorization(granted, a.Keys.Signing)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, protocol.AuthorizationResponse{
		Authorization: signed, PublicKey: protocol.Encoding.EncodeToString(a.Keys.Public()),
	})
}

// compareClocks warns if clients agree that this server's clock is wrong.
func (a *API) compareClocks(r *http.Request, request *protocol.AuthorizationRequest) {
	from, ok := client(r)
	if !ok {
		return
	}
	off, warn := a.clocks.saw(prefix(from, 16, 32), time.Unix(request.ClientTime, 0), a.Now())
	if warn && off > 0 {
		a.Log.Warn("the server's clock seems to be ahead: most clients' clocks are behind it; set it right",
			"ahead", off.String())
	} else if warn {
		a.Log.Warn("the server's clock seems to be behind: most clients' clocks are ahead of it; set it right",
			"behind", (-off).String())
	}
}

// maxRounds is how often a request is decided again because a password must be compared with
// hashes: more than once only if the password is being changed.
const maxRounds = 3

// decide has a request decided on. It compares passwords with hashes itself, because all other
// requests would wait if the policy did that.
func (a *API) decide(r *http.Request, request *protocol.AuthorizationRequest, key store.DeviceKey,
	network string) (*protocol.Authorization, error) {
	asking := &policy.Asking{
		Request: request, Key: key, Address: address(r), KnownOnly: !a.limits.Load().mayBeNew(network, a.Now()),
	}
	owner := request.HandshakeCode + "\n" + request.OrganizationID
	if hash, known := a.passwords.Right(owner, request.SessionPassword); known {
		asking.Proof.Right = []string{hash}
	}
	for range maxRounds {
		answer, err := a.Writer.Authorize(asking)
		if err != nil {
			return nil, err
		}
		if answer.New {
			if err := a.limits.Load().isNew(network, a.Now()); err != nil && answer.Authorization == nil {
				return nil, err
			}
		}
		if len(answer.Untried) == 0 {
			return answer.Authorization, answer.Refusal
		}
		for _, hash := range answer.Untried {
			fits, err := a.passwords.Try(r.Context(), owner, request.SessionPassword, hash, func() error {
				return a.limits.Load().mayGuess(network, a.Now())
			})
			switch {
			case errors.Is(err, password.ErrBusy):
				return nil, tooMany(time.Second)
			case err != nil:
				return nil, err
			case fits:
				asking.Proof.Right = append(asking.Proof.Right, hash)
			default:
				asking.Proof.Wrong = append(asking.Proof.Wrong, hash)
			}
		}
	}
	return nil, fmt.Errorf("the session password of %q changed %d times while one request was decided on",
		request.HandshakeCode, maxRounds)
}

// signedRefusal is a refusal of an authorization, with its proof.
type signedRefusal struct {
	error
	jws string
}

func (r *signedRefusal) Unwrap() error { return r.error }

// refusal signs an error that is a decision about the request; it returns other errors unchanged.
func (a *API) refusal(err error, request *protocol.AuthorizationRequest, body []byte) error {
	code := protocol.StatusOf(err)
	if !code.Decision() {
		return err
	}
	jws, signErr := protocol.SignRefusal(&protocol.Refusal{
		Protocol: protocol.Version, Device: request.Device.UUID, DeviceKey: request.Device.PublicKey,
		Nonce: request.Nonce, Request: protocol.Digest(body), Code: code, Detail: err.Error(),
		Reason: protocol.ReasonOf(err), IssuedAt: a.Now().Unix(),
	}, a.Keys.Signing)
	if signErr != nil {
		return signErr
	}
	return &signedRefusal{err, jws}
}

func checkVersion(version int) error {
	if version != protocol.Version {
		return protocol.Errorf(protocol.StatusProtocolVersion,
			"The License Tracking Server does not speak version %d of the protocol, but version %d.", version,
			protocol.Version)
	}
	return nil
}

// checkAuthorization says whether a request is well formed.
func checkAuthorization(request *protocol.AuthorizationRequest) error {
	if nonce, err := protocol.Encoding.DecodeString(request.Nonce); err != nil || len(nonce) < minNonce ||
		len(nonce) > maxNonce {
		return policy.Malformed("nonce is not %d to %d bytes in base64url", minNonce, maxNonce)
	}
	if !policy.ValidUUID(request.Device.UUID) {
		return policy.Malformed("device.uuid is not a UUID in lower case")
	}
	for _, text := range []struct{ name, value string }{
		{"handshakeCode", request.HandshakeCode}, {"organizationID", request.OrganizationID},
		{"sessionPassword", request.SessionPassword}, {"item", request.Item},
		{"productVersion", request.ProductVersion}, {"edition", request.Edition},
		{"validationField", request.ValidationField}, {"device.uuidSource", request.Device.UUIDSource},
		{"device.friendlyName", request.Device.FriendlyName}, {"device.platform", request.Device.Platform},
		{"device.library", request.Device.Library},
	} {
		if len(text.value) > maxText {
			return policy.Malformed("%s is longer than %d bytes", text.name, maxText)
		}
		if !utf8.ValidString(text.value) {
			return policy.Malformed("%s is not UTF-8", text.name)
		}
		if !policy.Plain(text.value) {
			return policy.Malformed("%s holds control characters", text.name)
		}
	}
	if len(request.Modules) > maxModules {
		return policy.Malformed("there are more than %d modules", maxModules)
	}
	if request.InstanceCount < 0 || request.InstanceCount > protocol.MaxInstances {
		return policy.Malformed("instanceCount is not from 0 to %d", protocol.MaxInstances)
	}
	if request.SlotSeconds != 0 {
		if _, err := slot.Check(int64(request.SlotSeconds)); err != nil {
			return policy.Malformed("slotSeconds: %w", err)
		}
	}
	if len(request.Anomalies) > maxAnomalies {
		return policy.Malformed("there are more than %d anomalies", maxAnomalies)
	}
	for _, kind := range request.Anomalies {
		if !validAnomaly(kind) {
			return policy.Malformed("an anomaly is 1 to %d characters out of a-z, 0-9 and '-'", maxAnomaly)
		}
	}
	return nil
}

func validAnomaly(kind string) bool {
	if kind == "" || len(kind) > maxAnomaly {
		return false
	}
	for _, c := range []byte(kind) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// deviceKey derives the report key of a device from its public key.
func (k *Keys) deviceKey(encoded string) (store.DeviceKey, error) {
	if known, ok := k.devices.Get(encoded); ok {
		return known, nil
	}
	raw, err := protocol.Encoding.DecodeString(encoded)
	if err != nil {
		return store.DeviceKey{}, policy.Malformed("device.publicKey is not base64url")
	}
	public, err := ecdh.X25519().NewPublicKey(raw)
	if err != nil {
		return store.DeviceKey{}, policy.Malformed("device.publicKey is not an X25519 key of 32 bytes")
	}
	secret, id, err := protocol.DeriveReportKey(k.Report, public, k.Report.PublicKey())
	if err != nil { // a point of low order
		return store.DeviceKey{}, policy.Malformed("device.publicKey is not a usable X25519 key")
	}
	key := store.DeviceKey{KeyID: id, PublicKey: raw, ReportKey: secret}
	k.devices.Put(encoded, key)
	return key, nil
}
