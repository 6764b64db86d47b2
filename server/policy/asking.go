package policy

import (
	"fmt"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// Kinds of anomalies which the server notes about authorizations.
const (
	AnomalyDeviceKeyChanged = "device-key-changed" // the device came with another public key
	AnomalyClockSkew        = "clock-skew"         // the client's clock is far from the server's
)

// maxClockSkew is how far a client's clock may be off before it is noted.
const maxClockSkew = 10 * time.Minute

// Asking is a device that asks for an authorization. The request is well formed.
type Asking struct {
	Request *protocol.AuthorizationRequest
	Key     store.DeviceKey
}

// Require names the code, or the organization whose default code is meant.
func (a *Asking) Require(keys *store.Keys) {
	keys.Askers = append(keys.Askers, store.Asker{Device: a.Request.Device.UUID, KeyID: a.Key.KeyID})
	if a.Request.HandshakeCode != "" {
		keys.Codes = append(keys.Codes, a.Request.HandshakeCode)
	} else if a.Request.OrganizationID != "" {
		keys.Organizations = append(keys.Organizations, a.Request.OrganizationID)
	}
}

// Weight is that of some reports: an authorization writes rows of several tables.
func (a *Asking) Weight() int { return 4 }

// Sender is the UUID of the device.
func (a *Asking) Sender() string { return a.Request.Device.UUID }

// apply grants an item, with the device, its key and its seat, or refuses, with a
// denial.
func (a *Asking) apply(d *decision) Answer {
	code, refusal := a.handshakeCode(d)
	if refusal == nil {
		refusal = CheckHandshake(code, a.Request)
	}
	var chosen *Candidate
	if refusal == nil {
		chosen, refusal = a.choose(d, code)
	}
	if refusal != nil {
		d.change.Denials = append(d.change.Denials, store.Denial{
			At: d.now.Unix(), Status: protocol.StatusOf(refusal), Device: a.Request.Device.UUID,
			HandshakeCode: a.Request.HandshakeCode, Organization: a.Request.OrganizationID, Reason: refusal.Error(),
			Count: 1, FirstAt: d.now.Unix(),
		})
		return Answer{Refusal: refusal}
	}
	return Answer{Authorization: a.grant(d, code, chosen)}
}

// handshakeCode finds the code a request means (facts 1.3).
func (a *Asking) handshakeCode(d *decision) (code store.HandshakeCode, refusal error) {
	name := a.Request.HandshakeCode
	if name == "" {
		if a.Request.OrganizationID == "" {
			return code, protocol.StatusNoHandshakeOrOrganization
		}
		name = d.Organizations[a.Request.OrganizationID].DefaultCode
		if name == "" {
			return code, protocol.StatusOrganizationNotFound
		}
	}
	code, known := d.Codes[name]
	switch {
	case !known:
		return code, protocol.StatusHandshakeCodeNotFound
	case a.Request.OrganizationID != "" && a.Request.OrganizationID != code.Organization:
		return code, protocol.StatusHandshakeOrganizationMismatch
	}
	return code, nil
}

func (a *Asking) choose(d *decision, code store.HandshakeCode) (*Candidate, error) {
	items := d.CodeItems[code.Key]
	candidates := make([]Candidate, len(items))
	for i, item := range items {
		candidates[i] = Candidate{item, d.usage(item.Item, d.Devices[a.Request.Device.UUID])}
	}
	return Select(candidates, a.Request, d.now)
}

// grant notes that the device uses the item and says what is granted.
func (a *Asking) grant(d *decision, code store.HandshakeCode, chosen *Candidate) *protocol.Authorization {
	request, item, now := a.Request, chosen.Item, d.now.Unix()
	device := d.device(request.Device.UUID)
	d.change.Devices = append(d.change.Devices, store.Device{
		UUID: request.Device.UUID, UUIDSource: request.Device.UUIDSource, FriendlyName: request.Device.FriendlyName,
		Platform: request.Device.Platform, Library: request.Device.Library, FirstSeenAt: now, LastSeenAt: now,
	})
	reporter, known := device.Reporters[a.Key.KeyID]
	if !known {
		reporter = device.NextReporter
		device.NextReporter++
		device.Reporters[a.Key.KeyID] = reporter
		d.change.Keys = append(d.change.Keys, store.DeviceKeyOf{Device: request.Device.UUID, DeviceKey: a.Key, Reporter: reporter, CreatedAt: now})
	}
	if grant := (store.Grant{Device: request.Device.UUID, Reporter: device.RunsOf(reporter), Code: code.Key, Item: item.Key}); !d.Grants[grant] {
		d.Grants[grant], d.change.Grants[grant] = true, now
	}
	a.noteAnomalies(d, reporter)
	if Seats(item) {
		d.seat(item, request.Device.UUID, device)
	}
	return &protocol.Authorization{
		Protocol: protocol.Version, Device: request.Device.UUID, DeviceKey: request.Device.PublicKey, Nonce: request.Nonce,
		HandshakeCode: code.Code, OrganizationID: code.Organization,
		Item: protocol.Item{
			ID: item.ID, Name: item.Name, Products: item.Products, Version: item.Version, Edition: item.Edition,
			DeploymentType: item.DeploymentType, ChargeWay: item.ChargeWay, Modules: item.Modules,
			StartsAt: item.StartsAt, ExpiresAt: item.ExpiresAt,
		},
		Quota: Quota(item, d.usage(item, device).Used), Trial: item.Trial,
		IssuedAt: now, ValidUntil: ValidUntil(item),
		BufferUntil: BufferUntil(item, request.MaxBufferDays, d.now),
	}
}

// noteAnomalies notes what is strange about the device. Nothing is refused
// because of it: there are honest reasons for each.
func (a *Asking) noteAnomalies(d *decision, reporter int64) {
	uuid := a.Request.Device.UUID
	if d.Devices[uuid].RunsOf(reporter) != 0 {
		d.note(uuid, AnomalyDeviceKeyChanged, "key "+a.Key.KeyID)
	}
	if skew := time.Duration(a.Request.ClientTime-d.now.Unix()) * time.Second; skew.Abs() > maxClockSkew {
		d.note(uuid, AnomalyClockSkew, fmt.Sprintf("the client's clock is off by %s", skew))
	}
	for _, kind := range a.Request.Anomalies {
		d.note(uuid, kind, "noticed by the client")
	}
}
