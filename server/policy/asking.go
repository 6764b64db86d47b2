package policy

import (
	"fmt"
	"slices"
	"time"

	"github.com/openlts/openlts/core/protocol"
	"github.com/openlts/openlts/server/store"
)

// Kinds of anomalies which the server notes about authorizations.
const (
	AnomalyDeviceKeyChanged = "device-key-changed" // the device came with another public key
	AnomalyClockSkew        = "clock-skew"         // the client's clock is far from the server's
	AnomalyOther            = "other"              // a kind that this server does not know
)

// clientAnomalies are the kinds that clients notice themselves.
var clientAnomalies = []string{"clock-turned-back", "ledger-replaced"}

// maxClockSkew is how far a client's clock may be off before that is noted.
const maxClockSkew = 10 * time.Minute

// Asking is a request of a device for an authorization. The request is well formed.
type Asking struct {
	Request *protocol.AuthorizationRequest
	Key     store.DeviceKey
	Address string // its network address, for trials by address; "": unknown
	Proof   Proof  // of the session password
	// KnownOnly means that a new device gets nothing.
	KnownOnly bool
}

// Require adds the code, or the organization whose default code is meant.
func (a *Asking) Require(keys *store.Keys) {
	keys.Reopens = reopens
	keys.Askers = append(keys.Askers, store.Asker{
		Device: a.Request.Device.UUID, KeyID: a.Key.KeyID, Address: a.Address, Code: a.Request.HandshakeCode,
		Organization: a.Request.OrganizationID,
	})
	if domain := domainOf(a.Request.ValidationField); domain != "" {
		keys.Domains = append(keys.Domains, domain)
	}
	if a.Request.HandshakeCode != "" {
		keys.Codes = append(keys.Codes, a.Request.HandshakeCode)
	} else { // or store.PublicTrial
		keys.Organizations = append(keys.Organizations, a.Request.OrganizationID)
	}
}

// Weight is that of several reports, because an authorization writes to several tables.
func (a *Asking) Weight() int { return 4 }

// Sender is the UUID of the device.
func (a *Asking) Sender() string { return a.Request.Device.UUID }

// apply grants an item, with the device, its key and its seat, or refuses, with a
// denial.
func (a *Asking) apply(d *decision) Answer {
	code, refusal := a.handshakeCode(d)
	if refusal == nil {
		var untried []string
		if untried, refusal = CheckHandshake(code, a.Request, a.Proof, d.now); untried != nil {
			return Answer{Untried: untried}
		}
	}
	if device := d.Devices[a.Request.Device.UUID]; refusal == nil && device != nil && device.BlockedAt != 0 {
		refusal = protocol.Errorf(protocol.StatusNoItemMatched,
			"No item matched: this device was blocked by an administrator.").Because(protocol.ReasonBlocked)
	}
	var chosen *Candidate
	if refusal == nil {
		chosen, refusal = a.choose(d, code)
	}
	if refusal != nil {
		a.deny(d, code, chosen, refusal)
		return Answer{Refusal: refusal}
	}
	device := d.Devices[a.Request.Device.UUID]
	isNew := device == nil || device.NextReporter == 0
	if isNew && a.KnownOnly {
		return Answer{New: true}
	}
	return Answer{Authorization: a.grant(d, code, chosen), New: isNew}
}

// name is the name of the device, if it may be stored.
func (a *Asking) name(d *decision) string {
	if device := d.Devices[a.Request.Device.UUID]; device != nil && device.ErasedAt != 0 {
		return ""
	}
	return a.Request.Device.FriendlyName
}

// deny notes a refusal, with the code, the organization and the item as far as they are known.
func (a *Asking) deny(d *decision, code store.HandshakeCode, closest *Candidate, refusal error) {
	request := a.Request
	denial := store.Denial{
		At: d.now.Unix(), Status: protocol.StatusOf(refusal), Device: request.Device.UUID, DeviceName: a.name(d),
		HandshakeCode: request.HandshakeCode, Organization: request.OrganizationID,
		Cause: string(protocol.ReasonOf(refusal)), Reason: refusal.Error(), Count: 1, FirstAt: d.now.Unix(),
	}
	if code.Code != "" {
		denial.HandshakeCode, denial.Organization = code.Code, code.Organization
	}
	if closest != nil {
		denial.Item, denial.Limit, denial.Used = closest.ID, closest.Quota, closest.Used
		if protocol.ReasonOf(refusal) == protocol.ReasonRequests {
			denial.Limit, denial.Used = closest.RequestLimit, closest.Granted
		}
	}
	d.change.Denials = append(d.change.Denials, denial)
	if protocol.ReasonOf(refusal) == protocol.ReasonAnotherKey {
		a.reporter(d) // so that an administrator can confirm it
	}
}

