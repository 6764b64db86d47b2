// Package player plays a client device, for tests of a License Tracking Server and for simulations:
// it gets authorizations and reports usage over HTTP, and checks every proof that the server has to
// give.
package player

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/openlts/openlts/core/protocol"
)

// Device is a client device.
type Device struct {
	UUID    string
	Key     *ecdh.PrivateKey
	BaseURL string
	// Client sends the requests; nil: http.DefaultClient.
	Client *http.Client
	// Now is the device's clock; nil: the machine's.
	Now func() time.Time
	// Random is where ids and nonces come from; nil: the system.
	Random io.Reader

	// After Authorize:
	ReportKey   []byte
	ReportKeyID string
}

// NewDevice makes a device which talks to the server at a base URL.
func NewDevice(baseURL string) *Device {
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // nothing works without random numbers
	}
	return &Device{UUID: uuid.NewString(), Key: key, BaseURL: baseURL}
}

// NewRandomDevice makes a device all of whose numbers come from a source: the same source makes the
// same device.
func NewRandomDevice(baseURL string, random io.Reader) (*Device, error) {
	d := &Device{BaseURL: baseURL, Random: random}
	secret := make([]byte, 32)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, err
	}
	var err error
	if d.Key, err = ecdh.X25519().NewPrivateKey(secret); err != nil {
		return nil, err
	}
	d.UUID = d.NewUUID()
	return d, nil
}

// NewUUID makes a random UUID, such as a run's.
func (d *Device) NewUUID() string {
	if d.Random == nil {
		return uuid.NewString()
	}
	return uuid.Must(uuid.NewRandomFromReader(d.Random)).String()
}

// now is the device's time, in seconds since 1970.
func (d *Device) now() int64 {
	if d.Now == nil {
		return time.Now().Unix()
	}
	return d.Now().Unix()
}

// Request is a well-formed request for a handshake code.
func (d *Device) Request(code string) protocol.AuthorizationRequest {
	nonce, random := make([]byte, 16), d.Random
	if random == nil {
		random = rand.Reader
	}
	_, _ = io.ReadFull(random, nonce) // the system's never fails
	return protocol.AuthorizationRequest{
		Protocol: protocol.Version, Nonce: protocol.Encoding.EncodeToString(nonce), ClientTime: d.now(),
		Device: protocol.Device{
			UUID: d.UUID, PublicKey: protocol.Encoding.EncodeToString(d.Key.PublicKey().Bytes()),
			UUIDSource: "random", Platform: "linux/amd64", Library: "player",
		},
		HandshakeCode: code, Products: protocol.ProductAll, DeploymentType: protocol.DeploymentTypeDesktop,
		MaxBufferDays: 7, InstanceCount: 1,
	}
}

// Authorize sends a request. A refusal is a *Problem, and proven if it is a decision;
// another error means that the server did not answer, or not as the protocol says.
func (d *Device) Authorize(request protocol.AuthorizationRequest) (*protocol.Authorization, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	answer, _, err := d.Post(protocol.PathAuthorizations, body, nil)
	if err != nil {
		return nil, errors.Join(err, proven(err, &request, body))
	}
	var response protocol.AuthorizationResponse
	if err := json.Unmarshal(answer, &response); err != nil {
		return nil, err
	}
	public, err := protocol.Encoding.DecodeString(response.PublicKey)
	if err != nil {
		return nil, err
	}
	granted, err := protocol.VerifyAuthorization(response.Authorization, ed25519.PublicKey(public))
	if err != nil {
		return nil, err
	}
	if granted.Request != protocol.Digest(body) || granted.Nonce != request.Nonce ||
		granted.Device != request.Device.UUID || granted.DeviceKey != request.Device.PublicKey {
		return nil, fmt.Errorf("the authorization is not the answer to the request: %+v", granted)
	}
	raw, err := protocol.Encoding.DecodeString(granted.ReportKey.ServerPublicKey)
	if err != nil {
		return nil, err
	}
	server, err := ecdh.X25519().NewPublicKey(raw)
	if err != nil {
		return nil, err
	}
	if d.ReportKey, d.ReportKeyID, err = protocol.DeriveReportKey(d.Key, d.Key.PublicKey(), server); err != nil {
		return nil, err
	}
	if d.ReportKeyID != granted.ReportKey.ID {
		return nil, fmt.Errorf("the report key's id is %s, not %s", d.ReportKeyID, granted.ReportKey.ID)
	}
	return granted, nil
}

