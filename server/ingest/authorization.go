package ingest

import (
	"errors"
	"fmt"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/policy"
	"github.com/openlts/openlts/server/store"
)

// Kinds of anomalies which the server notes about authorizations.
const (
	AnomalyDeviceKeyChanged = "device-key-changed" // the device came with another public key
	AnomalyClockSkew        = "clock-skew"         // the client's clock is far from the server's
)

// maxClockSkew is how far a client's clock may be off before it is noted.
const maxClockSkew = 10 * time.Minute

// Authorize decides on a request and stores the decision: the device, its key
// and its seat, or the denial. The error is the refusal, with a status from
// -20101 to -20199, or that of the database. The request must be well formed.
func (w *Writer) Authorize(request *protocol.AuthorizationRequest, key store.DeviceKey) (*protocol.Authorization, error) {
	var granted *protocol.Authorization
	var refusal error
	err := w.do(1, func(tx store.Tx) (err error) {
		a := authorization{Tx: tx, request: request, key: key, now: w.now()}
		granted, refusal, err = a.decide()
		return err
	})
	if err != nil {
		return nil, err
	}
	return granted, refusal
}

// authorization is the state of one decision.
type authorization struct {
	store.Tx
	request *protocol.AuthorizationRequest
	key     store.DeviceKey
	now     time.Time
}

// decide gives what is granted or why it is refused. err is a failure of ours.
func (a *authorization) decide() (granted *protocol.Authorization, refusal, err error) {
	code, candidate, refusal, err := a.choose()
	switch {
	case err != nil:
		return nil, nil, err
	case refusal != nil:
		return nil, refusal, a.AddDenial(store.Denial{
			At: a.now.Unix(), Status: protocol.StatusOf(refusal), Device: a.request.Device.UUID,
			HandshakeCode: a.request.HandshakeCode, Organization: a.request.OrganizationID, Reason: refusal.Error(),
		})
	}
	granted, err = a.grant(code, candidate)
	return granted, nil, err
}

// choose finds the handshake code and the item.
func (a *authorization) choose() (code store.HandshakeCode, chosen *policy.Candidate, refusal, err error) {
	code, refusal, err = a.handshakeCode()
	if refusal != nil || err != nil {
		return code, nil, refusal, err
	}
	if refusal = policy.CheckHandshake(code, a.request); refusal != nil {
		return code, nil, refusal, nil
	}
	items, err := a.ItemsOf(code.Key)
	if err != nil {
		return code, nil, nil, err
	}
	device, err := a.FindDevice(a.request.Device.UUID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return code, nil, nil, err
	}
	candidates := make([]policy.Candidate, len(items))
	for i, item := range items {
		candidates[i].CodeItem = item
		if candidates[i].Usage, err = usage(a.Tx, item.Item, device, a.now); err != nil {
			return code, nil, nil, err
		}
	}
	chosen, refusal = policy.Select(candidates, a.request, a.now)
	return code, chosen, refusal, nil
}

// handshakeCode finds the code a request means (facts 1.3).
func (a *authorization) handshakeCode() (code store.HandshakeCode, refusal, err error) {
	name := a.request.HandshakeCode
	if name == "" {
		if a.request.OrganizationID == "" {
			return code, protocol.StatusNoHandshakeOrOrganization, nil
		}
		organization, err := a.Organization(a.request.OrganizationID)
		if errors.Is(err, store.ErrNotFound) || err == nil && organization.DefaultCode == "" {
			return code, protocol.StatusOrganizationNotFound, nil
		}
		if err != nil {
			return code, nil, err
		}
		name = organization.DefaultCode
	}
	code, err = a.HandshakeCode(name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return code, protocol.StatusHandshakeCodeNotFound, nil
	case err != nil:
		return code, nil, err
	case a.request.OrganizationID != "" && a.request.OrganizationID != code.Organization:
		return code, protocol.StatusHandshakeOrganizationMismatch, nil
	}
	return code, nil, nil
}

// grant stores that the device uses the item and says what is granted.
func (a *authorization) grant(code store.HandshakeCode, chosen *policy.Candidate) (*protocol.Authorization, error) {
	request, item, now := a.request, chosen.Item, a.now.Unix()
	device, err := a.PutDevice(store.Device{
		UUID: request.Device.UUID, UUIDSource: request.Device.UUIDSource, FriendlyName: request.Device.FriendlyName,
		Platform: request.Device.Platform, Library: request.Device.Library, FirstSeenAt: now, LastSeenAt: now,
	})
	if err != nil {
		return nil, err
	}
	otherKey, err := a.PutDeviceKey(device, a.key, now)
	if err != nil {
		return nil, err
	}
	if err := a.noteAnomalies(device, otherKey); err != nil {
		return nil, err
	}
	used := chosen.Used
	if policy.Seats(item) {
		if err := a.PutSeat(item.Key, device, store.Seat{ExpiresAt: policy.SeatUntil(item, a.now)}, !chosen.Seated); err != nil {
			return nil, err
		}
		if !chosen.Seated {
			used++
		}
	}
	return &protocol.Authorization{
		Protocol: protocol.Version, Device: request.Device.UUID, DeviceKey: request.Device.PublicKey, Nonce: request.Nonce,
		HandshakeCode: code.Code, OrganizationID: code.Organization,
		Item: protocol.Item{
			ID: item.ID, Name: item.Name, Products: item.Products, Version: item.Version, Edition: item.Edition,
			DeploymentType: item.DeploymentType, ChargeWay: item.ChargeWay, Modules: item.Modules,
			StartsAt: item.StartsAt, ExpiresAt: item.ExpiresAt,
		},
		Quota: policy.Quota(item, used), Trial: item.Trial,
		IssuedAt: now, ValidUntil: policy.ValidUntil(item),
		BufferUntil: policy.BufferUntil(item, request.MaxBufferDays, a.now),
	}, nil
}

// noteAnomalies notes what is strange about the device. Nothing is refused
// because of it: there are honest reasons for each.
func (a *authorization) noteAnomalies(device store.ID, otherKey bool) error {
	now := a.now.Unix()
	if otherKey {
		if err := a.NoteAnomaly(device, AnomalyDeviceKeyChanged, "key "+a.key.KeyID, now); err != nil {
			return err
		}
	}
	if skew := time.Duration(a.request.ClientTime-now) * time.Second; skew.Abs() > maxClockSkew {
		if err := a.NoteAnomaly(device, AnomalyClockSkew, fmt.Sprintf("the client's clock is off by %s", skew), now); err != nil {
			return err
		}
	}
	for _, kind := range a.request.Anomalies {
		if err := a.NoteAnomaly(device, kind, "noticed by the client", now); err != nil {
			return err
		}
	}
	return nil
}

// usage is how much of an item is used, as its charge way counts it. device is 0
// if it is not known yet.
func usage(tx store.Tx, item store.Item, device store.ID, now time.Time) (policy.Usage, error) {
	if !policy.Seats(item) {
		used, err := tx.Used(item.Key)
		return policy.Usage{Used: used}, err
	}
	seats, err := tx.Seats(item.Key, now.Unix())
	if err != nil || device == 0 {
		return policy.Usage{Used: seats}, err
	}
	seat, err := tx.Seat(item.Key, device)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return policy.Usage{}, err
	}
	return policy.Usage{Used: seats, Seated: seat.ExpiresAt > now.Unix()}, nil
}