// handshakeCode finds the code that a request means (docs/compatibility.md, "Terms").
func (a *Asking) handshakeCode(d *decision) (code store.HandshakeCode, refusal error) {
	name := a.Request.HandshakeCode
	if name == "" {
		organization, known := d.Organizations[a.Request.OrganizationID]
		if a.public() && (!known || a.usedBefore(d, organization.DefaultCode)) {
			return code, protocol.StatusNoHandshakeOrOrganization
		}
		if !known {
			return code, because(protocol.StatusOrganizationNotFound, protocol.ReasonUnknownOrganization)
		}
		if name = organization.DefaultCode; name == "" {
			return code, because(protocol.StatusOrganizationNotFound, protocol.ReasonNoDefaultCode)
		}
	}
	code, known := d.Codes[name]
	switch {
	case !known:
		return code, protocol.StatusHandshakeCodeNotFound
	case a.Request.OrganizationID != "" && a.Request.OrganizationID != code.Organization:
		return store.HandshakeCode{}, protocol.StatusHandshakeOrganizationMismatch
	}
	return code, nil
}

// public tells whether the request names neither a code nor an organization, so that it is for the
// public trial.
func (a *Asking) public() bool {
	return a.Request.HandshakeCode == "" && a.Request.OrganizationID == ""
}

// usedBefore tells whether a device was authorized before for something else than the public trial,
// which is for new devices only (docs/compatibility.md, "Public trial").
func (a *Asking) usedBefore(d *decision, trial string) bool {
	device := d.Devices[a.Request.Device.UUID]
	if device == nil || device.NextReporter == 0 {
		return false
	}
	key := d.Codes[trial].Key
	for grant := range d.Grants {
		if grant.Device == a.Request.Device.UUID && grant.Code == key {
			return false
		}
	}
	return true
}

func (a *Asking) choose(d *decision, code store.HandshakeCode) (*Candidate, error) {
	items := d.CodeItems[code.Key]
	if a.public() { // only trials are public
		items = slices.DeleteFunc(slices.Clone(items), func(item store.CodeItem) bool {
			return item.TrialBy == store.TrialByNobody
		})
	}
	clone := a.clone(d)
	candidates := make([]Candidate, len(items))
	for i, item := range items {
		candidates[i] = Candidate{
			CodeItem: item, Usage: a.usage(d, &item.Item),
			Granted: d.Uses[item.Key].Requests, BaseMissing: baseMissing(item.Item, items, d.now), Clone: clone,
		}
		candidates[i].TrialUntil, candidates[i].TrialOf = a.trialUntil(d, item.Item)
	}
	return Select(candidates, a.Request, d.now)
}

// trials are the trials of this device and its address on an item; none if the item is not a trial.
func (a *Asking) trials(item store.Item) (trials []store.Trial) {
	for _, subject := range store.TrialSubjects(item.TrialBy, a.Request.Device.UUID, a.Address) {
		trials = append(trials, store.Trial{Item: item.Key, Subject: subject})
	}
	return trials
}

// trialUntil is when the earliest trial on an item ends, or would end if it began now, and whose
// trial that is; 0: the item is not a trial.
func (a *Asking) trialUntil(d *decision, item store.Item) (until int64, whose store.TrialBy) {
	for _, by := range []store.TrialBy{store.TrialByDevice, store.TrialByAddress} {
		if item.TrialBy != by && item.TrialBy != store.TrialByBoth {
			continue
		}
		of := item
		of.TrialBy = by
		for _, trial := range a.trials(of) {
			startedAt, begun := d.Trials[trial]
			if !begun {
				startedAt = d.now.Unix()
			}
			if ends := TrialUntil(item, startedAt); until == 0 || ends < until {
				until, whose = ends, by
			}
		}
	}
	return until, whose
}

// baseMissing tells whether an add-on lacks its base among the items of a code.
func baseMissing(item store.Item, items []store.CodeItem, now time.Time) bool {
	if len(item.Requires) == 0 {
		return false
	}
	return !slices.ContainsFunc(items, func(base store.CodeItem) bool {
		return base.ID != item.ID && slices.Contains(item.Requires, base.ID) && InForce(base.Item, now)
	})
}

// clone says why the device looks like a copy.
func (a *Asking) clone(d *decision) protocol.Reason {
	device := d.Devices[a.Request.Device.UUID]
	switch {
	case device == nil || device.NextReporter == 0: // nobody has this UUID yet
		return ""
	case a.Request.Device.UUIDSource == uuidWeak:
		return ""
	case device.ClonedAt != 0:
		return protocol.ReasonUsageCopied
	}
	if reporter, known := device.Reporters[a.Key.KeyID]; !known || device.RunsOf(reporter) != 0 {
		return protocol.ReasonAnotherKey
	}
	return ""
}

// reporter is the number of the key with which the device asks; a new key is noted.
func (a *Asking) reporter(d *decision) int64 {
	device := d.device(a.Request.Device.UUID)
	reporter, known := device.Reporters[a.Key.KeyID]
	if !known {
		reporter = device.NextReporter
		device.NextReporter++
		device.Reporters[a.Key.KeyID] = reporter
		d.change.Keys = append(d.change.Keys, store.DeviceKeyOf{
			Device: a.Request.Device.UUID, DeviceKey: a.Key, Reporter: reporter, CreatedAt: d.now.Unix(),
		})
	}
	return reporter
}