// proven checks that a refusal is signed for this request, and that other errors are not signed.
func proven(err error, request *protocol.AuthorizationRequest, body []byte) error {
	var problem *Problem
	if !errors.As(err, &problem) {
		return nil
	}
	if !problem.Code.Decision() {
		if problem.Refusal != "" || problem.PublicKey != "" {
			return fmt.Errorf("the server signed an answer with code %d, which is not a decision", int(problem.Code))
		}
		return nil
	}
	public, err := protocol.Encoding.DecodeString(problem.PublicKey)
	if err != nil {
		return err
	}
	refusal, err := protocol.VerifyRefusal(problem.Refusal, public)
	if err != nil {
		return err
	}
	want := protocol.Refusal{
		Protocol: protocol.Version, Device: request.Device.UUID, DeviceKey: request.Device.PublicKey,
		Nonce: request.Nonce, Request: protocol.Digest(body), Code: problem.Code, Detail: problem.Detail,
		Reason: problem.Reason, IssuedAt: refusal.IssuedAt,
	}
	if *refusal != want || refusal.IssuedAt == 0 {
		return fmt.Errorf("the refusal is %+v, want %+v", *refusal, want)
	}
	return nil
}

// Batch is a well-formed batch.
func (d *Device) Batch(groups ...protocol.ReportGroup) protocol.ReportBatch {
	return protocol.ReportBatch{
		Protocol: protocol.Version, Batch: d.NewUUID(), Device: d.UUID, SentAt: d.now(), Groups: groups,
	}
}

// Report submits a batch and checks the receipt.
func (d *Device) Report(batch protocol.ReportBatch) (*protocol.Receipt, error) {
	body, err := json.Marshal(batch)
	if err != nil {
		return nil, err
	}
	answer, header, err := d.Post(protocol.PathReports, body, d.Proof(body))
	if err != nil {
		return nil, err
	}
	if !protocol.EqualMAC(header.Get(protocol.HeaderMAC), protocol.ReceiptMAC(d.ReportKey, body, answer)) {
		return nil, protocol.ErrSignature
	}
	var receipt protocol.Receipt
	if err := json.Unmarshal(answer, &receipt); err != nil {
		return nil, err
	}
	if receipt.Batch != batch.Batch || receipt.Digest != protocol.Digest(body) {
		return nil, fmt.Errorf("the receipt is for another batch: %+v", receipt)
	}
	return &receipt, nil
}

// Proof are the headers that authenticate the body of a batch.
func (d *Device) Proof(body []byte) http.Header {
	header := http.Header{}
	header.Set(protocol.HeaderKey, d.ReportKeyID)
	header.Set(protocol.HeaderMAC, protocol.ReportMAC(d.ReportKey, body))
	return header
}

// Problem is the error of an error answer.
type Problem struct{ protocol.Problem }

func (p *Problem) Error() string { return fmt.Sprintf("%d %s", p.Code, p.Detail) }

// Post sends a body. An answer with an error status is a *Problem.
func (d *Device) Post(path string, body []byte, header http.Header) ([]byte, http.Header, error) {
	request, err := http.NewRequest(http.MethodPost, d.BaseURL+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	for name, values := range header {
		request.Header[name] = values
	}
	request.Header.Set("Content-Type", protocol.ContentTypeJSON)
	client := d.Client
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, nil, err
	}
	if response.StatusCode == http.StatusOK {
		return answer, response.Header, nil
	}
	problem := &Problem{}
	if err := json.Unmarshal(answer, &problem.Problem); err != nil {
		return nil, nil, fmt.Errorf("status %d with %q: %w", response.StatusCode, answer, err)
	}
	if problem.Status != response.StatusCode || response.Header.Get("Content-Type") != protocol.ContentTypeProblem {
		return nil, nil, fmt.Errorf("status %d, %s, with problem %+v", response.StatusCode,
			response.Header.Get("Content-Type"), problem.Problem)
	}
	return nil, nil, problem
}