// usage is how much of an item is used, in all and by this device.
func (a *Asking) usage(d *decision, item *store.Item) Usage {
	w, usage := wayOf(item), d.usage(item)
	switch {
	case w.domains:
		if d.Domains[store.DomainKey{Item: item.Key, Domain: domainOf(a.Request.ValidationField)}] {
			usage.Held = 1
		}
	case w.stay != nil:
		if device := d.Devices[a.Request.Device.UUID]; device != nil {
			usage.Held, _ = held(device.Seats[item.Key], d.now.Unix())
		}
		usage.Wanted = w.wanted(a.Request)
	}
	return usage
}

// wanted is how much of a quota a request asks for.
func (w *way) wanted(request *protocol.AuthorizationRequest) int64 {
	if !w.instances {
		return 1
	}
	return max(1, int64(request.InstanceCount))
}

// take notes how much of the item's quota this device uses.
func (a *Asking) take(d *decision, item *store.Item, device *store.DeviceState) {
	w, now := wayOf(item), d.now.Unix()
	switch {
	case w.domains:
		key := store.DomainKey{Item: item.Key, Domain: domainOf(a.Request.ValidationField)}
		if !d.Domains[key] {
			d.Domains[key], d.change.Domains[key] = true, now
			d.changeSum(item, []piece{{now, forever, 1}})
		}
	case w.stay != nil:
		v := visit{
			at: now, slotSeconds: int64(a.Request.SlotSeconds), brief: a.Request.Device.UUIDSource == uuidInMemory,
		}
		d.seat(item, a.Request.Device.UUID, device, v, w.wanted(a.Request))
	}
}

// uuidInMemory is the source of a UUID that the device could not store: it ends with the process.
const uuidInMemory = "memory"

// uuidWeak is the source of a UUID, and a key, that can be guessed: what such a device seems to
// have done proves nothing.
const uuidWeak = "weak"

// reopens tells whether late reports take seats of an item in slots that are over.
func reopens(item *store.Item) bool {
	w := wayOf(item)
	return w.stay != nil && w.stay.reopens()
}

// grant notes that the device uses the item, and returns the authorization.
func (a *Asking) grant(d *decision, code store.HandshakeCode, chosen *Candidate) *protocol.Authorization {
	request, item, now := a.Request, chosen.Item, d.now.Unix()
	device := d.device(request.Device.UUID)
	d.change.Devices = append(d.change.Devices, store.Device{
		UUID: request.Device.UUID, UUIDSource: request.Device.UUIDSource, FriendlyName: a.name(d),
		Platform: request.Device.Platform, Library: request.Device.Library, FirstSeenAt: now, LastSeenAt: now,
	})
	reporter := a.reporter(d)
	if grant := (store.Grant{Device: request.Device.UUID, Reporter: device.RunsOf(reporter), Code: code.Key,
		Item: item.Key}); !d.Grants[grant] {
		d.Grants[grant], d.change.Grants[grant] = true, now
	}
	a.noteAnomalies(d, reporter)
	a.take(d, &item, device)
	for _, trial := range a.trials(item) {
		if d.Trials[trial] == 0 {
			d.Trials[trial], d.change.Trials[trial] = now, now
		}
	}
	if item.RequestLimit > 0 {
		d.Uses[item.Key].Requests++
		d.change.Requests[item.Key]++
	}
	return &protocol.Authorization{
		Protocol: protocol.Version, Device: request.Device.UUID, DeviceKey: request.Device.PublicKey,
		Nonce: request.Nonce, HandshakeCode: code.Code, OrganizationID: code.Organization,
		Item: protocol.Item{
			ID: item.ID, Name: item.Name, Products: item.Products, Version: item.Version, Edition: item.Edition,
			DeploymentType: item.DeploymentType, ChargeWay: item.ChargeWay, Modules: item.Modules,
			StartsAt: item.StartsAt, ExpiresAt: item.ExpiresAt,
		},
		Quota: Quota(item, d.usage(&item)), Trial: item.Trial,
		IssuedAt: now, ValidUntil: chosen.notAfterTrial(ValidUntil(item)),
		BufferUntil: notAfter(code, chosen.notAfterTrial(BufferUntil(item, request.MaxBufferDays, d.now))),
	}
}

// noteAnomalies notes what is strange about the device. It refuses nothing, because honest devices
// may have each anomaly.
func (a *Asking) noteAnomalies(d *decision, reporter int64) {
	uuid := a.Request.Device.UUID
	if d.Devices[uuid].RunsOf(reporter) != 0 {
		d.note(uuid, AnomalyDeviceKeyChanged, "key "+a.Key.KeyID)
	}
	if skew := time.Duration(a.Request.ClientTime-d.now.Unix()) * time.Second; skew.Abs() > maxClockSkew {
		d.note(uuid, AnomalyClockSkew, fmt.Sprintf("the client's clock is off by %s", skew))
	}
	for _, kind := range a.Request.Anomalies {
		if slices.Contains(clientAnomalies, kind) {
			d.note(uuid, kind, "noticed by the client")
		} else { // clients can invent kinds
			d.note(uuid, AnomalyOther, kind+", noticed by the client")
		}
	}
}
